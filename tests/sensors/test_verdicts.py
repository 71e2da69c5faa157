"""The same series of counters gets the same verdict in all three modes."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import SENT
from tests.sensors.context import context
from tests.sensors.modes import INTERVAL, MODES, THREE_FAILURES, Mode, sensor, wait

Row = dict[str, int] | None

ZERO = dict.fromkeys(("reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers"), 0)


def row(**counters: int) -> dict[str, int]:
    return {**ZERO, **counters}


LOW, MIDDLE, HIGH = (row(reach=1000, sent=n, delivered=n - 5) for n in (100, 500, 1000))
ANGRY = row(reach=1000, sent=500, delivered=400, unsubscribers=40)


@dataclass(frozen=True)
class Case:
    """What is polled, with what in mind, and how it must end.

    :param series: the answers.
    :param arguments: of the sensor.
    :param word: ``success``, or the name of the error's class.
    :param stats: what comes back, or is pushed on failure.
    :param polls: how many requests, where time does not decide.
    :param faults: faults at the emulator.
    :param says: words of the error's text.
    """

    series: list[Row]
    arguments: dict[str, Any]
    word: str = "success"
    stats: Row = None
    polls: int | None = None
    faults: dict[str, Any] = field(default_factory=dict)
    says: str = ""


REACHED = {"thresholds": {"delivered": 900}}
CASES: dict[str, Case] = {
    "met-at-once": Case([HIGH], REACHED, stats=HIGH, polls=1),
    "not-yet-then-met": Case([None, None, HIGH], REACHED, stats=HIGH, polls=3),
    "met-after-a-while": Case([None, LOW, LOW, MIDDLE, HIGH], REACHED, stats=HIGH, polls=5),
    "exactly-met": Case([LOW], {"thresholds": {"delivered": 95}}, stats=LOW, polls=1),
    "one-short": Case([LOW, MIDDLE], {"thresholds": {"delivered": 96}}, stats=MIDDLE, polls=2),
    "a-rate": Case([None, LOW, MIDDLE], {"thresholds": {"delivery_rate": 0.98}}, stats=MIDDLE, polls=3),
    "a-rate-of-nothing": Case([row(), LOW], {"thresholds": {"delivery_rate": 0.0}}, stats=LOW, polls=2),
    "all-of-two": Case([LOW, MIDDLE, HIGH], {"thresholds": {"sent": 500, "delivered": 900}}, stats=HIGH, polls=3),
    "any-of-two": Case(
        [LOW, MIDDLE, HIGH], {"thresholds": {"sent": 500, "delivered": 900}, "require": "any"}, stats=MIDDLE, polls=2
    ),
    "rendered-to-strings": Case([LOW, HIGH], {"thresholds": {"delivered": "900"}}, stats=HIGH, polls=2),
    "guardrail": Case(
        [None, LOW, ANGRY, HIGH],
        {**REACHED, "fail_if": {"unsubscribe_rate": 0.02}},
        word="AirflowFailException",
        stats=ANGRY,
        polls=3,
        says="unsubscribe_rate 10.00% > 2.00%",
    ),
    "guardrail-before-threshold": Case(
        [ANGRY],
        {"thresholds": {"delivered": 1}, "fail_if": {"unsubscribers": 39}},
        word="AirflowFailException",
        stats=ANGRY,
        polls=1,
    ),
    "guardrail-not-crossed-by-touching": Case(
        [ANGRY], {"thresholds": {"sent": 1}, "fail_if": {"unsubscribers": 40}}, stats=ANGRY, polls=1
    ),
    "guardrail-soft": Case(
        [ANGRY],
        {**REACHED, "fail_if": {"unsubscribers": 1}, "soft_fail": True},
        word="AirflowSkipException",
        stats=ANGRY,
        polls=1,
    ),
    "settled": Case([LOW, MIDDLE], {**REACHED, "settled_after": 0.4}, stats=MIDDLE),
    "settled-without-thresholds": Case([None, LOW], {"settled_after": 0.4}, stats=LOW),
    "settled-badly": Case(
        [LOW, MIDDLE],
        {**REACHED, "settled_after": 0.4, "on_settled": "fail"},
        word="AirflowFailException",
        stats=MIDDLE,
        says="no counter changed",
    ),
    "one-failed-poll": Case([LOW, HIGH], REACHED, stats=HIGH, polls=3, faults={"effect": "status", "nth": 2}),
    "failed-polls-within-the-budget": Case(
        [LOW, HIGH],
        {**REACHED, "error_budget": THREE_FAILURES},
        stats=HIGH,
        polls=6,
        faults={"effect": "outcome", "code": "DB-ERROR", "nth": [1, 2, 4, 5]},
    ),
    "budget-exceeded": Case(
        [LOW],
        {**REACHED, "error_budget": THREE_FAILURES},
        word="TruepushError",
        stats=LOW,
        polls=4,
        faults={"effect": "status", "nth": [2, 3, 4]},
        says="tolerated: the error budget is used up",
    ),
    "budget-exceeded-without-an-answer": Case(
        [LOW],
        {**REACHED, "error_budget": THREE_FAILURES},
        word="TruepushError",
        polls=3,
        faults={"effect": "fin", "nth": [1, 2, 3]},
    ),
    "empty-answers-are-failed-polls": Case(
        [LOW],
        {**REACHED, "error_budget": THREE_FAILURES, "settled_after": 30},
        word="TruepushError",
        stats=LOW,
        polls=4,
        faults={"effect": "status", "status": 200, "body": "", "nth": [2, 3, 4]},
        says="This status request failed; the campaign is not affected.",
    ),
    "statistics-that-vanish-are-failed-polls": Case(
        [LOW],
        {**REACHED, "error_budget": THREE_FAILURES, "settled_after": 30},
        word="TruepushError",
        stats=LOW,
        polls=4,
        faults={"effect": "outcome", "code": "NO-STATS-FOUND", "nth": [2, 3, 4]},
        says="no statistics of the campaign, although it had reported some before. This status request failed",
    ),
    "statistics-that-come-back": Case(
        [LOW, HIGH],
        {**REACHED, "error_budget": THREE_FAILURES},
        stats=HIGH,
        polls=4,
        faults={"effect": "outcome", "code": "NO-STATS-FOUND", "nth": [2, 3]},
    ),
    "empty-answers-from-the-first": Case(
        [LOW],
        {**REACHED, "error_budget": THREE_FAILURES},
        word="TruepushError",
        polls=3,
        faults={"effect": "status", "status": 200, "body": ""},
    ),
    # One good answer only: two that are 0.4 s apart would settle it on a busy machine.
    "empty-answers-after-another-failure-settle-nothing": Case(
        [LOW],
        {**REACHED, "settled_after": 0.4, "timeout": 1.0},
        word="AirflowSensorTimeout",
        stats=LOW,
        faults={"effect": "status", "status": 200, "body": "", "nth": range(2, 1000)},
    ),
    "budget-exceeded-is-not-soft": Case(
        [LOW],
        {**REACHED, "error_budget": THREE_FAILURES, "soft_fail": True},
        word="TruepushError",
        polls=3,
        faults={"effect": "html"},
    ),
    "timeout": Case([LOW], {**REACHED, "timeout": 0.5}, word="AirflowSensorTimeout", stats=LOW),
    "timeout-without-stats": Case([None], {**REACHED, "timeout": 0.5}, word="AirflowSensorTimeout"),
    "timeout-soft": Case([LOW], {**REACHED, "timeout": 0.5, "soft_fail": True}, word="AirflowSkipException", stats=LOW),
    "timeout-while-polls-fail": Case(
        [LOW],
        {**REACHED, "timeout": 0.5},
        word="AirflowSensorTimeout",
        stats=LOW,
        faults={"effect": "status", "nth": range(2, 1000)},
    ),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", CASES)
def test_a_verdict(name: str, mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES[name]
    emulator.set_series(SENT, case.series)
    if case.faults:
        emulator.fault("campaignStats", **case.faults)
    connect(monkeypatch, emulator, CONN_ID, timeout=20, max_attempts=1)

    ended = wait(mode, **case.arguments)

    assert ended.word == case.word, ended.text
    assert case.says in ended.text
    if case.word == "success":
        assert ended.value == case.stats
        assert ended.xcoms == {}
    else:
        assert ended.xcoms == {"stats": case.stats}
    assert emulator.count() == emulator.count("campaignStats")
    if case.polls is not None:
        assert emulator.count() == case.polls
    # Whatever the answer was, the interval was kept.
    times = [request.monotonic for request in emulator.requests()]
    until_the_last = pairwise(times[:-1])  # which comes at the deadline, if there is one
    assert all(later - earlier >= 0.8 * INTERVAL for earlier, later in until_the_last)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("fault", [{"effect": "429"}, {"effect": "status", "status": 503}], ids=["429", "503"])
def test_retry_after_lengthens_the_interval(
    fault: dict[str, Any], mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.set_series(SENT, [None, HIGH])
    emulator.fault("campaignStats", **fault, retry_after=1, nth=2)
    # What the hook may not sit out itself comes to the sensor.
    connect(monkeypatch, emulator, timeout=20, retry_budget=0)

    assert wait(mode, **REACHED).word == "success"

    first, second, third = (request.monotonic for request in emulator.requests())
    assert third - second >= 0.95
    assert second - first >= 0.8 * INTERVAL


@pytest.mark.parametrize("mode", MODES)
def test_retry_after_does_not_lengthen_the_timeout(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.fault("campaignStats", effect="429", retry_after=3600)
    connect(monkeypatch, emulator, timeout=20)

    # pytest's own timeout would end a wait of an hour.
    assert wait(mode, **REACHED, timeout=0.5).word == "AirflowSensorTimeout"
    assert 1 <= emulator.count() <= 4


@pytest.mark.parametrize("mode", MODES)
def test_an_interval_longer_than_the_timeout_still_ends_at_the_timeout(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator.set_series(SENT, [LOW, HIGH])
    connect(monkeypatch, emulator, timeout=20)
    # The last poll comes at the deadline, and may still bring good news.
    assert wait(mode, **REACHED, timeout=4, poke_interval=3600).word == "success"
    assert emulator.count() == 2


@pytest.mark.parametrize("mode", MODES)
def test_a_dry_runs_campaign_is_not_waited_for(mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator, timeout=20)
    task_arguments = {**REACHED, "campaign_id": "dry-run-0123456789abcdef"}
    assert sensor(mode, **task_arguments).execute(context()) is None
    assert emulator.count() == 0
