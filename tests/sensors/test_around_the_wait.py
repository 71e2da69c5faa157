"""What the sensor does besides judging: cancel, remember, log, survive."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger
from airflow_provider_truepush.waiting.polling import connection
from tests.contract.driver import CONN_ID, connect
from tests.contract.world import SCHEDULED, SENT, furnish
from tests.sensors.context import Store, TaskInstance, context
from tests.sensors.modes import MODES, THREE_FAILURES, Mode, defer, listen, sensor, wait

COUNTERS = ("reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers")
ANGRY = dict.fromkeys(COUNTERS, 7)
CALM = {**ANGRY, "unsubscribers": 0}
NEVER: dict[str, Any] = {"thresholds": {"delivered": 1000}}


@pytest.fixture
def scheduled(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator with a campaign that can still be cancelled, and odd counters for it."""
    furnish(emulator)
    emulator.set_series(SCHEDULED, [ANGRY])
    connect(monkeypatch, emulator, CONN_ID, timeout=20, max_attempts=1)
    return emulator


def status(emulator: Emulator) -> str:
    (campaign,) = [row for row in emulator.campaigns() if row["id"] == SCHEDULED]
    return str(campaign["status"])


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"fail_if": {"unsubscribers": 5}}, "AirflowFailException"),
        ({"fail_if": {"unsubscribers": 5}, "soft_fail": True}, "AirflowSkipException"),
        ({"settled_after": 0.2, "on_settled": "fail"}, "AirflowFailException"),
        ({"timeout": 0.3}, "AirflowSensorTimeout"),
        ({"timeout": 0.3, "soft_fail": True}, "AirflowSkipException"),
    ],
    ids=["guardrail", "guardrail-soft", "stalled", "timeout", "timeout-soft"],
)
def test_a_bad_end_cancels_the_campaign_once_if_asked_to(
    arguments: dict[str, Any], word: str, mode: Mode, scheduled: Emulator
) -> None:
    ended = wait(mode, campaign_id=SCHEDULED, **NEVER, **arguments, cancel_on_failure=True)
    assert ended.word == word
    assert scheduled.count("cancelCampaign") == 1
    assert status(scheduled) == "cancelled"
    assert ended.xcoms == {"stats": ANGRY}


@pytest.mark.parametrize("mode", MODES)
def test_a_bad_end_touches_nothing_unless_asked_to(mode: Mode, scheduled: Emulator) -> None:
    ended = wait(mode, campaign_id=SCHEDULED, **NEVER, fail_if={"unsubscribers": 5})
    assert ended.word == "AirflowFailException"
    assert "was not changed" in ended.text
    assert scheduled.count("cancelCampaign") == 0


@pytest.mark.parametrize("mode", MODES)
def test_failed_polls_cancel_nothing(mode: Mode, scheduled: Emulator) -> None:
    scheduled.fault("campaignStats", effect="status")
    ended = wait(mode, campaign_id=SCHEDULED, **NEVER, error_budget=THREE_FAILURES, cancel_on_failure=True)
    assert ended.word == "TruepushError"
    assert scheduled.count("cancelCampaign") == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_cancel_that_fails_does_not_hide_the_verdict(mode: Mode, scheduled: Emulator) -> None:
    scheduled.fault("cancelCampaign", effect="status")
    ended = wait(mode, campaign_id=SCHEDULED, **NEVER, fail_if={"unsubscribers": 5}, cancel_on_failure=True)
    assert ended.word == "AirflowFailException"
    assert "guardrail crossed" in ended.text
    assert "Canceling it failed" in ended.text
    assert scheduled.count("cancelCampaign") == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_campaign_that_was_sent_cannot_be_canceled_and_the_log_says_so(mode: Mode, scheduled: Emulator) -> None:
    scheduled.set_series(SENT, [ANGRY])
    ended = wait(mode, **NEVER, fail_if={"unsubscribers": 5}, cancel_on_failure=True)
    assert "could not be canceled" in ended.text
    assert scheduled.count("cancelCampaign") == 1


@pytest.mark.parametrize(("asked", "cancels"), [(True, 1), (False, 0)])
def test_someone_ends_the_task_on_a_worker(asked: bool, cancels: int, scheduled: Emulator) -> None:
    sensor("poke", campaign_id=SCHEDULED, **NEVER, cancel_on_kill=asked).on_kill()
    assert scheduled.count("cancelCampaign") == scheduled.count() == cancels
    assert status(scheduled) == ("cancelled" if asked else "scheduled")


def test_a_kill_that_cannot_cancel_raises_nothing(scheduled: Emulator) -> None:
    scheduled.fault("cancelCampaign", effect="fin")
    sensor("poke", campaign_id=SCHEDULED, **NEVER, cancel_on_kill=True).on_kill()
    assert scheduled.count("cancelCampaign") == 1


@pytest.mark.parametrize("mode", MODES)
def test_only_what_changed_is_logged(
    mode: Mode, scheduled: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    listen(monkeypatch, TruepushCampaignStatsSensor, TruepushCampaignStatsTrigger)
    scheduled.set_series(SENT, [None, None, None, CALM, CALM, CALM, CALM, ANGRY])
    caplog.set_level(logging.INFO)

    assert wait(mode, thresholds={"unsubscribers": 7}).word == "success"

    polls = [row.getMessage() for row in caplog.records if f"Campaign {SENT}:" in row.getMessage()]
    assert scheduled.count("campaignStats") == 8
    # The counters came, the counters moved: two lines for eight polls.
    assert len(polls) == 2, polls


def test_reschedule_remembers_over_processes(scheduled: Emulator) -> None:
    store, ti = Store(), TaskInstance()
    scheduled.fault("campaignStats", effect="status")
    ended = wait("reschedule", ti, store, **NEVER, error_budget=THREE_FAILURES)
    assert (ended.word, scheduled.count()) == ("TruepushError", 3)


def test_a_retry_starts_afresh(scheduled: Emulator) -> None:
    store = Store()
    scheduled.fault("campaignStats", effect="status", nth=range(1, 7))
    for try_number in (1, 2):
        ended = wait("reschedule", TaskInstance(try_number=try_number), store, **NEVER, error_budget=THREE_FAILURES)
        assert ended.word == "TruepushError"
        assert scheduled.count() == 3 * try_number


def test_reschedule_without_a_state_store_refuses_to_forget(scheduled: Emulator) -> None:
    task = sensor("reschedule", **NEVER, settled_after=timedelta(hours=1))
    with pytest.raises(AirflowFailException, match="settled_after"):
        task.execute(context(task_state_store=None))
    assert scheduled.count() == 0


def test_reschedule_without_a_state_store_says_what_it_forgets(
    scheduled: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    scheduled.set_series(SENT, [ANGRY])
    task = sensor("reschedule", thresholds={"sent": 1})
    assert task.execute(context(task_state_store=None)) == ANGRY
    assert "the error budget has no effect" in caplog.text


def test_poke_can_be_called_by_itself(scheduled: Emulator) -> None:
    scheduled.set_series(SENT, [CALM, ANGRY])
    task = sensor("poke", thresholds={"unsubscribers": 7})
    assert not task.poke(context())
    assert task.poke(context()).xcom_value == ANGRY
    task.hook.close()


def test_the_blocking_wait_uses_one_connection_and_leaves_none(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, own_emulator, CONN_ID, timeout=20)
    own_emulator.set_series(SENT, [CALM, CALM, CALM, ANGRY])
    assert wait("poke", thresholds={"unsubscribers": 7}).word == "success"
    assert (own_emulator.count(), own_emulator.connections_opened) == (4, 1)


def test_what_is_deferred_is_bounded_by_the_trigger_itself(scheduled: Emulator) -> None:
    deferred = defer(sensor("deferrable", **NEVER, timeout=timedelta(hours=2), cancel_on_kill=True), context())
    path, kwargs = deferred.trigger.serialize()
    assert path == "airflow_provider_truepush.triggers.campaign.TruepushCampaignStatsTrigger"
    assert (kwargs["timeout"], kwargs["cancel_on_kill"], kwargs["truepush_conn_id"]) == (7200, True, CONN_ID)
    # A framework timeout would go past execute_complete, and with it past the verdict.
    assert deferred.timeout is None
    assert scheduled.count() == 0


@pytest.mark.parametrize("mode", MODES)
def test_a_token_that_is_corrected_is_picked_up(
    mode: Mode, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "ASK_AGAIN", 0.2)
    connect(monkeypatch, emulator, CONN_ID, token="token-of-yesterday", timeout=20)
    emulator.set_series(SENT, [ANGRY])
    # Polls go on meanwhile, so many in all modes that it is picked up between two of them.
    corrected = threading.Timer(0.7, connect, (monkeypatch, emulator, CONN_ID), {"timeout": 20})
    corrected.start()
    ended = wait(mode, thresholds={"unsubscribers": 7}, poke_interval=0.1)
    corrected.join()
    assert ended.word == "success", ended.text
    assert not emulator.requests()[0].authorised


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"error_budget": THREE_FAILURES}, {"effect": "status"}),
        ({"fail_if": {"unsubscribers": 5}}, None),
        ({"timeout": 0.3}, None),
    ],
    ids=["errors", "guardrail", "timeout"],
)
def test_never_fail_skips(
    arguments: dict[str, Any], fault: dict[str, Any] | None, mode: Mode, scheduled: Emulator
) -> None:
    if "timeout" in arguments and mode != "deferrable":
        pytest.skip("Airflow raises its own timeout there, whatever never_fail says")
    if fault:
        scheduled.fault("campaignStats", **fault)
    assert wait(mode, campaign_id=SCHEDULED, **NEVER, **arguments, never_fail=True).word == "AirflowSkipException"


def test_never_fail_skips_when_the_trigger_crashed(scheduled: Emulator) -> None:
    task = sensor("deferrable", **NEVER, never_fail=True)
    with pytest.raises(AirflowSkipException):
        task.resume_execution("__fail__", {"error": "Trigger failure", "traceback": ["a crash"]}, context())


def test_a_back_off_that_a_deferred_wait_cannot_keep_is_refused(scheduled: Emulator) -> None:
    with pytest.raises(AirflowFailException, match="exponential_backoff"):
        sensor("deferrable", **NEVER, exponential_backoff=True).execute(context())
    assert scheduled.count() == 0
