"""A wait over a series of polls."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.exceptions import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushServerError,
    TruepushValidationError,
)
from airflow_provider_truepush.models import CampaignStats
from airflow_provider_truepush.waiting.goal import Goal, Verdict, Watch
from tests.api.support import COUNTERS


def stats(**counters: int) -> CampaignStats:
    """Counters of 0 but for those given."""
    return CampaignStats.from_api(
        {**dict.fromkeys(COUNTERS, 0), **{key.capitalize(): n for key, n in counters.items()}}
    )


def last(goal: Goal, *series: CampaignStats | TruepushServerError | None, every: float = 10) -> Verdict:
    """The verdict on the last of a series of polls; all before it must keep waiting."""
    watch = Watch(goal)
    for number, polled in enumerate(series, start=1):
        verdict = (
            watch.fail(polled, number * every)
            if isinstance(polled, TruepushServerError)
            else watch.observe(polled, number * every)
        )
        assert verdict.over == (verdict.state != "waiting")
        if number < len(series):
            assert verdict.state == "waiting", (number, verdict)
    return verdict


FAILED = TruepushServerError("campaignStats: Truepush failed")


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


def test_any_move_starts_the_time_anew() -> None:
    goal = Goal({"sent": 10}, settled_after=20)
    assert last(goal, stats(), stats(), stats(views=1), stats(views=1)).state == "waiting"
    assert last(goal, stats(), stats(), stats(views=1), stats(views=1), stats(views=1)).state == "settled"
    assert last(goal, stats(views=1), stats(), stats()).state == "waiting"  # even a move back


def test_a_missing_answer_is_no_move() -> None:
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


UNAFFECTED = "This status request failed; the campaign is not affected"


def fail(watch: Watch, *moments: float) -> list[str]:
    return [watch.fail(FAILED, at).state for at in moments]


def test_the_error_budget_is_a_time() -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=timedelta(minutes=10)))
    assert fail(watch, *range(0, 600, 3)) == ["waiting"] * 200
    verdict = watch.fail(FAILED, 600)
    assert (verdict.state, verdict.news) == ("errors", True)
    assert verdict.reason == (
        "failed poll 201 in a row, failing for 10 min of 10 min tolerated: the error budget is used up; "
        f"the last error: campaignStats: Truepush failed. {UNAFFECTED}"
    )


def test_an_outage_shorter_than_the_default_budget_ends_no_wait() -> None:
    for every in (0.1, 3, 60, 200):
        assert set(fail(Watch(Goal({"sent": 10})), *(every * n for n in range(int(590 / every))))) == {"waiting"}


@pytest.mark.parametrize("budget", [timedelta(seconds=0.001), timedelta(seconds=1), timedelta(days=1)])
@pytest.mark.parametrize("interval", [0.01, 60.0, 86_400.0])
def test_a_single_failed_poll_never_ends_the_wait(budget: timedelta, interval: float) -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=budget))
    for round_number in range(3):
        assert watch.fail(FAILED, 2 * round_number * interval).state == "waiting"
        assert watch.observe(None, (2 * round_number + 1) * interval).state == "waiting"


def test_an_interval_longer_than_the_budget_needs_three_failures() -> None:
    """Two polls an hour apart may both fail by chance; nobody knows what happened in between."""
    assert fail(Watch(Goal({"sent": 10})), 0, 3600, 7200) == ["waiting", "waiting", "errors"]


def test_an_answer_starts_the_budget_anew() -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=timedelta(seconds=10)))
    assert fail(watch, 0, 4, 8) == ["waiting"] * 3
    watch.observe(None, 9)
    assert fail(watch, 10, 14, 18, 20) == ["waiting", "waiting", "waiting", "errors"]


def test_a_clock_that_is_set_back_uses_up_nothing() -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=timedelta(seconds=10)))
    assert fail(watch, 1000, 1003, 1, 4, 7) == ["waiting"] * 5


def test_the_reason_shows_how_far_the_budget_is_used_and_when_the_next_poll_comes() -> None:
    watch = Watch(Goal({"sent": 10}))
    watch.fail(FAILED, 100)
    assert watch.fail(FAILED, 112, 3).reason == (
        "failed poll 2 in a row, failing for 12 s of 10 min tolerated, next in 3 s; "
        f"the last error: campaignStats: Truepush failed. {UNAFFECTED}"
    )


def test_an_outage_shows_in_the_log_and_does_not_fill_it() -> None:
    watch = Watch(Goal({"sent": 10}))
    assert [n for n in range(1, 201) if watch.fail(FAILED, n * 3 - 3).news] == [1, 4, 16, 64]


@pytest.mark.parametrize("budget", [0, 1, 5])
def test_a_number_still_means_failed_polls(budget: int) -> None:
    """As version 0.1 wrote it into Dags and into the arguments of deferred triggers: never seconds."""
    goal = Goal({"sent": 10}, error_budget=budget)
    for every in (0.001, 10, 100_000):
        verdict = last(goal, *[FAILED] * (budget + 1), every=every)
        assert (verdict.state, verdict.news) == ("errors", True)
        assert verdict.reason == (
            f"failed poll {budget + 1} of {budget} tolerated in a row: the error budget is used up; "
            f"the last error: campaignStats: Truepush failed. {UNAFFECTED}"
        )


def test_what_a_reschedule_of_version_0_1_remembered_is_read() -> None:
    watch = Watch(Goal({"sent": 10}), stats=None, moved_at=None, failures=4)
    assert fail(watch, 1000, 1300) == ["waiting", "waiting"]
    assert fail(watch, 1600) == ["errors"]


@pytest.mark.parametrize("kind", [TruepushAuthError, TruepushBadRequestError, TruepushValidationError])
def test_a_poll_that_could_not_be_made_ends_the_wait_at_once(kind: type[TruepushError]) -> None:
    verdict = Watch(Goal({"sent": 10})).fail(kind("The connection has no token."), 0)
    assert verdict == Verdict("errors", "The connection has no token", None, news=True, error=kind.__name__)


@pytest.mark.parametrize("kind", [TruepushAuthError, TruepushBadRequestError])
def test_a_poll_that_was_refused_is_one_failed_poll(kind: type[TruepushError]) -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=1))
    error = kind("campaignStats: no", http_status=401)
    verdicts = [watch.fail(error, at) for at in (0, 1)]
    assert [verdict.state for verdict in verdicts] == ["waiting", "errors"]
    assert verdicts[-1].error == kind.__name__


def test_one_answer_makes_good_all_failures_before_it() -> None:
    goal = Goal({"sent": 10}, error_budget=1)
    for answer in (None, stats(sent=1)):
        assert last(goal, FAILED, answer, FAILED, answer, FAILED).state == "waiting"
        assert last(goal, FAILED, answer, FAILED, answer, FAILED, FAILED).state == "errors"


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
    assert verdict.reason == f"time is up after 3600 s; not reached: {missing}"
    assert verdict.stats == (series[-1].as_dict() if series else None)


def test_a_verdict_is_not_changed_by_later_polls() -> None:
    watch = Watch(Goal({"sent": 10}))
    verdict = watch.observe(stats(sent=1), 0)
    assert verdict.stats is not None
    verdict.stats["sent"] = 99
    assert watch.observe(stats(sent=1), 1).stats == stats(sent=1).as_dict()
