"""The error budget: how long polls may fail before the wait ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_truepush.exceptions import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushValidationError,
)
from airflow_provider_truepush.waiting.goal import Goal, Verdict, Watch
from tests.waiting.polls import FAILED, fail, last, stats

UNAFFECTED = "This status request failed; the campaign is not affected"


def test_the_error_budget_is_a_time() -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=timedelta(minutes=10)))
    assert fail(watch, *range(0, 600, 3)) == ["waiting"] * 200
    verdict = watch.fail(FAILED, 600)
    assert (verdict.state, verdict.news) == ("errors", True)
    assert verdict.reason == (
        "failed poll 201 in a row, failing for 10 min of 10 min tolerated: the error budget is used up; "
        f"the last error: campaignStats: Truepush failed. {UNAFFECTED}"
    )


def test_an_outage_shorter_than_the_default_budget_does_not_end_the_wait() -> None:
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


def test_an_answer_resets_the_budget() -> None:
    watch = Watch(Goal({"sent": 10}, error_budget=timedelta(seconds=10)))
    assert fail(watch, 0, 4, 8) == ["waiting"] * 3
    watch.observe(None, 9)
    assert fail(watch, 10, 14, 18, 20) == ["waiting", "waiting", "waiting", "errors"]


def test_a_clock_that_is_set_back_does_not_use_up_the_budget() -> None:
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
