"""The blocking hook: thirteen methods, one line per method. ``api`` defines what they send and return."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.connection import form
from airflow_provider_truepush.api.protocol import calls, endpoints, wanted
from airflow_provider_truepush.hooks import lists
from airflow_provider_truepush.hooks.connection_type import ConnectionType, answered
from airflow_provider_truepush.hooks.truepush_async import TruepushAsyncHook

if TYPE_CHECKING:
    from airflow_provider_truepush.api.connection.settings import Settings
    from airflow_provider_truepush.api.models.refs import Ref
    from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint
    from airflow_provider_truepush.api.protocol.newest import Newest
    from airflow_provider_truepush.api.protocol.wanted import Wanted
    from airflow_provider_truepush.client.sync import SyncClient
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

__all__ = ["TruepushAsyncHook", "TruepushHook"]

T = TypeVar("T")
R = TypeVar("R", bound="Ref")


class TruepushHook(ConnectionType):
    """Call Truepush's API, blocking. The hook keeps one session; use it as a context manager, or ``close()`` it.

    Every method may raise :class:`~airflow_provider_truepush.exceptions.TruepushError`. Reads, cancels, deletes
    and status changes are repeated after transient failures, within the connection's ``max_attempts`` and
    ``retry_budget``. A create is sent once.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    def __init__(self, truepush_conn_id: str = form.DEFAULT_CONNECTION) -> None:
        super().__init__()
        self.truepush_conn_id = truepush_conn_id
        self._settings: Settings | None = None
        self._was_looked_up = False
        self._client: SyncClient | None = None

    @classmethod
    def get_connection_form_widgets(cls) -> dict[str, Any]:
        """Return the extras' form fields, for Airflow before 3.2."""
        from airflow_provider_truepush.hooks.connection import form_widgets

        return form_widgets()

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """Return the standard fields' labels, for Airflow before 3.2."""
        return form.ui_field_behaviour()

    @property
    def settings(self) -> Settings:
        """Return the connection's settings, looked up at first use."""
        if self._settings is None:
            self._was_looked_up = True
            from airflow_provider_truepush.hooks.connection import look_up

            self._settings = look_up(self.truepush_conn_id, self.get_connection)
        return self._settings

    def _look_up_once(self) -> None:
        """Look the connection up, so that its secrets are hidden, unless that was tried before."""
        if not self._was_looked_up:
            _ = self.settings

    def get_conn(self) -> SyncClient:
        """Return the client, created at first use."""
        if self._client is None:
            from airflow_provider_truepush.client.sync import SyncClient
            from airflow_provider_truepush.hooks.session import open_session

            self._client = SyncClient(self.settings, open_session)
        return self._client

    def close(self) -> None:
        """Close the session. When the hook is used again, it opens another one."""
        if self._client is not None:
            self._client.close()

    def forget(self) -> None:
        """Close the session, and look the connection up again at the next use: its token may have been corrected."""
        self.close()
        self._client = self._settings = None

    def __enter__(self) -> TruepushHook:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _run(self, call: Call[T]) -> T:
        with meaning(call.endpoint.not_done):
            return self.get_conn().execute(call)

    def _settings_for(self, endpoint: Endpoint[Any]) -> Settings:
        with meaning(endpoint.not_done):
            return self.settings

    def _list(self, endpoint: Endpoint[list[R]], since: datetime | None = None) -> Iterator[R]:
        return lists.iterate(self._run, endpoint, lists.listing(self._settings_for(endpoint), endpoint, since))

    def _find(self, endpoint: Endpoint[list[R]], wanted: Wanted, *, is_unique: bool = False) -> list[R]:
        walk = lists.search(self._settings_for(endpoint), endpoint, wanted, is_unique=is_unique)
        return lists.finish(self._run, endpoint, walk)

    def create_campaign(
        self, campaign: Campaign | Mapping[str, Any], *, just_before: Callable[[], None] | None = None
    ) -> str | None:
        """Send a campaign: ``createCampaign``, sent once.

        :param campaign: a campaign, or a mapping with its field names.
        :param just_before: called right before the first byte of the request is sent; an error that it raises stops it.
        :return: the id, or None when Truepush created the campaign and returned no id.
        :raises TruepushValidationError: a value is invalid. Nothing was sent.
        :raises TruepushConnectionError: no connection could be made. Nothing was sent.
        :raises TruepushAmbiguousError: the campaign may have been sent. Look for it before you send it again.
        """
        call = calls.create_campaign(campaign, self.settings, datetime.now(UTC))
        return self.get_conn().execute(call, just_before=just_before)

    def cancel_campaign(self, campaign_id: str) -> bool:
        """Cancel a campaign: ``cancelCampaign``. Return False when it was already sent or canceled.

        When the outcome of an attempt is unknown and a repeat finds the campaign sent or canceled, return True.
        """
        return self._run(calls.cancel_campaign(campaign_id))

    def cancel_or_unknown(self, campaign_id: str) -> bool | None:
        """Cancel a campaign; return None when it is unknown whether a repeat found it canceled or sent before."""
        return self._run(calls.cancel_or_unknown(campaign_id))

    def get_campaign_stats(self, campaign_id: str) -> CampaignStats | None:
        """Return a campaign's counters: ``campaignStats``. None when it was not sent yet, or does not exist."""
        return self._run(calls.get_campaign_stats(campaign_id))

    def list_campaigns(self, since: datetime | None = None) -> Iterator[CampaignRef]:
        """List the campaigns: ``listCampaign``, one request per page, sent when the page is reached.

        :param since: leave out campaigns created before this moment, an aware datetime; None for all. The moment is
            compared with the creation time in the campaign's id, which comes from Truepush's clock.
        """
        return self._list(endpoints.LIST_CAMPAIGNS, since)

    def find_campaigns(
        self, title: str | None = None, campaign_id: str | None = None, since: datetime | None = None
    ) -> list[CampaignRef]:
        """Find campaigns. An empty result proves that none existed throughout the search.

        :param title: the exact title; None for any.
        :param campaign_id: the id; None for any.
        :param since: as in :meth:`list_campaigns`.
        """
        return self._find(endpoints.LIST_CAMPAIGNS, wanted.Wanted(campaign_id, title, since))

    def newest_campaigns(self) -> Newest[CampaignRef]:
        """Return the newest campaigns, and the id above which they are complete, in one to three requests.

        A list that is oldest first takes about 20 requests. A list in no usable order takes one request per page.
        """
        endpoint = endpoints.LIST_CAMPAIGNS
        return lists.finish(self._run, endpoint, lists.newest(self._settings_for(endpoint), endpoint))

    def create_template(self, template: Template | Mapping[str, Any]) -> str | None:
        """Create a template: ``createTemplate``, sent once. Returns and raises as :meth:`create_campaign` does."""
        return self._run(calls.create_template(template))

    def delete_template(self, template_id: str) -> bool:
        """Delete a template: ``deleteTemplate``. Return False when none has the id."""
        return self._run(calls.delete_template(template_id))

    def list_templates(self) -> Iterator[TemplateRef]:
        """List the templates: ``listTemplate``, one request per page, sent when the page is reached."""
        return self._list(endpoints.LIST_TEMPLATES)

    def find_templates(self, name: str | None = None, template_id: str | None = None) -> list[TemplateRef]:
        """Find templates. An empty result proves that none existed throughout the search.

        :param name: the exact name; None for any.
        :param template_id: the id; None for any.
        """
        return self._find(endpoints.LIST_TEMPLATES, wanted.Wanted(template_id, name))

    def create_trigger(self, trigger: Trigger | Mapping[str, Any]) -> str | None:
        """Create a trigger: ``createTrigger``, sent once. Returns and raises as :meth:`create_campaign` does.

        :raises TruepushBadRequestError: also when the name is taken.
        """
        return self._run(calls.create_trigger(trigger, self._settings_for(endpoints.CREATE_TRIGGER), datetime.now(UTC)))

    def delete_trigger(self, trigger_id: str) -> bool:
        """Delete a trigger: ``deleteTrigger``. Return False when none has the id."""
        return self._run(calls.delete_trigger(trigger_id))

    def list_triggers(self) -> Iterator[TriggerRef]:
        """List the triggers: ``listTrigger``, one request per page, sent when the page is reached."""
        return self._list(endpoints.LIST_TRIGGERS)

    def find_triggers(self, name: str | None = None, trigger_id: str | None = None) -> list[TriggerRef]:
        """Find triggers. An empty result proves that none existed throughout the search.

        :param name: the exact name; None for any.
        :param trigger_id: the id; None for any.
        """
        return self._find(endpoints.LIST_TRIGGERS, wanted.Wanted(trigger_id, name), is_unique=name is not None)

    def set_trigger_status(self, trigger_id: str, status: str) -> bool:
        """Set a trigger ``active`` or ``inactive``: ``triggerStatus``. Return False when it was, or does not exist."""
        return self._run(calls.set_trigger_status(trigger_id, status))

    def list_segments(self) -> Iterator[SegmentRef]:
        """List the segments: ``listSegment``, one request per page, sent when the page is reached."""
        return self._list(endpoints.LIST_SEGMENTS)

    def find_segments(self, name: str | None = None, segment_id: str | None = None) -> list[SegmentRef]:
        """Find segments. An empty result proves that none existed throughout the search.

        :param name: the exact name; None for any.
        :param segment_id: the id; None for any.
        """
        return self._find(endpoints.LIST_SEGMENTS, wanted.Wanted(segment_id, name))

    def delete_segment(self, segment_id: str) -> bool:
        """Delete a segment: ``deleteSegment``. Return False when none has the id."""
        return self._run(calls.delete_segment(segment_id))

    def test_connection(self) -> tuple[bool, str]:
        """Read one page of segments, once; return whether that worked, and a message."""
        probe = TruepushHook(self.truepush_conn_id)
        try:
            probe._settings = replace(self._settings_for(endpoints.LIST_SEGMENTS), max_attempts=1)
            with probe:
                probe._run(endpoints.LIST_SEGMENTS.call(1))
        except Exception as error:
            from airflow_provider_truepush.client.redacted import hide

            return False, hide(str(error)) or type(error).__name__
        return True, answered(self.settings)
