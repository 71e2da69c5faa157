"""Campaigns that appear in a project, as events for an asset watcher."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import aclosing
from datetime import timedelta
from typing import Any

from airflow.providers.common.compat.triggers import BaseEventTrigger
from airflow.triggers.base import TriggerEvent

from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.checks.text import writable
from airflow_provider_truepush.api.checks.values import seconds
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.assets.truepush import campaign_uri
from airflow_provider_truepush.triggers.campaign_poll import CampaignList, CampaignListProducer, Watch, join, poll
from airflow_provider_truepush.triggers.seen_campaigns import SeenCampaigns

#: Seconds between two events that must not fall into one turn of Airflow's scheduler: half the poll interval, but no
#: less and no more than this.
_SHORTEST_SPACING, _LONGEST_SPACING = 5.0, 30.0


class TruepushNewCampaignsTrigger(NamesArguments, BaseEventTrigger):
    """Fire an event for each campaign that appears in a project.

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
    Characters of a title that no event can hold (unpaired surrogates, NUL) are replaced by U+FFFD.

    Airflow starts a run for the first of several events, and gives the others to the next run. So the last of several
    new campaigns is held back for half a poll interval (5 to 30 seconds): its event starts the run that gets the others
    too.

    On Airflow 3.3+ the state of a watcher (a watermark and the newest ids, at most 10 KB) is kept in the asset's state
    store. It is written after Airflow has stored the events, so no event is lost; when the triggerer is killed between
    the two, an event is repeated with the same ``campaign_id``. Before 3.3 each start of a triggerer begins with the
    campaigns that exist then, and those created while no triggerer ran become no events.

    The first list of a new watcher makes no events: those campaigns existed before. An empty first list is confirmed by
    the next poll. All watchers of a connection share one poll on 3.3+, at the shortest of their intervals. A poll takes
    1 or 2 requests where Truepush lists the newest campaigns first, up to 4 where it lists the oldest first, and one
    per page in any other order. Every half hour one poll lists the hour before the newest campaign whole: clocks of
    Truepush's servers may differ by an hour, and then a campaign gets an id that is smaller than that of an older one.
    Such a campaign becomes an event unless more than 5,000 campaigns have greater ids, or more than 340 when a
    triggerer has started since they appeared: the stored state must stay small. A failed poll is logged and never ends
    the watcher.

    :param truepush_conn_id: id of a connection of type ``truepush``. For another project use another connection.
    :param poll_interval: time between polls, in seconds or as a timedelta; 60 seconds by default. ``Retry-After``
        lengthens it.
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
        #: Seconds between events that must not fall into one turn of Airflow's scheduler.
        self.event_spacing = min(max(self.poll_interval / 2, _SHORTEST_SPACING), _LONGEST_SPACING)
        campaign_uri(self.project)  # raises in the Dag file, not in the triggerer

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the public path of the class, and its arguments as JSON primitives."""
        kwargs = {
            "truepush_conn_id": self.truepush_conn_id,
            "poll_interval": self.poll_interval,
            "project": self.project,
        }
        if type(self) is TruepushNewCampaignsTrigger:
            return "airflow_provider_truepush.triggers.campaign.TruepushNewCampaignsTrigger", kwargs
        return f"{type(self).__module__}.{type(self).__qualname__}", kwargs

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll alone. Airflow before 3.3 calls this."""
        async with aclosing(self.filter_shared_stream(self.open_shared_stream(self.serialize()[1]))) as events:
            async for event in events:
                yield event

    def shared_stream_key(self) -> Hashable | None:
        """Return the key of the poll that all watchers of a connection share (Airflow 3.3+)."""
        return (__name__, self.truepush_conn_id)

    @classmethod
    async def open_shared_stream(cls, kwargs: dict[str, Any]) -> AsyncIterator[CampaignList]:
        """Yield the lists, one per poll, without confirmations.

        :param kwargs: of one of the watchers.
        """
        async for listed in poll(kwargs["truepush_conn_id"], kwargs["poll_interval"], confirmed=False):
            yield listed

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> CampaignListProducer:  # type: ignore[override]  # see that class
        """Return the producer of the lists, which hears of stored events. Airflow 3.3+ calls this.

        :param kwargs: of one of the watchers.
        """
        return CampaignListProducer(kwargs["truepush_conn_id"], kwargs["poll_interval"])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[CampaignList]) -> AsyncGenerator[TriggerEvent]:
        """Turn lists into events: one for each campaign that this watcher has not seen yet.

        :param shared_stream: the lists.
        """
        key = f"truepush_new_campaigns/{self.truepush_conn_id}/{self.project}"
        seen = SeenCampaigns(getattr(self, "asset_state_store", None), key)
        watch = Watch(self.poll_interval)
        leave = join(self.truepush_conn_id, watch)
        held_until = 0.0
        try:
            async for listed in shared_stream:
                if not listed.confirmed:
                    await seen.save()  # the campaigns of the last list; their events have been stored long since
                news = await seen.news(listed.campaigns, listed.floor, listed.requested_at)
                # Airflow gives a run the events up to the first one that is waiting. Those behind it wait for another.
                batch = [] if time.monotonic() < held_until else news[:-1] or news
                if batch:
                    held_until = time.monotonic() + self.event_spacing
                for campaign in batch:
                    yield TriggerEvent(self._payload(campaign))  # type: ignore[no-untyped-call]
                    seen.add(campaign.id)
                watch.need = seen.need
                watch.due = held_until if len(batch) < len(news) else None
                if listed.confirmed and (save := seen.later()):
                    listed.on_stored.append(save)
        finally:
            leave()

    def _payload(self, campaign: CampaignRef) -> dict[str, Any]:
        created = campaign.created_at
        return {
            "campaign_id": campaign.id,
            "title": writable(campaign.title),
            "created_at": None if created is None else created.isoformat(),
            "project": self.project,
            "uri": None if created is None else campaign_uri(self.project, campaign.id),
        }
