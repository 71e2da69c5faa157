"""Control an emulator from Python; the control address offers the same over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from inspect import signature
from typing import Any, Never

import airflow_provider_truepush.emulator.reference as reference
import airflow_provider_truepush.emulator.seeding as seeding
from airflow_provider_truepush.emulator.churn import Churn
from airflow_provider_truepush.emulator.clock import as_datetime, as_moment, as_seconds
from airflow_provider_truepush.emulator.dialects import Dialect, choose
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_choice, check_keys
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.ids import is_object_id
from airflow_provider_truepush.emulator.outcomes import BY_NAME
from airflow_provider_truepush.emulator.records import Held
from airflow_provider_truepush.emulator.truth import Truth

#: The settings of ``add_campaigns``.
ADD_CAMPAIGNS = tuple(name for name in signature(seeding.add_campaigns).parameters if name not in ("world", "project"))


class Controls(Truth):
    """Read and change an emulator. The calls are safe from any thread."""

    def clear_requests(self) -> None:
        """Forget the requests so far."""
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
        fields: dict[str, Any] | None = None,
        drop: Sequence[str] = (),
        rows: Sequence[Any] | None = None,
        order: str = "newest",
        part: str = "body",
        megabytes: float = 100,
        encoding: str | None = None,
        depth: int | None = None,
        **unknown: Never,
    ) -> int:
        """Add a fault that waits for requests.

        :class:`~.faults.Fault` explains the parameters, :data:`~.effects.MEANINGS` the effects.

        :returns: its id.
        :raises TruepushEmulatorError: when an effect, a key or a value is not accepted.
        """
        check_keys("fault", unknown, (item.name for item in dataclass_fields(Fault) if item.name not in ("id", "hits")))
        fault = Fault(
            endpoint or "*", effect, phase, nth, times, probability,
            None if seconds is None else as_seconds(seconds), status, body, headers or {},
            retry_after, retry_after_date, location, code, then, clock,
            fields, drop, rows,
            order, part, megabytes, encoding, depth,
        )  # fmt: skip
        with self._service.lock:
            return self._service.faults.add(fault)

    def clear_faults(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all.

        :raises TruepushEmulatorError: when no fault has this id.
        """
        with self._service.lock:
            waiting = [fault.id for fault in self._service.faults.list()]
            if fault_id is not None and fault_id not in waiting:
                raise TruepushEmulatorError(f"faults: no fault has the id {fault_id}. Waiting: {waiting or 'none'}.")
            self._service.faults.clear(fault_id)

    def commit_late(self) -> int:
        """Carry out every request that waits for its late commit; return how many there were."""
        return self._service.commit_late()

    # Clock, dialect, reset

    def advance(self, by: float | timedelta | str) -> datetime:
        """Move the clock forward; triggers that are due fire.

        :param by: seconds, a timedelta, or text such as ``10m`` or ``1d12h``.
        """
        with self._service.lock:
            self._service.clock.advance(as_seconds(by))
            return self._after_jump()

    def set_clock(self, moment: datetime | str | float) -> datetime:
        """Move the clock forward to an aware datetime, ISO 8601 with a zone, or seconds since the epoch."""
        with self._service.lock:
            self._service.clock.set(as_moment(moment))
            return self._after_jump()

    def set_speed(self, speed: float) -> None:
        """Run the real clock at another speed, in emulated seconds per real second."""
        with self._service.lock:
            self._service.clock.set_speed(speed)
            self._after_jump()

    def _after_jump(self) -> datetime:
        with self._service.world.saving():
            self._service.world.save_clock()
        return as_datetime(self._service.settle())

    def set_dialect(self, dialect: str | Dialect | None = None, **overrides: Any) -> Dialect:
        """Change the dialect, by name or as a whole, or some settings of the current one; return it."""
        with self._service.lock:
            self._service.dialect = choose(self._service.dialect, dialect, overrides)
            return self._service.dialect

    def reset(self, seed: int | None = None) -> None:
        """Start again: empty projects, no faults, no history, the first dialect.

        Raises the first error of an action that :meth:`before_request` or :meth:`between_pages` was given, once
        everything is empty.

        :param seed: a new one; None keeps it.
        """
        self._service.reset(seed)

    # Lists that move

    def churn(self, endpoint: str = "*", **settings: Any) -> Churn:
        """Add, delete and move rows after each page of a list that is read.

        :param endpoint: a list, such as ``listTrigger``; ``*`` for all four.
        :param settings: the other parameters of :class:`~.churn.Churn`.
        """
        check_keys("churn", settings, (item.name for item in dataclass_fields(Churn)))
        churn = Churn(endpoint, **settings)
        with self._service.lock:
            self._service.churns.append(churn)
        return churn

    def end_churn(self) -> None:
        """Let lists stand still again."""
        with self._service.lock:
            self._service.churns.clear()

    def between_pages(self, action: Callable[[str, int], object] | None) -> None:
        """Do something after each page of a list that is read, before anything else happens.

        :param action: called with the name of the endpoint and the number of the page, in the emulator's own thread;
            it can use every call of this class. None ends it.
        """
        with self._service.lock:
            self._service.between_pages = action

    def before_request(self, endpoint: str, action: Callable[[], object] | None) -> None:
        """Do something before each request to an endpoint is handled. The request waits for it.

        :param endpoint: name of the endpoint, such as ``createTrigger``.
        :param action: called in a thread of its own; it can use every call of this class, and send requests. None ends
            it.
        """
        check_choice("before_request: endpoint", endpoint, BY_NAME)
        with self._service.lock:
            if action is None:
                self._service.before_request.pop(endpoint, None)
            else:
                self._service.before_request[endpoint] = action

    def delete(self, kind: str, object_id: str) -> None:
        """Delete a row, as someone does in Truepush's console.

        :param kind: ``campaigns``, ``templates``, ``triggers`` or ``segments``.
        """
        with self._service.lock, self._service.world.saving():
            self._service.world.remove(self._row(kind, object_id))

    def move(self, kind: str, object_id: str, *, beside: str) -> None:
        """Move a row right behind another one of its list, in every order.

        :param kind: ``campaigns``, ``templates``, ``triggers`` or ``segments``.
        :param beside: the id of the other row.
        """
        with self._service.lock:
            record, other = self._row(kind, object_id), self._row(kind, beside)
            if record is other or record.project != other.project:
                raise TruepushEmulatorError("move: id and beside must be two rows of one project.")
            self._service.world.listing(type(record), record.project).move(record.id, other.id)

    def _row(self, kind: str, object_id: str) -> Held:
        check_choice("kind", kind, seeding.TYPES)
        found: Held | None = self._service.world.get(seeding.TYPES[kind], str(object_id).lower())
        if found is None:
            raise TruepushEmulatorError(f"{kind}: none of them has the id {object_id!r}.")
        return found

    # Adding objects

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

        :returns: their ids, in the order of their numbers.
        """
        check_keys("add_campaigns", settings, ADD_CAMPAIGNS)
        with self._service.lock:
            return seeding.add_campaigns(self._service.world, n, project, **settings)

    def seed(self, given: Mapping[str, Any], *, project: str | None = None) -> dict[str, list[str]]:
        """Add objects, with ids of your own if you like; see :func:`.seeding.seed`.

        :param given: lists of rows under ``segments``, ``templates``, ``triggers`` and ``campaigns``.
        :returns: their ids under the same names.
        """
        with self._service.lock:
            return seeding.seed(self._service.world, self._service.firing, given, project)

    def seed_reference(self, *, project: str | None = None) -> dict[str, list[str]]:
        """Add the objects that Truepush's reference mentions, so that its commands work as they are printed.

        :returns: their ids by kind.
        """
        with self._service.lock:
            made = self.seed(reference.objects(self._service.clock.now()), project=project)
            self._service.set_series(reference.CAMPAIGN, [reference.COUNTERS])
            return made

    def set_series(self, campaign_id: str, series: Sequence[Mapping[str, int] | None]) -> None:
        """Script the answers of campaignStats for a campaign, one per request; the last one repeats.

        :param campaign_id: its id. The campaign need not exist: then only its counters do.
        :param series: counters in our spelling or Truepush's, a missing one being 0, or None for NO-STATS-FOUND;
            an empty series ends the script.
        """
        if not is_object_id(campaign_id):
            raise TruepushEmulatorError(f"series: {campaign_id!r} is not an id. It must have 24 hexadecimal digits.")
        if not all(row is None or isinstance(row, Mapping) for row in series):
            raise TruepushEmulatorError("series: each row must be an object of counters, or None for NO-STATS-FOUND.")
        with self._service.lock:
            self._service.set_series(campaign_id, series)
