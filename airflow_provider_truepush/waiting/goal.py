"""Judging a campaign's numbers: one state machine for every way of waiting."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from airflow_provider_truepush.api import checks
from airflow_provider_truepush.api.defaults import DEFAULT_ERROR_BUDGET
from airflow_provider_truepush.api.errors import TruepushAuthError, TruepushBadRequestError, TruepushError
from airflow_provider_truepush.api.models.stats import RATES, CampaignStats
from airflow_provider_truepush.api.protocol.codes import COUNTERS

State = Literal["waiting", "met", "settled", "guardrail", "stalled", "errors", "timeout"]


@dataclass(frozen=True, slots=True)
class Goal:
    """When a wait for a campaign ends.

    :param thresholds: lowest values to reach, by counter (``reach, sent, delivered, views, clicks, button0,
        button1, unsubscribers``) or rate (``delivery_rate, view_rate, click_rate, unsubscribe_rate``, 0 to 1).
    :param require: ``all`` of them, or ``any``.
    :param fail_if: guardrails: a value above one of these ends the wait as failed, whatever else holds.
    :param settled_after: seconds without a move of any counter after which the wait ends; None for never.
    :param on_settled: whether that end is a success.
    :param error_budget: failed polls in a row that are endured.
    """

    thresholds: Mapping[str, float]
    require: Literal["all", "any"] = "all"
    fail_if: Mapping[str, float] = field(default_factory=dict)
    settled_after: float | None = None
    on_settled: Literal["succeed", "fail"] = "succeed"
    error_budget: int = DEFAULT_ERROR_BUDGET

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", _bounds("thresholds", self.thresholds))
        object.__setattr__(self, "fail_if", _bounds("fail_if", self.fail_if))
        if self.require not in ("all", "any"):
            checks.refuse("require", self.require, "must be 'all' or 'any'")
        if self.on_settled not in ("succeed", "fail"):
            checks.refuse("on_settled", self.on_settled, "must be 'succeed' or 'fail'")
        if self.settled_after is not None:
            object.__setattr__(self, "settled_after", checks.seconds("settled_after", self.settled_after))
        checks.whole("error_budget", self.error_budget, 0, 1_000_000)
        if not self.thresholds and self.settled_after is None:
            checks.refuse("thresholds", self.thresholds, "must name a counter or a rate, or settled_after be given")

    def as_dict(self) -> dict[str, Any]:
        """The goal as JSON primitives; ``Goal(**that)`` is equal to it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one poll says.

    :param state: ``waiting`` goes on; ``met`` and ``settled`` are good ends; ``guardrail``, ``stalled`` (settled
        with ``on_settled="fail"``), ``errors`` and ``timeout`` are bad ones.
    :param reason: the same in words.
    :param stats: the last counters known, lower-case names; None while there were none.
    :param news: whether the counters changed, or a run of failures began or ended: worth a line in the log.
    """

    state: State
    reason: str
    stats: dict[str, int] | None
    news: bool

    @property
    def over(self) -> bool:
        """Whether the wait ends."""
        return self.state != "waiting"

    @property
    def good(self) -> bool:
        """Whether it ends well."""
        return self.state in ("met", "settled")

    def as_dict(self) -> dict[str, Any]:
        """The verdict as JSON primitives; ``Verdict(**that)`` is equal to it."""
        return asdict(self)


@dataclass(slots=True)
class Watch:
    """A wait under way: the goal, and what it remembers between polls.

    :param goal: when it ends.
    :param stats: the last counters.
    :param moved_at: when a counter moved last, in seconds since the epoch.
    :param failures: failed polls in a row.
    """

    goal: Goal
    stats: dict[str, int] | None = None
    moved_at: float | None = None
    failures: int = 0

    def memory(self) -> dict[str, Any]:
        """What has to be kept where polls run in different processes; ``Watch(goal, **that)`` goes on from it."""
        return {"stats": self.stats, "moved_at": self.moved_at, "failures": self.failures}

    def observe(self, stats: CampaignStats | None, at: float) -> Verdict:
        """Judge a poll that was answered.

        :param stats: the counters; None when Truepush has none, which means "not yet".
        :param at: the moment of the answer, in seconds since the epoch.
        """
        # One failed poll was told when it failed: that the next worked is what everybody expects.
        recovered, self.failures = self.failures > 1, 0
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
            return self._verdict(ended, f"no counter moved for {still:.0f} s; not reached: {waiting_for}", news=True)
        return self._verdict("waiting", f"waiting for {waiting_for}", news=moved or recovered)

    def fail(self, error: TruepushError) -> Verdict:
        """Judge a poll that failed. One that never left, for a bad connection, ends the wait at once."""
        self.failures += 1
        if isinstance(error, (TruepushAuthError, TruepushBadRequestError)) and error.http_status is None:
            return self._verdict("errors", str(error), news=True)
        runs = f"{self.failures} failed poll{'s' if self.failures > 1 else ''} in a row"
        if self.failures > self.goal.error_budget:
            why = f"{runs}, more than the error budget of {self.goal.error_budget}; the last: {error}"
            return self._verdict("errors", why, news=True)
        endured = f"{runs} of {self.goal.error_budget} endured: {error}"
        return self._verdict("waiting", endured, news=self.failures == 1)

    def time_out(self, seconds: float) -> Verdict:
        """Judge a wait whose time is up.

        :param seconds: how long it was given.
        """
        missing = list(self.goal.thresholds)
        if self.stats is not None:
            missing = _compare(self.goal.thresholds, CampaignStats(extra={}, **self.stats))[1]
        why = f"time is up after {seconds:.0f} s; not reached: {', '.join(missing) or 'settled counters'}"
        return self._verdict("timeout", why, news=True)

    def _verdict(self, state: State, reason: str, *, news: bool) -> Verdict:
        return Verdict(state, reason, None if self.stats is None else dict(self.stats), news)


def _bounds(name: str, given: Any) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        checks.refuse(name, given, "must be a mapping of counters or rates to numbers")
    return {key: _bound(f"{name}.{key}", key, value) for key, value in given.items()}


def _bound(field: str, key: str, value: Any) -> float:
    known = (*COUNTERS.values(), *RATES)
    if key not in known:
        checks.refuse(field, value, f"is no counter and no rate (known: {', '.join(known)})")
    if isinstance(value, str):
        value = _number(value)  # templates render to strings
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        checks.refuse(field, value, "must be a number of at least 0")
    if key in RATES and value > 1:
        checks.refuse(field, value, "is a rate and must lie between 0 and 1")
    if key not in RATES and value != int(value):
        checks.refuse(field, value, "is a counter and must be a whole number")
    return value


def _number(value: str) -> float | str:
    try:
        return float(value) if "." in value or "e" in value.lower() else int(value)
    except ValueError:
        return value


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
