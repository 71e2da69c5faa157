"""What tests can ask of an emulator and do to it, in Python; the control address offers the same over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_truepush.api.protocol.codes import COUNTERS
from airflow_provider_truepush.emulator import reference, seeding
from airflow_provider_truepush.emulator.clock import as_datetime, as_moment, as_seconds
from airflow_provider_truepush.emulator.delivery import counters
from airflow_provider_truepush.emulator.dialects import Dialect, choose
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.history import Request
from airflow_provider_truepush.emulator.records import Campaign, Segment, Template, Trigger
from airflow_provider_truepush.emulator.service import Service


class Controls:
    """The calls are safe from any thread. Projects are named ``project-1`` and so on, or by their token.

    :param service: the emulated Truepush.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    # The history

    def requests(self, endpoint: str | None = None) -> list[Request]:
        """Every request so far, of one endpoint or of all; copies."""
        with self._service.lock:
            return self._service.history.rows(endpoint)

    def count(self, endpoint: str | None = None) -> int:
        """How many requests there were so far."""
        with self._service.lock:
            return self._service.history.count(endpoint)

    def clear_requests(self) -> None:
        """Forget the history."""
        with self._service.lock:
            self._service.history.clear()

    # Faults

    def fault(
        self,
        endpoint: str | None = None,
        *,
        nth: int | Iterable[int] | None = None,
        times: int | None = None,
        probability: float | None = None,
        phase: str | None = None,
        effect: str = "fin",
        seconds: float | timedelta | None = None,
        status: int | None = None,
        body: str | dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        retry_after: float | str | None = None,
        retry_after_date: bool = False,
        location: str | None = None,
        code: str | None = None,
        then: str = "fin",
        clock: str = "real",
    ) -> int:
        """Let a fault wait for requests; :class:`Fault` explains the parameters.

        :returns: its id.
        """
        fault = Fault(
            endpoint or "*", effect, phase, nth, times, probability,
            None if seconds is None else as_seconds(seconds), status, body, headers or {},
            retry_after, retry_after_date, location, code, then, clock,
        )  # fmt: skip
        with self._service.lock:
            return self._service.faults.add(fault)

    def faults(self) -> list[Fault]:
        """The faults that wait, with the number of their hits."""
        with self._service.lock:
            return self._service.faults.list()

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Take back one fault, or all."""
        with self._service.lock:
            self._service.faults.clear(fault_id)

    def late_commits(self) -> int:
        """How many requests wait for their late commit."""
        with self._service.lock:
            return len(self._service.late)

    def commit_late(self) -> int:
        """Carry out every request that waits for its late commit, now.

        :returns: how many.
        """
        return self._service.commit_late()

    # Clock, dialect, beginning anew

    def now(self) -> datetime:
        """The emulator's clock, in UTC."""
        with self._service.lock:
            return as_datetime(self._service.settle())

    def advance(self, by: float | timedelta) -> datetime:
        """Move the clock forward, by seconds or a timedelta; triggers that are due fire."""
        with self._service.lock:
            self._service.clock.advance(as_seconds(by))
            return self._after_jump()

    def set_clock(self, moment: datetime | str | float) -> datetime:
        """Move the clock forward to an aware datetime."""
        with self._service.lock:
            self._service.clock.set(as_moment(moment))
            return self._after_jump()

    def set_speed(self, speed: float) -> None:
        """Let the real clock run at another speed."""
        with self._service.lock:
            self._service.clock.set_speed(speed)
            self._after_jump()

    def _after_jump(self) -> datetime:
        with self._service.world.saving():
            self._service.world.save_clock()
        return as_datetime(self._service.settle())

    @property
    def dialect(self) -> Dialect:
        """The dialect spoken."""
        return self._service.dialect

    def set_dialect(self, dialect: str | Dialect | None = None, **overrides: Any) -> Dialect:
        """Speak another dialect, by name or whole, or change settings of the present one."""
        with self._service.lock:
            self._service.dialect = choose(self._service.dialect, dialect, overrides)
            return self._service.dialect

    def reset(self, seed: int | None = None) -> None:
        """Back to the beginning: empty projects, no faults, no history, the first dialect.

        :param seed: a new one; None keeps it.
        """
        self._service.reset(seed)

    # Putting things there

    def add_segment(
        self, name: str, subscribers: int, *, project: str | None = None, segment_id: str | None = None
    ) -> str:
        """Add a segment.

        :returns: its id.
        """
        row: dict[str, Any] = {"name": name, "subscribers": subscribers, "_id": segment_id}
        return self.seed({"segments": [row]}, project=project)["segments"][0]

    def add_campaigns(self, n: int, *, project: str | None = None, **settings: Any) -> list[str]:
        """Add many sent campaigns at once, for load; see :func:`.seeding.add_campaigns`.

        :returns: their ids, oldest first.
        """
        with self._service.lock:
            return seeding.add_campaigns(self._service, n, project, **settings)

    def seed(self, given: Mapping[str, Any], *, project: str | None = None) -> dict[str, list[str]]:
        """Put objects there, with ids of your own if you like; see :func:`.seeding.seed`.

        :param given: lists of rows under ``segments``, ``templates``, ``triggers`` and ``campaigns``.
        :returns: their ids under the same names.
        """
        with self._service.lock:
            return seeding.seed(self._service, given, project)

    def seed_reference(self, *, project: str | None = None) -> dict[str, list[str]]:
        """Put the objects there that Truepush's reference speaks of, so that its commands work as they stand.

        :returns: their ids by kind.
        """
        with self._service.lock:
            made = seeding.seed(self._service, reference.objects(self._service.clock.now()), project)
            self._service.set_series(reference.CAMPAIGN, [reference.COUNTERS])
            return made

    def set_series(self, campaign_id: str, series: Sequence[Mapping[str, int] | None]) -> None:
        """Script the answers of campaignStats for a campaign, one per call; the last one repeats.

        :param series: counters in our spelling or Truepush's, a missing one being 0, or None for NO-STATS-FOUND;
            an empty series ends the script.
        """
        with self._service.lock:
            self._service.set_series(campaign_id, series)

    # The truth

    def projects(self) -> list[dict[str, Any]]:
        """Names and numbers of subscribers."""
        with self._service.lock:
            return [{"name": p.name, "subscribers": p.subscribers} for p in self._service.world.projects.values()]

    def campaigns(self, project: str | None = None) -> list[dict[str, Any]]:
        """Every campaign, oldest first; its status is ``sent``, ``scheduled`` or ``cancelled``."""
        with self._service.lock:
            now = self._service.settle()
            return [
                {**_readable(campaign), "status": campaign.status(now)}
                for campaign in self._service.world.all(Campaign, self._name(project))
            ]

    def templates(self, project: str | None = None) -> list[dict[str, Any]]:
        """Every template."""
        with self._service.lock:
            return [_readable(template) for template in self._service.world.all(Template, self._name(project))]

    def triggers(self, project: str | None = None) -> list[dict[str, Any]]:
        """Every trigger, with the moment at which it fires next."""
        with self._service.lock:
            self._service.settle()
            rows = []
            for trigger in self._service.world.all(Trigger, self._name(project)):
                moment = self._service.firing.next(trigger)
                row = {**_readable(trigger), "next_fire": None if moment is None else as_datetime(moment).isoformat()}
                rows.append(row)
            return rows

    def segments(self, project: str | None = None) -> list[dict[str, Any]]:
        """Every segment, with its number of subscribers."""
        with self._service.lock:
            return [_readable(segment) for segment in self._service.world.all(Segment, self._name(project))]

    def stats(self, campaign_id: str) -> dict[str, int] | None:
        """The counters of a campaign now, in our spelling, scripts left aside; None when it is not sent or unknown."""
        with self._service.lock:
            now = self._service.settle()
            campaign = self._service.world.get(Campaign, campaign_id.lower())
            found = None if campaign is None else counters(self._service.world.seed, campaign, now)
            return None if found is None else {COUNTERS[name]: value for name, value in found.items()}

    def pushes(self, project: str | None = None) -> dict[str, int]:
        """How many campaigns createCampaign really made of each payload: the oracle of duplicates.

        :returns: numbers by payload, as JSON with sorted keys.
        """
        made: dict[str, int] = {}
        with self._service.lock:
            for campaign in self._service.world.all(Campaign, self._name(project)):
                if campaign.source == "api":
                    payload = json.dumps(campaign.payload, ensure_ascii=False, sort_keys=True)
                    made[payload] = made.get(payload, 0) + 1
        return made

    def _name(self, project: str | None) -> str | None:
        return None if project is None else self._service.world.project(project).name


def _readable(record: Campaign | Template | Trigger | Segment) -> dict[str, Any]:
    row = record.as_dict()
    for name in ("created_at", "send_at", "cancelled_at", "since"):
        if row.get(name) is not None:
            row[name] = as_datetime(row[name]).isoformat()
    return row
