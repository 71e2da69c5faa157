"""Read an emulator from tests: its history and everything that exists in it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import airflow_provider_truepush.emulator.seeding as seeding
from airflow_provider_truepush.api.models.counters import COUNTERS
from airflow_provider_truepush.emulator.churn import Churn
from airflow_provider_truepush.emulator.clock import as_datetime
from airflow_provider_truepush.emulator.delivery import counters
from airflow_provider_truepush.emulator.dialects import Dialect
from airflow_provider_truepush.emulator.errors import check_choice
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.history import Request
from airflow_provider_truepush.emulator.records import Campaign, Held, Segment, Template, Trigger
from airflow_provider_truepush.emulator.service import Service


class Truth:
    """Read an emulator. The calls are safe from any thread. Projects are named ``project-1`` and so on, or by token.

    :param service: the emulated Truepush.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def requests(self, endpoint: str | None = None) -> list[Request]:
        """Return copies of every request so far, of one endpoint or of all."""
        with self._service.lock:
            return self._service.history.rows(endpoint)

    def last_requests(self, count: int) -> list[Request]:
        """Return copies of the newest few requests, the newest first."""
        with self._service.lock:
            return self._service.history.newest(count)

    def count(self, endpoint: str | None = None) -> int:
        """Return the number of requests so far, of one endpoint or of all."""
        with self._service.lock:
            return self._service.history.count(endpoint)

    def faults(self) -> list[Fault]:
        """Return the faults that wait, with the number of their hits."""
        with self._service.lock:
            return self._service.faults.list()

    def late_commits(self) -> int:
        """Return how many requests wait for their late commit."""
        with self._service.lock:
            return len(self._service.late)

    def churns(self) -> list[Churn]:
        """Return the changes that follow each page."""
        with self._service.lock:
            return list(self._service.churns)

    @property
    def dialect(self) -> Dialect:
        """Return the current dialect."""
        return self._service.dialect

    def now(self) -> datetime:
        """Return the emulator's time, in UTC."""
        with self._service.lock:
            return as_datetime(self._service.settle())

    def clock_mode(self) -> tuple[str, float]:
        """Return the clock's mode, ``manual`` or ``real``, and its speed."""
        return self._service.clock.mode, self._service.clock.speed

    def projects(self) -> list[dict[str, Any]]:
        """Return the name and the number of subscribers of each project."""
        with self._service.lock:
            return [{"name": p.name, "subscribers": p.subscribers} for p in self._service.world.projects.values()]

    def campaigns(self, project: str | None = None) -> list[dict[str, Any]]:
        """Return every campaign as it was added; its status is ``sent``, ``scheduled`` or ``cancelled``."""
        return self._all(Campaign, project)

    def templates(self, project: str | None = None) -> list[dict[str, Any]]:
        """Return every template."""
        return self._all(Template, project)

    def triggers(self, project: str | None = None) -> list[dict[str, Any]]:
        """Return every trigger, with the moment at which it fires next."""
        return self._all(Trigger, project)

    def segments(self, project: str | None = None) -> list[dict[str, Any]]:
        """Return every segment, with its number of subscribers."""
        return self._all(Segment, project)

    def newest(self, kind: str, count: int) -> list[dict[str, Any]]:
        """Return the newest few of a kind, the newest first, as ``campaigns()`` and its siblings show them.

        :param kind: ``campaigns``, ``templates``, ``triggers`` or ``segments``.
        """
        check_choice("kind", kind, seeding.TYPES)
        with self._service.lock:
            now = self._service.settle()
            return [self._shown(record, now) for record in self._service.world.newest(seeding.TYPES[kind], count)]

    def total(self, kind: str) -> int:
        """Return how many there are in all projects.

        :param kind: ``campaigns``, ``templates``, ``triggers`` or ``segments``.
        """
        check_choice("kind", kind, seeding.TYPES)
        with self._service.lock:
            return self._service.world.total(seeding.TYPES[kind])

    def exists(self, kind: str, object_id: str) -> bool:
        """Return whether there is a row with this id.

        :param kind: ``campaigns``, ``templates``, ``triggers`` or ``segments``.
        """
        check_choice("kind", kind, seeding.TYPES)
        with self._service.lock:
            return self._service.world.get(seeding.TYPES[kind], object_id.lower()) is not None

    def stats(self, campaign_id: str) -> dict[str, int] | None:
        """Return the counters of a campaign by our names, without scripts; None when it is unknown or not sent."""
        with self._service.lock:
            now = self._service.settle()
            campaign = self._service.world.get(Campaign, campaign_id.lower())
            found = None if campaign is None else counters(self._service.world.seed, campaign, now)
            return None if found is None else {COUNTERS[name]: value for name, value in found.items()}

    def pushes(self, project: str | None = None) -> dict[str, int]:
        """Return how many campaigns createCampaign really made of each payload: the oracle of duplicates.

        :returns: numbers by payload; a payload is JSON with sorted keys.
        """
        made: dict[str, int] = {}
        with self._service.lock:
            for campaign in self._service.world.all(Campaign, self._name(project)):
                if campaign.source == "api":
                    payload = json.dumps(campaign.payload, ensure_ascii=False, sort_keys=True)
                    made[payload] = made.get(payload, 0) + 1
        return made

    def _all(self, kind: type[Any], project: str | None) -> list[dict[str, Any]]:
        with self._service.lock:
            now = self._service.settle()
            name = None if project is None else self._service.world.project(project).name
            return [self._shown(record, now) for record in self._service.world.all(kind, name)]

    def _shown(self, record: Held, now: float) -> dict[str, Any]:
        row = record.as_dict()
        for name in ("created_at", "send_at", "cancelled_at", "since"):
            if row.get(name) is not None:
                row[name] = as_datetime(row[name]).isoformat()
        if isinstance(record, Campaign):
            row["status"] = record.status(now)
        if isinstance(record, Trigger):
            moment = self._service.firing.next(record)
            row["next_fire"] = None if moment is None else as_datetime(moment).isoformat()
        return row

    def _name(self, project: str | None) -> str | None:
        return None if project is None else self._service.world.project(project).name
