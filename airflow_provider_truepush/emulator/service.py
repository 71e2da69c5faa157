"""The emulated Truepush behind its lock: requests from the socket and calls from tests meet here."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import airflow_provider_truepush.emulator.operations as operations
import airflow_provider_truepush.emulator.outcomes as outcomes
import airflow_provider_truepush.emulator.seeding as seeding
from airflow_provider_truepush.api.models.counters import COUNTERS
from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.api.protocol.endpoints import Endpoint
from airflow_provider_truepush.emulator.churn import Churn
from airflow_provider_truepush.emulator.clock import Clock, Mode, as_moment
from airflow_provider_truepush.emulator.dialects import Dialect, choose
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError
from airflow_provider_truepush.emulator.faults import Faults
from airflow_provider_truepush.emulator.firing import Firing
from airflow_provider_truepush.emulator.history import History, Request
from airflow_provider_truepush.emulator.outcomes import Outcome
from airflow_provider_truepush.emulator.records import Trigger
from airflow_provider_truepush.emulator.storage import Storage
from airflow_provider_truepush.emulator.validation import BadDataError
from airflow_provider_truepush.emulator.world import World

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings of an emulator; :class:`~.emulator.Emulator` explains each."""

    tokens: tuple[str, ...]
    seed: int = 7
    clock: Mode = "manual"
    speed: float = 1.0
    start: datetime | None = None
    timezone: str = "Etc/UTC"
    state: str | Path | None = None
    dialect: str | Dialect | None = None
    page_size: int | None = None
    subscribers: int = 100_000
    history: int = 200_000


@dataclass(slots=True)
class Late:
    """A request that is carried out later.

    :param endpoint: its endpoint.
    :param token: as it arrived.
    :param argument: the last part of the path.
    :param raw: the body.
    :param record: its place in the history.
    :param due: when it is carried out, in seconds of the emulator's clock; None for not before ``commit_late()``.
    """

    endpoint: Endpoint[Any]
    token: str | None
    argument: str | None
    raw: bytes
    record: Request
    due: float | None


class Service:
    """The emulated Truepush.

    :param options: its settings.
    """

    def __init__(self, options: Options) -> None:
        if not options.tokens or not all(token.strip() == token != "" for token in options.tokens):
            raise TruepushEmulatorError("token is empty or has blanks around it. Give one token, or several.")
        if options.subscribers < 0:
            raise TruepushEmulatorError(f"subscribers is {options.subscribers!r}. It must be at least 0.")
        self.options = options
        self.lock = threading.RLock()
        self.zone = ZoneInfo(options.timezone)
        start = None if options.start is None else as_moment(options.start)
        self.clock = Clock(options.clock, start, options.speed)
        self._start = self.clock.now()
        self.storage = Storage(options.state)
        self.world = World(options.tokens, options.seed, options.subscribers, self.clock, self.storage, self.zone)
        with self.world.saving():
            self.world.save_clock()
        self.firing = Firing(self.world, self.zone)
        self.faults = Faults(self.world.seed)
        self.history = History(options.history)
        self.first_dialect = choose(Dialect(), options.dialect, _given(page_size=options.page_size))
        self.dialect = self.first_dialect
        self.series: dict[str, deque[Mapping[str, int] | None]] = {}
        self.late: dict[int, Late] = {}
        self.churns: list[Churn] = []
        self.between_pages: Callable[[str, int], object] | None = None
        #: By endpoint.
        self.before_request: dict[str, Callable[[], object]] = {}
        #: Errors of the two above.
        self.failed_actions: list[BaseException] = []
        self._number = 0

    def settle(self) -> float:
        """Carry out everything that is due; return the time of the clock."""
        now = self.clock.now()
        due = [number for number, late in self.late.items() if late.due is not None and late.due <= now]
        for number in due:
            self.commit_late(number)
        self.firing.run(now)
        return now

    def open_request(
        self, method: str, path: str, endpoint: Endpoint[Any] | None, argument: str | None, connection: int,
        token: str | None, monotonic: float,
    ) -> Request:  # fmt: skip
        """Record a request.

        :param token: as it arrived; only its project is recorded.
        """
        with self.lock:
            self._number += 1
            project = self.world.by_token(token)
            record = Request(
                self._number, self.clock.now(), monotonic, method, path,
                endpoint.name if endpoint else None, argument, connection,
                project=project.name if project else None,
            )  # fmt: skip
            self.history.add(record)
            return record

    def note_body(self, record: Request, raw: bytes) -> None:
        """Record the body of a request."""
        if not raw:
            return
        try:
            body = operations.parse(raw)
        except BadDataError:
            body = raw.decode("utf-8", "replace")
        with self.lock:
            self.history.add_body(record, body, len(raw))

    def execute(
        self, endpoint: Endpoint[Any], token: str | None, argument: str | None, raw: bytes, record: Request
    ) -> Outcome:
        """Carry out a request; return its outcome.

        :param record: its place in the history.
        """
        with self.lock:
            now = self.settle()
            project = self.world.by_token(token)
            if project is None:
                outcome = outcomes.shared(endpoint.name, codes.TOKEN_NOT_FOUND)
            else:
                context = operations.Context(
                    self.world, project, endpoint, now, self.zone,
                    self.dialect.page_size, self.dialect.order, self._scripted,
                )  # fmt: skip
                outcome = operations.perform(context, argument, raw)
            record.outcome, record.committed, record.detail = outcome.code, outcome.changed, outcome.detail
            if outcome.changed and endpoint.resource == "trigger":
                self._plan(outcome.changed)
            if project is not None and endpoint.action == "list" and outcome.code != codes.BAD_REQUEST:
                self._after_page(endpoint.name, project.name, int(argument or 0))
            return outcome

    def _after_page(self, endpoint: str, project: str, page: int) -> None:
        for churn in self.churns:
            if churn.take_turn(endpoint):
                seeding.stir(self.world, self.firing, churn, endpoint, project, self.dialect.order)
        if self.between_pages is not None:
            self.carry_out(self.between_pages, endpoint, page)

    def carry_out(self, action: Callable[..., object], *arguments: object) -> None:
        """Call what a test has asked for. Its error is kept: the test must not end as if nothing had happened."""
        try:
            action(*arguments)
        except BaseException as error:
            self.failed_actions.append(error)
            raise

    def _plan(self, trigger_id: str) -> None:
        trigger = self.world.get(Trigger, trigger_id)
        if trigger is not None:
            self.firing.plan(trigger)

    def _scripted(self, campaign_id: str) -> Mapping[str, int] | None:
        series = self.series[campaign_id]
        return series.popleft() if len(series) > 1 else series[0]

    def set_series(self, campaign_id: str, series: Sequence[Mapping[str, int] | None]) -> None:
        """Script the answers of campaignStats for a campaign, in either spelling of the counters."""
        if not series:
            self.series.pop(campaign_id.lower(), None)
            return
        spelling = {ours: theirs for theirs, ours in COUNTERS.items()}
        rows: deque[Mapping[str, int] | None] = deque()
        for row in series:
            given = None if row is None else {spelling.get(name, name): value for name, value in row.items()}
            rows.append(given if given is None else {**dict.fromkeys(COUNTERS, 0), **given})
        self.series[campaign_id.lower()] = rows

    def postpone(self, late: Late) -> int:
        """Keep a request for a later commit; return its number."""
        with self.lock:
            self.late[late.record.number] = late
            return late.record.number

    def commit_late(self, number: int | None = None) -> int:
        """Carry out a postponed request, or all of them in their order; return how many there were."""
        with self.lock:
            numbers = sorted(self.late) if number is None else [number]
            taken = [late for late in (self.late.pop(key, None) for key in numbers) if late is not None]
            for late in taken:
                self.execute(late.endpoint, late.token, late.argument, late.raw, late.record)
                logger.info("%s of request %d was carried out late.", late.endpoint.name, late.record.number)
            return len(taken)

    def reset(self, seed: int | None = None) -> None:
        """Start again: empty projects, no faults, no history; a manual clock shows its first time.

        Raises the first error of an action at the end.
        """
        with self.lock:
            if self.clock.mode == "manual":
                self.clock.restart(self._start)
            self.late.clear()
            self.series.clear()
            self.world.clear(seed)
            self.firing.plan_all()
            self.faults = Faults(self.world.seed)
            self.churns.clear()
            self.between_pages = None
            self.before_request.clear()
            self.history.clear()
            self.dialect = self.first_dialect
            self._raise_failed_action()

    def close(self) -> None:
        """Save the clock and close the state file. Raises the first error of an action at the end."""
        with self.lock:
            with self.world.saving():
                self.world.save_clock()
            self.storage.close()
            self._raise_failed_action()

    def _raise_failed_action(self) -> None:
        if failed := self.failed_actions:
            self.failed_actions = []
            raise failed[0]


def _given(**settings: Any) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if value is not None}
