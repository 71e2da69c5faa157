"""Campaigns that appear in a project, as events for an asset watcher."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.triggers import BaseEventTrigger
from airflow.triggers.base import TriggerEvent

from airflow_provider_truepush.api.checks import seconds
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.assets.truepush import campaign_uri
from airflow_provider_truepush.exceptions import TruepushError, TruepushRateLimitError
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.triggers.seen_campaigns import ToldCampaigns

log = logging.getLogger(__name__)

_LONGEST_WAIT = 3600.0
#: A sleeping poll looks up that often whether a watcher with a shorter interval has joined.
_NAP = 1.0
#: The poll intervals of the watchers at work in this process, by connection.
_intervals: dict[str, list[float]] = {}


class TruepushNewCampaignsTrigger(BaseEventTrigger):
    """Fires an event for each campaign that appears in a project: ``listCampaign``, all pages, polled.

    For an ``AssetWatcher`` (Airflow 3.0+). It sees every campaign, also those made in Truepush's own console or by
    Truepush's triggers.

    .. code-block:: python

        campaigns = Asset(
            "truepush://shop/campaigns",
            watchers=[AssetWatcher(name="truepush", trigger=TruepushNewCampaignsTrigger(project="shop"))],
        )

        with DAG("on_new_campaign", schedule=[campaigns]):

            @task
            def announce(triggering_asset_events=None):
                for event in triggering_asset_events[campaigns]:
                    print(event.extra["payload"]["title"])

    The payload of an event has ``campaign_id``, ``title``, ``created_at`` (ISO 8601, UTC), ``project`` and ``uri``.

    What was told already is remembered from triggerer to triggerer on Airflow 3.3+, in the asset's state store. There
    an event is stored before its campaign counts as told: none is lost, and a triggerer that dies in the second or
    two between the two tells a campaign twice, with the same ``campaign_id``. Before 3.3 each start of a triggerer
    begins with the campaigns it finds, and those that came while none ran are not told.

    The first poll of a new watcher tells nothing: what is listed then was there before. All watchers of a connection
    share one poll on 3.3+, at the shortest of their intervals. A failed poll is logged when its cause is new, and
    never ends the watcher.

    :param truepush_conn_id: id of a connection of type ``truepush``. For another project use another connection.
    :param poll_interval: seconds between polls, or a timedelta; ``Retry-After`` lengthens it. A poll is a request per
        page of the list.
    :param project: the project's name in the payload and in asset URIs; None for the connection's id.
    """

    def __init__(
        self,
        *,
        truepush_conn_id: str = DEFAULT_CONNECTION,
        poll_interval: timedelta | float = 60.0,
        project: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.truepush_conn_id = truepush_conn_id
        self.poll_interval = seconds("poll_interval", poll_interval)
        self.project = truepush_conn_id if project is None else project
        campaign_uri(self.project)  # raises in the Dag file, not in the triggerer

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class, by its public path, and its arguments, JSON primitives all."""
        kwargs = {
            "truepush_conn_id": self.truepush_conn_id,
            "poll_interval": self.poll_interval,
            "project": self.project,
        }
        if type(self) is TruepushNewCampaignsTrigger:
            return "airflow_provider_truepush.triggers.campaign.TruepushNewCampaignsTrigger", kwargs
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll alone: what Airflow before 3.3 calls."""
        async with aclosing(self.filter_shared_stream(self.open_shared_stream(self.serialize()[1]))) as events:
            async for event in events:
                yield event

    def shared_stream_key(self) -> Hashable | None:
        """All watchers of a connection share one poll (Airflow 3.3+)."""
        return (__name__, self.truepush_conn_id)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[CampaignList]:
        """The lists, one per poll, without confirmations.

        :param kwargs: of one of the watchers.
        """
        async for campaigns in _poll(kwargs["truepush_conn_id"], kwargs["poll_interval"]):
            yield CampaignList(campaigns, confirmed=False)

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> CampaignListProducer:  # type: ignore[override]  # see that class
        """The lists, with word of the events that were stored: what Airflow 3.3+ calls.

        :param kwargs: of one of the watchers.
        """
        return CampaignListProducer(kwargs["truepush_conn_id"], kwargs["poll_interval"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[CampaignList]) -> AsyncGenerator[TriggerEvent]:
        """Turn lists into events: one for each campaign that this watcher has not told yet.

        :param shared_stream: the lists.
        """
        key = f"truepush_new_campaigns/{self.truepush_conn_id}/{self.project}"
        told = ToldCampaigns(getattr(self, "asset_state_store", None), key)
        intervals = _intervals.setdefault(self.truepush_conn_id, [])
        intervals.append(self.poll_interval)
        try:
            async for listed in shared_stream:
                if not listed.confirmed:
                    await told.save()  # what the last list brought; its events have been stored long since
                for campaign in await told.news(listed.campaigns):
                    yield TriggerEvent(self._payload(campaign))  # type: ignore[no-untyped-call]
                    told.add(campaign.id)
                if listed.confirmed and (save := told.later()):
                    listed.on_stored.append(save)
        finally:
            intervals.remove(self.poll_interval)

    def _payload(self, campaign: CampaignRef) -> dict[str, Any]:
        created = campaign.created_at
        return {
            "campaign_id": campaign.id,
            "title": campaign.title,
            "created_at": None if created is None else created.isoformat(),
            "project": self.project,
            "uri": None if created is None else campaign_uri(self.project, campaign.id),
        }


class CampaignList:
    """What one poll found, given to all watchers of a connection.

    :param campaigns: the rows, of all pages.
    :param confirmed: whether ``on_stored`` will be called.
    """

    def __init__(self, campaigns: Sequence[CampaignRef], *, confirmed: bool) -> None:
        self.campaigns = campaigns
        self.confirmed = confirmed
        self.on_stored: list[Callable[[], Any]] = []


class CampaignListProducer:
    """Gives out lists, and tells the watchers when Airflow has stored the events they made of one.

    It has the methods of Airflow's ``SharedStreamProducer``, which older Airflow does not have.

    :param truepush_conn_id: the connection to poll.
    :param poll_interval: seconds between polls, when no watcher is there to say.
    """

    def __init__(self, truepush_conn_id: str, poll_interval: float) -> None:
        self.truepush_conn_id = truepush_conn_id
        self.poll_interval = poll_interval

    async def open_stream(self) -> AsyncIterator[tuple[CampaignList, CampaignList]]:
        """Each list twice: for the watchers, and to come back to :meth:`advance`."""
        async for campaigns in _poll(self.truepush_conn_id, self.poll_interval):
            listed = CampaignList(campaigns, confirmed=True)
            yield listed, listed

    async def advance(self, batch: Sequence[Any]) -> None:
        """Let the watchers save what they told. Where one failed, all wait for the next list that none fails on."""
        for item in batch:
            if item.outcome.is_clean:
                for save in item.broker_payload.on_stored:
                    await save()

    def get_advance_lane(self, broker_payload: Any) -> Hashable:
        """One lane: a list is settled after the one before it."""
        return None

    async def aclose(self) -> None:
        """Nothing is held."""


async def _poll(conn_id: str, interval: float) -> AsyncIterator[list[CampaignRef]]:
    """List the campaigns again and again. Raises nothing: a watcher that ends is started anew without a pause."""
    hook: TruepushAsyncHook | None = None
    trouble: object = None
    while True:
        asked = 0.0
        campaigns: list[CampaignRef] | None = None
        hook = hook or TruepushAsyncHook(conn_id)
        try:
            await hook.get_settings()  # which imports what the list takes, but not in the loop
            campaigns = [campaign async for campaign in hook.list_campaigns()]
        except Exception as error:
            hook = None  # the connection is read anew, in case it was corrected
            if isinstance(error, TruepushRateLimitError):
                asked = min(error.retry_after or 0.0, _LONGEST_WAIT)
            if _cause(error) != trouble:
                log.warning("New campaigns of %r cannot be listed; trying on: %s", conn_id, error)
            trouble = _cause(error)
        if campaigns is not None:
            if trouble is not None:
                log.info("New campaigns of %r can be listed again.", conn_id)
            trouble = None
            yield campaigns
        await _rest(conn_id, interval, asked)


def _cause(error: Exception) -> object:
    """What makes two failures the same, although their messages may hold numbers that differ."""
    if isinstance(error, TruepushError):
        return (type(error), error.http_status, error.code)
    return (type(error), str(error))


async def _rest(conn_id: str, interval: float, asked: float) -> None:
    began = time.monotonic()
    while True:
        pause = max(min(_intervals.get(conn_id) or [interval]), asked)
        left = pause - (time.monotonic() - began)
        if left <= 0:
            return
        await asyncio.sleep(min(left, _NAP))
