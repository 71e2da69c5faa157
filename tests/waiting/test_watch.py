"""A wait over a series of polls."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.exceptions import (
    TruepushServerError,
)
from airflow_provider_truepush.models import CampaignStats
from airflow_provider_truepush.waiting.goal import Goal, Verdict, Watch
from tests.waiting.polls import FAILED, fail, last, stats


def test_not_yet() -> None:
    verdict = last(Goal({"sent": 0}), None)
    assert verdict == Verdict("waiting", "no statistics yet", None, news=False)
    assert last(Goal({"sent": 0}, settled_after=5), *[None] * 50).state == "waiting"


@pytest.mark.parametrize(
    ("thresholds", "given_stats", "reason"),
    [
        ({"sent": 10}, {"sent": 10}, "reached: sent 10 >= 10"),
        ({"sent": 10}, {"sent": 11}, "reached: sent 11 >= 10"),
        ({"clicks": 0}, {}, "reached: clicks 0 >= 0"),
        ({"delivery_rate": 0.95}, {"sent": 100, "delivered": 95}, "reached: delivery_rate 95.00% >= 95.00%"),
        ({"delivery_rate": 0}, {"sent": 1}, "reached: delivery_rate 0.00% >= 0.00%"),
        (
            {"sent": 1, "view_rate": 0.5},
            {"sent": 1, "delivered": 2, "views": 1},
            "reached: sent 1 >= 1, view_rate 50.00% >= 50.00%",
        ),
    ],
)
def test_met(thresholds: dict[str, float], given_stats: dict[str, int], reason: str) -> None:
    verdict = last(Goal(thresholds), stats(**given_stats))
    assert (verdict.state, verdict.reason, verdict.news) == ("met", reason, True)
    assert verdict.stats == stats(**given_stats).as_dict()


@pytest.mark.parametrize(
    ("thresholds", "given_stats", "reason"),
    [
        ({"sent": 10}, {"sent": 9}, "waiting for sent 9 of 10"),
        ({"delivery_rate": 0.95}, {"sent": 100, "delivered": 94}, "waiting for delivery_rate 94.00% of 95.00%"),
        ({"delivery_rate": 0}, {}, "waiting for delivery_rate none yet of 0.00%"),
        ({"sent": 1, "views": 5}, {"sent": 1}, "waiting for views 0 of 5"),
    ],
)
def test_waiting(thresholds: dict[str, float], given_stats: dict[str, int], reason: str) -> None:
    verdict = last(Goal(thresholds), stats(**given_stats))
    assert (verdict.state, verdict.reason, verdict.news) == ("waiting", reason, True)


@pytest.mark.parametrize(("require", "state"), [("all", "waiting"), ("any", "met")])
def test_all_or_any(require: Any, state: str) -> None:
    goal = Goal({"sent": 10, "delivered": 10}, require)
    assert last(goal, stats(sent=10, delivered=9)).state == state
    assert last(goal, stats(sent=9, delivered=10)).state == state
    assert last(goal, stats(sent=9, delivered=9)).state == "waiting"
    assert last(goal, stats(sent=10, delivered=10)).state == "met"


def test_the_guardrail_beats_the_goal() -> None:
    goal = Goal({"delivered": 10}, fail_if={"unsubscribe_rate": 0.1, "unsubscribers": 3})
    verdict = last(goal, stats(delivered=10, unsubscribers=2))
    assert (verdict.state, verdict.news) == ("guardrail", True)
    assert verdict.reason == "guardrail crossed: unsubscribe_rate 20.00% > 10.00%"
    assert last(goal, stats(delivered=10, unsubscribers=4)).reason == (
        "guardrail crossed: unsubscribe_rate 40.00% > 10.00%, unsubscribers 4 > 3"
    )


def test_a_guardrail_is_crossed_above_it_only() -> None:
    goal = Goal({"delivered": 1000}, fail_if={"unsubscribe_rate": 0.1, "unsubscribers": 2})
    assert last(goal, stats(delivered=20, unsubscribers=2)).state == "waiting"
    assert last(goal, stats(unsubscribers=2)).state == "waiting"  # a rate of nothing crosses nothing
    assert last(goal, stats(delivered=30, unsubscribers=3)).state == "guardrail"
    assert last(goal, stats(delivered=19, unsubscribers=2)).state == "guardrail"


def test_the_guardrail_beats_a_settled_end() -> None:
    goal = Goal({}, fail_if={"unsubscribers": 0}, settled_after=1)
    watch = Watch(goal, stats=stats(unsubscribers=1).as_dict(), moved_at=0)
    assert watch.observe(stats(unsubscribers=1), 100).state == "guardrail"


@pytest.mark.parametrize(("on_settled", "state"), [("succeed", "settled"), ("fail", "stalled")])
def test_settled(on_settled: Any, state: str) -> None:
    goal = Goal({"sent": 10}, settled_after=20, on_settled=on_settled)
    verdict = last(goal, stats(sent=5), stats(sent=5), stats(sent=5))
    assert (verdict.state, verdict.news) == (state, True)
    assert verdict.reason == "no counter changed for 20 s; not reached: sent 5 of 10"


def test_any_change_of_a_counter_restarts_the_time() -> None:
    goal = Goal({"sent": 10}, settled_after=20)
    assert last(goal, stats(), stats(), stats(views=1), stats(views=1)).state == "waiting"
    assert last(goal, stats(), stats(), stats(views=1), stats(views=1), stats(views=1)).state == "settled"
    assert last(goal, stats(views=1), stats(), stats()).state == "waiting"  # even a move back


def test_a_missing_answer_is_not_a_change() -> None:
    goal = Goal({"sent": 10}, settled_after=20)
    assert last(goal, stats(sent=1), None, stats(sent=1)).state == "settled"
    assert last(goal, stats(sent=1), FAILED, stats(sent=1)).state == "settled"
    assert last(goal, None, None, None, stats(sent=1), stats(sent=1)).state == "waiting"


def test_settling_alone() -> None:
    goal = Goal({}, settled_after=10)
    first = last(goal, stats(sent=1))
    assert (first.state, first.reason) == ("waiting", "waiting for the counters to settle")
    assert last(goal, stats(sent=1), stats(sent=1)).reason == (
        "no counter changed for 10 s; not reached: the counters to settle"
    )


def test_the_goal_beats_a_settled_end() -> None:
    watch = Watch(Goal({"sent": 1}, settled_after=1), stats=stats(sent=1).as_dict(), moved_at=0)
    assert watch.observe(stats(sent=1), 100).state == "met"


def test_what_a_reschedule_of_version_0_1_remembered_is_read() -> None:
    watch = Watch(Goal({"sent": 10}), stats=None, moved_at=None, failures=4)
    assert fail(watch, 1000, 1300) == ["waiting", "waiting"]
    assert fail(watch, 1600) == ["errors"]


def test_the_last_counters_stay_known() -> None:
    known = stats(sent=1).as_dict()
    assert last(Goal({"sent": 10}), stats(sent=1), None).stats == known
    assert last(Goal({"sent": 10}), stats(sent=1), FAILED).stats == known
    assert last(Goal({"sent": 10}), FAILED).stats is None


def test_news() -> None:
    watch = Watch(Goal({"sent": 10}))
    polls: list[tuple[CampaignStats | TruepushServerError | None, bool]] = [
        (None, False),
        (stats(), True),
        (stats(), False),
        (stats(sent=1), True),
        (stats(sent=1), False),
        (FAILED, True),
        (FAILED, False),
        (FAILED, False),
        (stats(sent=1), True),
        (stats(sent=1), False),
        (FAILED, True),
        (None, False),
        (None, False),
    ]
    for at, (polled, news) in enumerate(polls):
        verdict = watch.fail(polled, at) if isinstance(polled, TruepushServerError) else watch.observe(polled, at)
        assert verdict.news == news, at


NEVER_SENT = (
    "Truepush has reported no statistics of this campaign: it was not sent yet, or its id belongs to another project. "
    "Check it in Truepush"
)


@pytest.mark.parametrize(
    ("goal", "series", "missing"),
    [
        (Goal({"sent": 10, "views": 1}), [], "sent, views"),
        (Goal({"sent": 10, "views": 1}), [stats(sent=10)], "views 0 of 1"),
        (Goal({}, settled_after=60), [], "settled counters"),
        (Goal({}, settled_after=60), [stats(sent=1)], "settled counters"),
    ],
)
def test_time_out(goal: Goal, series: list[CampaignStats], missing: str) -> None:
    watch = Watch(goal)
    for at, polled in enumerate(series):
        watch.observe(polled, at)
    verdict = watch.time_out(3600)
    assert (verdict.state, verdict.news) == ("timeout", True)
    why = f"time is up after 3600 s; not reached: {missing}"
    assert verdict.reason == (why if series else f"{why}. {NEVER_SENT}")
    assert verdict.stats == (series[-1].as_dict() if series else None)


def test_a_verdict_is_not_changed_by_later_polls() -> None:
    watch = Watch(Goal({"sent": 10}))
    verdict = watch.observe(stats(sent=1), 0)
    assert verdict.stats is not None
    verdict.stats["sent"] = 99
    assert watch.observe(stats(sent=1), 1).stats == stats(sent=1).as_dict()
