"""The hook for event loops: thirteen methods, one line per method. ``api`` defines what they send and return."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.connection import form
from airflow_provider_truepush.api.protocol import calls, endpoints, wanted
from airflow_provider_truepush.hooks import lists
from airflow_provider_truepush.hooks.async_connection import look_up
from airflow_provider_truepush.hooks.connection_type import ConnectionType, answered

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from airflow_provider_truepush.api.connection.settings import Settings
    from airflow_provider_truepush.api.models.refs import Ref
    from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint
    from airflow_provider_truepush.api.protocol.newest import Newest
    from airflow_provider_truepush.api.protocol.wanted import Wanted
    from airflow_provider_truepush.client.aio import AsyncClient
    from airflow_provider_truepush.models import (
        Campaign,
        CampaignRef,
        CampaignStats,
        SegmentRef,
        Template,
        TemplateRef,
        Trigger,
        TriggerRef,
    )

T = TypeVar("T")
R = TypeVar("R", bound="Ref")


class TruepushAsyncHook(ConnectionType):
    """Call Truepush's API from an event loop. The methods are those of :class:`TruepushHook`, awaited.

    All hooks of a connection in a loop share one session, which closes soon after its last use. Inside
    ``async with`` it is kept open.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    def __init__(self, truepush_conn_id: str = form.DEFAULT_CONNECTION) -> None:
        super().__init__()
        self.truepush_conn_id = truepush_conn_id
        self._settings: Settings | None = None
        self._was_looked_up = False
        self._leases: list[Any] = []

    async def get_settings(self) -> Settings:
        """Return the connection's settings, looked up at first use without blocking the loop."""
        if self._settings is None:
            self._was_looked_up = True
            self._settings = await look_up(self.truepush_conn_id, self)
        return self._settings

    async def _look_up_once(self) -> None:
        """As :meth:`TruepushHook._look_up_once`."""
        if not self._was_looked_up:
            await self.get_settings()

    async def __aenter__(self) -> TruepushAsyncHook:
        lease = await self._lease()
        await lease.__aenter__()
        self._leases.append(lease)
        return self

    async def __aexit__(self, *error: Any) -> None:
        # Several tasks may be inside; whose lease is given back makes no difference.
        await self._leases.pop().__aexit__(*error)

    async def _lease(self) -> AbstractAsyncContextManager[AsyncClient]:
        settings = await self.get_settings()  # which imports the client, but not in the loop
        from airflow_provider_truepush.client.shared import shared_client

        return shared_client(settings)

    async def _run(self, call: Call[T]) -> T:
        with meaning(call.endpoint.not_done):
            async with await self._lease() as client:
                return await client.execute(call)

    async def _settings_for(self, endpoint: Endpoint[Any]) -> Settings:
        with meaning(endpoint.not_done):
            return await self.get_settings()

    async def _list(
        self, endpoint: Endpoint[list[R]], since: datetime | None = None, **options: bool
    ) -> AsyncIterator[R]:
        settings = await self._settings_for(endpoint)  # which imports what the list takes, but not in the loop
        walk = lists.listing(settings, endpoint, since, **options)
        async for row in lists.iterate_async(self._run, endpoint, walk):
            yield row

    async def _find(self, endpoint: Endpoint[list[R]], wanted: Wanted, *, is_unique: bool = False) -> list[R]:
        settings = await self._settings_for(endpoint)
        walk = lists.search(settings, endpoint, wanted, is_unique=is_unique)
        return await lists.finish_async(self._run, endpoint, walk)

    async def create_campaign(self, campaign: Campaign | Mapping[str, Any]) -> str | None:
        """As :meth:`TruepushHook.create_campaign`."""
        return await self._run(calls.create_campaign(campaign, await self.get_settings(), datetime.now(UTC)))

    async def cancel_campaign(self, campaign_id: str) -> bool:
        """As :meth:`TruepushHook.cancel_campaign`."""
        return await self._run(calls.cancel_campaign(campaign_id))

    async def get_campaign_stats(self, campaign_id: str) -> CampaignStats | None:
        """As :meth:`TruepushHook.get_campaign_stats`."""
        return await self._run(calls.get_campaign_stats(campaign_id))

    def list_campaigns(
        self, since: datetime | None = None, *, is_poll: bool = False, with_older: bool = False
    ) -> AsyncIterator[CampaignRef]:
        """As :meth:`TruepushHook.list_campaigns`.

        :param is_poll: omit the requests that detect rows deleted meanwhile, because the caller lists again soon.
        :param with_older: with a moment, yield the older campaigns of the pages that were read as well.
        """
        return self._list(endpoints.LIST_CAMPAIGNS, since, is_poll=is_poll, with_older=with_older)

    async def find_campaigns(
        self, title: str | None = None, campaign_id: str | None = None, since: datetime | None = None
    ) -> list[CampaignRef]:
        """As :meth:`TruepushHook.find_campaigns`."""
        return await self._find(endpoints.LIST_CAMPAIGNS, wanted.Wanted(campaign_id, title, since))

    async def newest_campaigns(self) -> Newest[CampaignRef]:
        """As :meth:`TruepushHook.newest_campaigns`."""
        settings = await self._settings_for(endpoints.LIST_CAMPAIGNS)
        walk = lists.newest(settings, endpoints.LIST_CAMPAIGNS)
        return await lists.finish_async(self._run, endpoints.LIST_CAMPAIGNS, walk)

    async def create_template(self, template: Template | Mapping[str, Any]) -> str | None:
        """As :meth:`TruepushHook.create_template`."""
        return await self._run(calls.create_template(template))

    async def delete_template(self, template_id: str) -> bool:
        """As :meth:`TruepushHook.delete_template`."""
        return await self._run(calls.delete_template(template_id))

    def list_templates(self) -> AsyncIterator[TemplateRef]:
        """As :meth:`TruepushHook.list_templates`."""
        return self._list(endpoints.LIST_TEMPLATES)

    async def find_templates(self, name: str | None = None, template_id: str | None = None) -> list[TemplateRef]:
        """As :meth:`TruepushHook.find_templates`."""
        return await self._find(endpoints.LIST_TEMPLATES, wanted.Wanted(template_id, name))

    async def create_trigger(self, trigger: Trigger | Mapping[str, Any]) -> str | None:
        """As :meth:`TruepushHook.create_trigger`."""
        settings = await self._settings_for(endpoints.CREATE_TRIGGER)
        return await self._run(calls.create_trigger(trigger, settings, datetime.now(UTC)))

    async def delete_trigger(self, trigger_id: str) -> bool:
        """As :meth:`TruepushHook.delete_trigger`."""
        return await self._run(calls.delete_trigger(trigger_id))

    def list_triggers(self) -> AsyncIterator[TriggerRef]:
        """As :meth:`TruepushHook.list_triggers`."""
        return self._list(endpoints.LIST_TRIGGERS)

    async def find_triggers(self, name: str | None = None, trigger_id: str | None = None) -> list[TriggerRef]:
        """As :meth:`TruepushHook.find_triggers`."""
        return await self._find(endpoints.LIST_TRIGGERS, wanted.Wanted(trigger_id, name), is_unique=name is not None)

    async def set_trigger_status(self, trigger_id: str, status: str) -> bool:
        """As :meth:`TruepushHook.set_trigger_status`."""
        return await self._run(calls.set_trigger_status(trigger_id, status))

    def list_segments(self) -> AsyncIterator[SegmentRef]:
        """As :meth:`TruepushHook.list_segments`."""
        return self._list(endpoints.LIST_SEGMENTS)

    async def find_segments(self, name: str | None = None, segment_id: str | None = None) -> list[SegmentRef]:
        """As :meth:`TruepushHook.find_segments`."""
        return await self._find(endpoints.LIST_SEGMENTS, wanted.Wanted(segment_id, name))

    async def delete_segment(self, segment_id: str) -> bool:
        """As :meth:`TruepushHook.delete_segment`."""
        return await self._run(calls.delete_segment(segment_id))

    async def test_connection(self) -> tuple[bool, str]:
        """As :meth:`TruepushHook.test_connection`."""
        probe = TruepushAsyncHook(self.truepush_conn_id)
        try:
            settings = await self._settings_for(endpoints.LIST_SEGMENTS)
            probe._settings = replace(settings, max_attempts=1)
            await probe._run(endpoints.LIST_SEGMENTS.call(1))
        except Exception as error:
            from airflow_provider_truepush.client.redacted import hide

            return False, hide(str(error)) or type(error).__name__
        return True, answered(settings)
