"""Judge a campaign's statistics: one state machine for every way of waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Literal

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushServerError,
)
from airflow_provider_truepush.api.models.counters import RATES
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.waiting.bounds import (
    CHOICES,
    check_bounds,
    check_choice,
    refuse_endless,
)
from airflow_provider_truepush.waiting.error_budget import DEFAULT_ERROR_BUDGET, check_error_budget

State = Literal["waiting", "met", "settled", "guardrail", "stalled", "errors", "timeout"]

#: The consequence of a failed poll. Many errors of the client contain it already.
_UNAFFECTED = "status request failed; the campaign is not affected"
#: The same as a sentence, for what is refused during a poll.
ONLY_THIS_POLL = f"Only this {_UNAFFECTED}."
#: Failed polls in a row below which a wait never ends, even where the poll interval is longer than the error budget.
_FEWEST_FAILURES = 3


@dataclass(frozen=True, slots=True)
class Goal:
    """The conditions on which a wait for a campaign ends.

    :param thresholds: lowest values to reach, by counter (``reach, sent, delivered, views, clicks, button0,
        button1, unsubscribers``) or rate (``delivery_rate, view_rate, click_rate, unsubscribe_rate``, 0 to 1).
    :param require: ``all`` of them, or ``any``.
    :param fail_if: guardrails: a value above one of these ends the wait as failed, whatever the thresholds say.
    :param settled_after: seconds without a change of any counter after which the wait ends; None for never.
    :param on_settled: ``succeed`` or ``fail``: the result of that end.
    :param error_budget: how long polls may fail without interruption: a timedelta, or ``{"seconds": ...}`` as
        :meth:`as_dict` writes it. A whole number, which version 0.1 accepted, is the number of failed polls in a row
        that are tolerated.
    """

    thresholds: Mapping[str, float]
    require: Literal["all", "any"] = "all"
    fail_if: Mapping[str, float] = field(default_factory=dict)
    settled_after: float | None = None
    on_settled: Literal["succeed", "fail"] = "succeed"
    error_budget: timedelta | int = DEFAULT_ERROR_BUDGET

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", check_bounds("thresholds", self.thresholds))
        object.__setattr__(self, "fail_if", check_bounds("fail_if", self.fail_if))
        for name, choices in CHOICES.items():
            check_choice(name, getattr(self, name), choices)
        if self.settled_after is not None:
            object.__setattr__(self, "settled_after", checks.seconds("settled_after", self.settled_after))
        object.__setattr__(self, "error_budget", check_error_budget(self.error_budget))
        if not self.thresholds and self.settled_after is None:
            refuse_endless(self.thresholds)

    def as_dict(self) -> dict[str, Any]:
        """Return the goal as JSON primitives; ``Goal(**that)`` is equal to it."""
        given = asdict(self)
        if isinstance(self.error_budget, timedelta):
            given["error_budget"] = {"seconds": self.error_budget.total_seconds()}
        return given


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of one poll.

    :param state: ``waiting`` continues; ``met`` and ``settled`` are good ends; ``guardrail``, ``stalled`` (settled
        with ``on_settled="fail"``), ``errors`` and ``timeout`` are bad ones.
    :param reason: the same in words, without a full stop.
    :param stats: the last counters, lower-case names; None while there were none.
    :param news: True when the counters changed, or a run of failures began, lasted or ended: worth a line in the log.
    :param error: the name of the error's class, for the state ``errors``.
    """

    state: State
    reason: str
    stats: dict[str, int] | None
    news: bool
    error: str | None = None

    @property
    def over(self) -> bool:
        """Return True when the wait has ended."""
        return self.state != "waiting"

    @property
    def good(self) -> bool:
        """Return True when it ended well."""
        return self.state in ("met", "settled")

    @property
    def counters(self) -> str:
        """Return the last counters as text, such as ``reach 100, sent 98``."""
        return ", ".join(f"{name} {number}" for name, number in (self.stats or {}).items()) or "none yet"

    def as_dict(self, carry: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the verdict as JSON primitives: the payload of a trigger's event.

        :param carry: what the event returns beside the verdict, under ``carry``.
        """
        event = {name: value for name, value in asdict(self).items() if name != "error" or value is not None}
        return event if carry is None else {**event, "carry": dict(carry)}

    @classmethod
    def of_event(cls, event: Mapping[str, Any]) -> Verdict:
        """Read an event of this version or of the one before."""
        return cls(event["state"], event["reason"], event["stats"], event["news"], event.get("error"))


@dataclass(slots=True)
class Watch:
    """A wait in progress: the goal, and what is remembered between polls.

    :param goal: when it ends.
    :param stats: the last counters.
    :param moved_at: when a counter changed last, in seconds since the epoch.
    :param failures: failed polls in a row.
    :param failing_since: when the first of them failed, in seconds since the epoch.
    """

    goal: Goal
    stats: dict[str, int] | None = None
    moved_at: float | None = None
    failures: int = 0
    failing_since: float | None = None

    def memory(self) -> dict[str, Any]:
        """Return the state to store where polls run in different processes; ``Watch(goal, **state)`` continues it."""
        return {
            "stats": self.stats,
            "moved_at": self.moved_at,
            "failures": self.failures,
            "failing_since": self.failing_since,
        }

    def observe(self, stats: CampaignStats | None, at: float) -> Verdict:
        """Judge a poll that was answered.

        :param stats: the counters; None when Truepush has none. That means "not yet", or a failed poll if it had some.
        :param at: the moment of the answer, in seconds since the epoch.
        """
        if stats is None and self.stats is not None:
            return self.fail(statistics_gone(), at)
        # One failed poll was logged when it failed: that the next one works is what everybody expects.
        recovered, self.failures, self.failing_since = self.failures > 1, 0, None
        if stats is None:
            return self._verdict("waiting", "no statistics yet", news=recovered)
        counters = stats.as_dict()
        moved = counters != self.stats
        if moved or self.moved_at is None:
            self.stats, self.moved_at = counters, at
        if crossed := _crossed(self.goal.fail_if, stats):
            return self._verdict("guardrail", f"guardrail crossed: {', '.join(crossed)}", news=True)
        met, missing = _compare(self.goal.thresholds, stats)
        if met and (self.goal.require == "any" or not missing):
            return self._verdict("met", f"reached: {', '.join(met)}", news=True)
        waiting_for = ", ".join(missing) or "the counters to settle"
        still = at - self.moved_at
        if self.goal.settled_after is not None and still >= self.goal.settled_after:
            ended: State = "settled" if self.goal.on_settled == "succeed" else "stalled"
            return self._verdict(ended, f"no counter changed for {still:.0f} s; not reached: {waiting_for}", news=True)
        return self._verdict("waiting", f"waiting for {waiting_for}", news=moved or recovered)

    def fail(self, error: TruepushError, at: float, next_in: float | None = None) -> Verdict:
        """Judge a poll that failed. A connection that cannot be used as it is ends the wait at once.

        :param error: what the poll raised.
        :param at: the moment of the failure, in seconds since the epoch.
        :param next_in: seconds until the next poll, for the log.
        """
        self.failures += 1
        if self.failing_since is None:
            self.failing_since = at
        if isinstance(error, (TruepushAuthError, TruepushBadRequestError)) and error.http_status is None:
            return self._verdict("errors", _sentence(error), news=True, error=error)
        spent, progress = self._budget(at)
        cause = f"the last error: {_sentence(error)}".replace(f"Only this {_UNAFFECTED}", f"This {_UNAFFECTED}")
        if _UNAFFECTED not in cause:
            cause += f". This {_UNAFFECTED}"
        if spent:
            return self._verdict("errors", f"{progress}: the error budget is used up; {cause}", news=True, error=error)
        next_poll = ""
        if next_in is not None:
            next_poll = ", next now" if next_in < 0.05 else f", next in {shown_seconds(next_in)}"
        # A line at failures 1, 4, 16, 64, ...: an outage shows in the log, and does not fill it.
        news = self.failures.bit_count() == 1 and self.failures.bit_length() % 2 == 1
        return self._verdict("waiting", f"{progress}{next_poll}; {cause}", news=news)

    def _budget(self, at: float) -> tuple[bool, str]:
        """Return whether the error budget is used up, and how much of it is, in words."""
        assert self.failing_since is not None
        budget = self.goal.error_budget
        if not isinstance(budget, timedelta):
            return self.failures > budget, f"failed poll {self.failures} of {budget} tolerated in a row"
        failing = max(0.0, at - self.failing_since)
        spent = failing >= budget.total_seconds() and self.failures >= _FEWEST_FAILURES
        return spent, (
            f"failed poll {self.failures} in a row, failing for {shown_seconds(failing)} "
            f"of {shown_seconds(budget.total_seconds())} tolerated"
        )

    def time_out(self, seconds: float) -> Verdict:
        """Judge a wait whose time is up.

        :param seconds: the timeout of the wait.
        """
        missing = list(self.goal.thresholds)
        if self.stats is not None:
            missing = _compare(self.goal.thresholds, CampaignStats(extra={}, **self.stats))[1]
        why = f"time is up after {seconds:.0f} s; not reached: {', '.join(missing) or 'settled counters'}"
        if self.stats is None and not self.failures:
            why += (
                ". Truepush has reported no statistics of this campaign: it was not sent yet, or its id belongs to "
                "another project. Check it in Truepush"
            )
        return self._verdict("timeout", why, news=True)

    def _verdict(self, state: State, reason: str, *, news: bool, error: TruepushError | None = None) -> Verdict:
        stats = None if self.stats is None else dict(self.stats)
        return Verdict(state, reason, stats, news, None if error is None else type(error).__name__)


def statistics_gone() -> TruepushError:
    """Return the error for an answer without statistics about a campaign that had some: counters only grow."""
    return TruepushServerError(
        f"Truepush reported no statistics of the campaign, although it had reported some before. {ONLY_THIS_POLL}"
    )


def shown_seconds(seconds: float) -> str:
    """Return a time span in a readable unit: ``0.5 s``, ``90 s``, ``10 min``, ``1.5 h``."""
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h"


def _sentence(error: TruepushError) -> str:
    return str(error).rstrip(". ")


def _value(name: str, stats: CampaignStats) -> float | None:
    if name in RATES:
        return stats.rate(name)
    value: int = getattr(stats, name)
    return value


def _shown(name: str, value: float | None, sign: str, bound: float) -> str:
    if name in RATES:
        return f"{name} {'none yet' if value is None else f'{value:.2%}'} {sign} {bound:.2%}"
    return f"{name} {value} {sign} {bound}"


def _crossed(bounds: Mapping[str, float], stats: CampaignStats) -> list[str]:
    values = {name: _value(name, stats) for name in bounds}
    return [
        _shown(name, value, ">", bounds[name])
        for name, value in values.items()
        if value is not None and value > bounds[name]
    ]


def _compare(bounds: Mapping[str, float], stats: CampaignStats) -> tuple[list[str], list[str]]:
    met, missing = [], []
    for name, bound in bounds.items():
        value = _value(name, stats)
        if value is not None and value >= bound:
            met.append(_shown(name, value, ">=", bound))
        else:
            missing.append(_shown(name, value, "of", bound))
    return met, missing
