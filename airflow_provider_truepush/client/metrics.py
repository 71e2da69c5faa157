"""Metrics of this provider, through Airflow's own ``Stats``: StatsD and OpenTelemetry alike.

Everything that can be measured is a row of :data:`METRICS`. Without metrics in Airflow's configuration nothing happens.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushError,
    TruepushProtocolError,
    TruepushRateLimitError,
    TruepushServerError,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    :param name: the name below Airflow's own prefix; ``<...>`` is one segment.
    :param kind: ``counter``, ``timer`` (milliseconds in StatsD, as all timers of Airflow) or ``gauge``.
    :param unit: the unit of the value.
    :param meaning: what it measures.
    """

    name: str
    kind: Literal["counter", "timer", "gauge"]
    unit: str
    meaning: str


METRICS = (
    Metric(
        "truepush.requests.<endpoint>.<outcome>",
        "counter",
        "requests",
        "Requests by Truepush endpoint, such as `campaignStats`, and outcome: `ok`, `rate_limited`, `unauthorized`, "
        "`bad_request`, `server_error`, `not_sent` (no connection), `no_answer`, `unreadable`.",
    ),
    Metric(
        "truepush.latency.<endpoint>",
        "timer",
        "seconds",
        "Time from a request to its answer: the mean of all requests of one client in about a second.",
    ),
    Metric("truepush.latency_max.<endpoint>", "timer", "seconds", "The slowest of these requests."),
    Metric("truepush.rate_limited", "counter", "answers", "Answers that asked to slow down (HTTP 429)."),
    Metric("truepush.cooldown", "timer", "seconds", "Pause of all requests of the project after such an answer."),
    Metric("truepush.sends.sent", "counter", "campaigns", "Campaigns created."),
    Metric("truepush.sends.resumed", "counter", "campaigns", "Sends that an earlier try had completed."),
    Metric("truepush.sends.adopted", "counter", "campaigns", "Sends in doubt whose campaign was found in the list."),
    Metric(
        "truepush.sends.manual_decision", "counter", "tasks", "Sends that stopped because they need a manual decision."
    ),
    Metric(
        "truepush.sends.skipped.<guard>",
        "counter",
        "campaigns",
        "Sends that a guard skipped: `backfill`, `max_lateness` or `quiet_hours`.",
    ),
    Metric("truepush.poller.<connection>.campaigns", "gauge", "campaigns", "Campaigns that deferred tasks wait for."),
    Metric("truepush.poller.<connection>.lateness", "gauge", "seconds", "How late the oldest due poll is."),
    Metric(
        "truepush.poller.<connection>.interval",
        "gauge",
        "seconds",
        "Effective interval: campaigns divided by polls per second.",
    ),
    Metric("truepush.exports.rows", "counter", "rows", "Rows of statistics exported."),
    Metric("truepush.exports.missing", "counter", "campaigns", "Campaigns of an export without statistics."),
    Metric("truepush.exports.failed", "counter", "campaigns", "Campaigns of an export that could not be read."),
    Metric("truepush.exports.rows_per_second", "gauge", "rows/s", "Rows per second of the last export."),
)

#: Seconds between two emissions of what is collected for many requests.
_EVERY = 1.0
#: Longest segment that a name of a connection makes: OpenTelemetry limits names to 63 characters in Airflow 2.11.
_LONGEST_SEGMENT = 24

_OUTCOMES: tuple[tuple[type[TruepushError], str], ...] = (
    (TruepushRateLimitError, "rate_limited"),
    (TruepushAuthError, "unauthorized"),
    (TruepushServerError, "server_error"),
    (TruepushConnectionError, "not_sent"),
    (TruepushProtocolError, "unreadable"),
    (TruepushBadRequestError, "bad_request"),
)


def count(name: str, n: int = 1) -> None:
    """Add to a counter.

    :param name: the name of a row of :data:`METRICS`, with a value for each ``<...>``.
    :param n: the number; 0 emits nothing.
    """
    if n and (stats := _stats()) is not None:
        _safely(stats.incr, name, n)


def timing(name: str, seconds: float) -> None:
    """Emit a duration."""
    if (stats := _stats()) is not None:
        # Airflow reads a plain number as milliseconds.
        _safely(stats.timing, name, 1000 * seconds)


def gauge(name: str, value: float) -> None:
    """Emit the present value of something."""
    if (stats := _stats()) is not None:
        _safely(stats.gauge, name, value)


def segment(name: str) -> str:
    """Return a name, such as a connection's, as one segment of a metric's name."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)[:_LONGEST_SEGMENT] or "_"


class RequestMetrics:
    """Count the requests of one client, and emit the sums about once per second, in which a poller sends a thousand.

    One thread or event loop uses it. It has no lock, because a signal handler may interrupt it.

    :param clock: a monotonic clock.
    """

    __slots__ = ("_clock", "_counts", "_due", "_latency")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due = 0.0
        self._counts: dict[tuple[str, str], int] = {}
        #: By endpoint: the number of requests, the sum of their seconds, and the maximum.
        self._latency: dict[str, list[float]] = {}

    def conclude(self, endpoint: str, seconds: float, conclude: Callable[[], T]) -> T:
        """Return what ``conclude()`` returns, and record its outcome."""
        try:
            result = conclude()
        except TruepushError as error:
            self.record(endpoint, outcome_of(error), seconds)
            raise
        self.record(endpoint, "ok", seconds)
        return result

    def record(self, endpoint: str, outcome: str, seconds: float) -> None:
        """Record one request.

        :param endpoint: its name.
        :param outcome: one of the outcomes in the table.
        :param seconds: from the request to the answer.
        """
        key = (endpoint, outcome)
        self._counts[key] = self._counts.get(key, 0) + 1
        latency = self._latency.get(endpoint)
        if latency is None:
            self._latency[endpoint] = [1, seconds, seconds]
        else:
            latency[0] += 1
            latency[1] += seconds
            if seconds > latency[2]:
                latency[2] = seconds
        if (now := self._clock()) >= self._due:
            self._due = now + _EVERY
            self.flush()

    def flush(self) -> None:
        """Emit what was recorded since the last emission."""
        counts, self._counts = self._counts, {}
        latency, self._latency = self._latency, {}
        for (endpoint, outcome), n in counts.items():
            count(f"truepush.requests.{endpoint}.{outcome}", n)
        for endpoint, (requests, total, most) in latency.items():
            timing(f"truepush.latency.{endpoint}", total / requests)
            timing(f"truepush.latency_max.{endpoint}", most)


def outcome_of(error: TruepushError) -> str:
    """Return the outcome of a request that raised an error, as the table names it."""
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return "no_answer"


def documentation() -> str:
    """Return the table of metrics as Markdown, for the documentation."""
    rows = "\n".join(f"| `{row.name}` | {row.kind} | {row.unit} | {row.meaning} |" for row in METRICS)
    return f"| metric | kind | unit | meaning |\n|---|---|---|---|\n{rows}\n"


_found: list[Any] = []


def prepare() -> None:
    """Import Airflow's Stats, which reads files: an event loop calls this in a thread, before the first metric."""
    _stats()


def _stats() -> Any:
    """Return Airflow's Stats; None outside of Airflow.

    Airflow sets them up by its configuration: from 3.2 on when its serialization is imported, which tasks and triggers
    need, and before that at the first use.
    """
    if not _found:
        try:
            from airflow.providers.common.compat import sdk

            _found.append(sdk.Stats)
        except (ImportError, AttributeError):
            _found.append(None)
    return _found[0]


def _safely(emit: Callable[..., Any], name: str, value: float) -> None:
    with suppress(Exception):  # a metric must not fail a send or a poll; Airflow logs errors of its Stats
        emit(name, value)
