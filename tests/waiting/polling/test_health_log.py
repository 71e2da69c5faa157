"""What a poller reports: intervals that cannot be kept, and outages, in which nothing is said about intervals."""

from __future__ import annotations

import logging
import time

import pytest
from airflow.providers.common.compat.sdk import Stats

from airflow_provider_truepush.exceptions import TruepushServerError
from airflow_provider_truepush.waiting.goal import Goal, Watch
from airflow_provider_truepush.waiting.polling import health_log
from airflow_provider_truepush.waiting.polling.health_log import HealthLog
from airflow_provider_truepush.waiting.polling.waiters import TrackedCampaign, Waiter

assert Stats  # imported before caplog listens: it sets up Airflow's logging

REMEDY = "Choose longer intervals."
FAILED = TruepushServerError("campaignStats: Truepush failed")


@pytest.fixture
def late() -> list[TrackedCampaign]:
    """Campaigns whose polls are due since long ago."""
    campaigns = []
    for number in range(100):
        tracked = TrackedCampaign(f"{number:024x}")
        tracked.waiters.append(Waiter(Watch(Goal({"sent": 1})), 3.0, 10_000.0, time.time()))
        campaigns.append(tracked)
    return campaigns


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [row.getMessage() for row in caplog.records if row.name == health_log.__name__]


class Run:
    """A poller's seconds, one after another."""

    def __init__(self, late: list[TrackedCampaign]) -> None:
        self.health = HealthLog("truepush_default")
        self.now = time.monotonic()
        self._late = late
        self.second(0)

    def second(self, polls: int, *, failing: bool = False) -> None:
        for number in range(polls):
            self.health.polled(self.now + number / polls)
            if failing:
                self.health.fails(FAILED)
            else:
                self.health.works()
        self.now += 1
        self.health.report(self.now, self._late, self._late, REMEDY)


def test_late_polls_are_reported_with_a_remedy(late: list[TrackedCampaign], caplog: pytest.LogCaptureFixture) -> None:
    run = Run(late)
    for _ in range(12):
        run.second(10)
    (line,) = said(caplog)
    assert "100 campaigns at 10.0 requests per second make about 10 s between two polls of one campaign" in line
    assert line.endswith(REMEDY)


def test_an_outage_says_nothing_about_intervals(late: list[TrackedCampaign], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run = Run(late)
    for _ in range(60):
        run.second(10, failing=True)
    (line,) = said(caplog)
    assert "fail: " in line
    assert "The campaigns are not affected." in line
    assert REMEDY not in caplog.text


def test_requests_that_hang_say_nothing_about_intervals(
    late: list[TrackedCampaign], caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(late)
    run.second(100)
    for _ in range(30):
        run.second(0)
    assert not said(caplog)


def test_some_failures_among_many_answers_say_nothing_about_intervals(
    late: list[TrackedCampaign], caplog: pytest.LogCaptureFixture
) -> None:
    run = Run(late)
    for _ in range(20):
        run.second(7)
        run.second(3, failing=True)
    assert REMEDY not in caplog.text


def test_the_end_of_an_outage_is_reported(late: list[TrackedCampaign], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    run = Run(late)
    for _ in range(10):
        run.second(10, failing=True)
    for _ in range(6):
        run.second(10)
    lines = said(caplog)
    assert "fail: " in lines[0]
    assert any("work again" in line for line in lines)
