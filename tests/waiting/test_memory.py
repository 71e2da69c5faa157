"""Watches that go on in another process, and their verdicts against the design's words written down a second time."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from hypothesis import given, settings, strategies as st

from airflow_provider_truepush.waiting.goal import Goal, Verdict, Watch
from tests.api.support import quick
from tests.waiting.polls import FAILED, stats

counts = st.integers(0, 4)
polled = st.one_of(
    st.none(),
    st.just("failed"),
    st.builds(stats, sent=counts, delivered=counts, views=counts, unsubscribers=counts),
)
goals = st.builds(
    Goal,
    thresholds=st.fixed_dictionaries(
        {"sent": counts}, optional={"delivered": counts, "delivery_rate": st.sampled_from([0, 0.5, 1])}
    ),
    require=st.sampled_from(["all", "any"]),
    fail_if=st.fixed_dictionaries({}, optional={"unsubscribers": counts, "unsubscribe_rate": st.just(0.5)}),
    settled_after=st.sampled_from([None, 1, 3, 7.5]),
    on_settled=st.sampled_from(["succeed", "fail"]),
    error_budget=st.sampled_from([0, 1, 3, timedelta(seconds=1), timedelta(seconds=4)]),
)
Series = list[tuple[Any, float]]


def judge(watch: Watch, series: Series, now: float = 1e9) -> tuple[list[Verdict], float]:
    verdicts = []
    for poll, pause in series:
        now += pause
        verdicts.append(watch.fail(FAILED, now) if poll == "failed" else watch.observe(poll, now))
    return verdicts, now


@settings(quick, max_examples=75)
@given(goals, st.lists(st.tuples(polled, st.sampled_from([0.0, 1.0, 2.5])), max_size=12), st.data())
def test_split_anywhere_the_verdicts_are_the_same(goal: Goal, series: Series, data: st.DataObject) -> None:
    whole, _ = judge(Watch(goal), series)
    cut = data.draw(st.integers(0, len(series)))
    first = Watch(goal)
    before, now = judge(first, series[:cut])
    kept = json.loads(json.dumps({"goal": goal.as_dict(), "memory": first.memory()}))
    second = Watch(Goal(**kept["goal"]), **kept["memory"])
    after, _ = judge(second, series[cut:], now)
    assert before + after == whole
    assert second.time_out(5) == judge_end(goal, series)


def judge_end(goal: Goal, series: Series) -> Verdict:
    watch = Watch(goal)
    judge(watch, series)
    return watch.time_out(5)


@settings(quick, max_examples=75)
@given(goals, st.lists(st.tuples(polled, st.sampled_from([0.0, 1.0, 2.5])), max_size=12))
def test_what_a_verdict_says_is_so(goal: Goal, series: Series) -> None:
    """Each verdict against the words of the design, written down a second time."""
    verdicts, _ = judge(Watch(goal), series)
    failures, failing, known, still = 0, 0.0, None, 0.0
    for (poll, pause), verdict in zip(series, verdicts, strict=True):
        still += pause
        if poll == "failed" or (poll is None and known is not None):  # statistics do not vanish
            failures += 1
            failing = failing + pause if failures > 1 else 0.0
            if isinstance(goal.error_budget, int):  # as version 0.1 counted
                spent = failures > goal.error_budget
            else:
                spent = failures >= 3 and failing >= goal.error_budget.total_seconds()
            assert verdict.state == ("errors" if spent else "waiting")
            continue
        failures = 0
        if poll is None:
            assert verdict.state == "waiting"
            continue
        if poll.as_dict() != known:
            known, still = poll.as_dict(), 0.0
        rates = {"delivery_rate": poll.delivery_rate, "unsubscribe_rate": poll.unsubscribe_rate}
        values: dict[str, float | None] = {**poll.as_dict(), **rates}
        above = [name for name, bound in goal.fail_if.items() if (value := values[name]) is not None and value > bound]
        reached = [(value := values[name]) is not None and value >= bound for name, bound in goal.thresholds.items()]
        if above:
            assert verdict.state == "guardrail"
        elif all(reached) or (goal.require == "any" and any(reached)):
            assert verdict.state == "met"
        elif goal.settled_after is not None and still >= goal.settled_after:
            assert verdict.state == ("settled" if goal.on_settled == "succeed" else "stalled")
        else:
            assert verdict.state == "waiting"
