"""Replacing a trigger over several tries, of which the first are interrupted or killed."""

from __future__ import annotations

import json
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from tests.operators import tries
from tests.operators.resources import (
    Connect,
    Said,
    _connected,
    before_the_next,
    connect_fixture,
    emulator_fixture,
    said_fixture,
    sent,
)
from tests.operators.tries import store_fixture
from tests.operators.triggers import LEAST, TEMPLATE, ids, seed, statuses, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "store_fixture", "template_fixture"]

#: The steps of a replacement, with the fault that keeps the task waiting once Truepush has carried the step out.
STEPS = {
    "between delete and create": ("deleteTrigger", "after_commit"),
    "create without an answer": ("createTrigger", "after_commit"),
    "between create and deactivate": ("triggerStatus", "before_commit"),
}
UNKNOWN_STATUS = "NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS"


def replace(store: Path | None, number: int, began: datetime | None = None, **arguments: Any) -> Any:
    given = {**LEAST, "if_exists": "replace", **arguments}
    return tries.run(TruepushCreateTriggerOperator, tries.context(store, number, began), **given)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", ["inactive", "active"])
def test_a_killed_task_restores_the_status_at_its_next_try(
    emulator: Emulator, store: Path, step: str, status: str
) -> None:
    """SIGKILL of a real process: nothing in it can clean up."""
    if status == "active" and step != "between delete and create":
        pytest.skip("an active trigger has nothing to restore after its create")
    seed(emulator, "Weekly", status=status)
    endpoint, phase = STEPS[step]
    emulator.fault(endpoint, effect="hang", phase=phase, seconds=120)
    arguments = {"name": "Weekly", "template_id": TEMPLATE, "schedule": "30 9 * * 1", "if_exists": "replace"}
    with tries.in_a_process(store, 1, **arguments) as process:
        tries.wait_for(lambda: emulator.requests(endpoint) or process.exitcode is not None)
        assert process.exitcode is None, store.with_suffix(".log").read_text()
        time.sleep(0.2)
    emulator.clear_faults()

    assert [replace(store, 2)] == ids(emulator)
    assert statuses(emulator) == [status]
    assert emulator.count("createTrigger") == 1


def test_a_terminated_task_restores_the_status_at_its_next_try(emulator: Emulator, store: Path) -> None:
    seed(emulator, "Weekly", status="inactive")
    emulator.fault("triggerStatus", effect="hang", phase="before_commit", seconds=120)
    arguments = {"name": "Weekly", "template_id": TEMPLATE, "schedule": "30 9 * * 1", "if_exists": "replace"}
    with tries.in_a_process(store, 1, **arguments) as process:
        tries.wait_for(lambda: emulator.requests("triggerStatus") or process.exitcode is not None)
        assert process.exitcode is None, store.with_suffix(".log").read_text()
        process.terminate()
        process.join(30)
        assert process.exitcode == -signal.SIGTERM
    emulator.clear_faults()
    assert [replace(store, 2)] == ids(emulator)
    assert statuses(emulator) == ["inactive"]


@pytest.mark.parametrize("recorded", [True, False], ids=["recorded", "not recorded"])
@pytest.mark.parametrize("step", ["create without an answer", "between create and deactivate"])
def test_a_timeout_leaves_no_trigger_active(emulator: Emulator, store: Path, step: str, recorded: bool) -> None:
    """AirflowTaskTimeout is a BaseException: the task still sets inactive what it has created."""
    (old,) = seed(emulator, "Weekly", status="inactive")
    endpoint, phase = STEPS[step]
    emulator.fault(endpoint, nth=1, effect="hang", phase=phase, seconds=120)
    with tries.timed_out_when(lambda: emulator.requests(endpoint) and ids(emulator) not in ([], [old])):
        replace(store if recorded else None, 1)
    assert statuses(emulator) == ["inactive"]
    assert [replace(store if recorded else None, 2, datetime.now(UTC) - timedelta(minutes=1))] == ids(emulator)
    assert statuses(emulator) == ["inactive"]


def test_a_timeout_after_the_delete(emulator: Emulator, store: Path) -> None:
    seed(emulator, "Weekly", status="inactive")
    emulator.fault("deleteTrigger", nth=1, effect="hang", phase="after_commit", seconds=120)
    with tries.timed_out_when(lambda: ids(emulator) == []):
        replace(store, 1)
    assert ids(emulator) == []
    assert [replace(store, 2)] == ids(emulator)
    assert statuses(emulator) == ["inactive"]


class TestRecord:
    def test_nothing_is_changed_when_it_cannot_be_written(self, emulator: Emulator, store: Path) -> None:
        (old,) = seed(emulator, "Weekly", status="inactive")
        superseded = tries.context(store, 1)
        tries.context(store, 2)
        with pytest.raises(TruepushError, match="Could not write the task's state key truepush_create_trigger"):
            tries.run(TruepushCreateTriggerOperator, superseded, **LEAST, if_exists="replace")
        assert (sent(emulator), ids(emulator)) == ([], [old])

    def test_a_create_that_was_not_carried_out_is_retried(self, emulator: Emulator, store: Path, said: Said) -> None:
        (old,) = seed(emulator, "Weekly", status="inactive")
        emulator.fault("createTrigger", nth=1, effect="429")
        with pytest.raises(AirflowException, match="It creates the trigger") as caught:
            replace(store, 1)
        assert not isinstance(caught.value, AirflowFailException)
        assert [replace(store, 2)] == ids(emulator)
        assert statuses(emulator) == ["inactive"]
        assert f"Replaced the trigger {old} of the same name" in said()

    def test_a_late_create_is_set_inactive_by_the_next_try(self, emulator: Emulator, store: Path) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("createTrigger", nth=1, effect="late_commit", clock="manual")
        with pytest.raises(AirflowFailException, match="If the new one exists, it is active"):
            replace(store, 1)
        emulator.commit_late()
        assert statuses(emulator) == ["active"]
        assert [replace(store, 2)] == ids(emulator)
        assert statuses(emulator) == ["inactive"]

    @pytest.mark.parametrize("status", ["inactive", "active", None])
    def test_a_create_that_arrives_after_the_next_try_has_listed_is_adopted(
        self, emulator: Emulator, store: Path, status: str | None
    ) -> None:
        if status is not None:
            seed(emulator, "Weekly", status=status)
        emulator.fault("createTrigger", nth=1, effect="late_commit", clock="manual")
        with pytest.raises(AirflowFailException):
            replace(store, 1)
        before_the_next(emulator, "createTrigger", emulator.commit_late)
        assert [replace(store, 2)] == ids(emulator)
        assert statuses(emulator) == [status or "active"]

    def test_a_late_create_is_adopted_though_the_list_fails_after_the_refusal(
        self, emulator: Emulator, store: Path
    ) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("createTrigger", nth=1, effect="late_commit", clock="manual")
        with pytest.raises(AirflowFailException):
            replace(store, 1)

        def late_and_no_list() -> None:
            emulator.commit_late()
            emulator.fault("listTrigger", effect="status", status=503)

        before_the_next(emulator, "createTrigger", late_and_no_list)
        with pytest.raises(AirflowException, match="keeps the one that was created") as caught:
            replace(store, 2)
        assert not isinstance(caught.value, AirflowFailException)
        emulator.clear_faults()
        assert [replace(store, 3)] == ids(emulator)
        assert statuses(emulator) == ["inactive"]

    def test_a_status_that_could_not_be_set_is_set_by_the_next_try(self, emulator: Emulator, store: Path) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("triggerStatus", nth=1, effect="outcome", code=UNKNOWN_STATUS)
        with pytest.raises(AirflowException, match="could not be confirmed as inactive"):
            replace(store, 1)
        assert [replace(store, 2)] == ids(emulator)
        assert statuses(emulator) == ["inactive"]

    def test_another_name_at_the_next_try_stops(self, emulator: Emulator, store: Path) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        with pytest.raises(AirflowException):
            replace(store, 1)
        with pytest.raises(AirflowFailException, match="'Weekly' was inactive, and a new one may be active"):
            replace(store, 2, name="Daily")
        assert ids(emulator, "Daily") == []

    def test_a_new_trigger_of_another_name_is_set_inactive(self, emulator: Emulator, store: Path) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("triggerStatus", nth=1, effect="status", status=503)
        with pytest.raises(AirflowException):
            replace(store, 1)
        assert statuses(emulator) == ["active"]
        with pytest.raises(AirflowFailException, match="'Weekly' was inactive"):
            replace(store, 2, name="Daily")
        assert statuses(emulator) == ["inactive"]

    def test_a_retry_keeps_what_a_completed_try_created(self, emulator: Emulator, store: Path, said: Said) -> None:
        seed(emulator, "Weekly")
        made = replace(store, 1)
        emulator.clear_requests()
        assert replace(store, 2, schedule="0 10 * * 1") == made
        assert sent(emulator) == []
        assert "would create it with other content" in said()

    def test_clearing_a_finished_run_replaces_again(self, emulator: Emulator, store: Path) -> None:
        made = replace(store, 1)
        assert replace(store, 2, datetime(2026, 1, 2, tzinfo=UTC)) != made

    def test_nothing_is_recorded_in_a_dry_run(self, emulator: Emulator, connect: Connect, store: Path) -> None:
        seed(emulator, "Weekly", status="inactive")
        connect(dry_run=True)
        assert replace(store, 1).startswith("dry-run-")
        assert "truepush" not in store.read_text()


class _OneTrigger(BaseHTTPRequestHandler):
    """A Truepush with one trigger, of a status that no version so far has had."""

    status: Any = None
    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        row = {"_id": "6b0be55afe8548cb9095e126", "name": "Weekly", "status": self.status}
        if self.path.endswith("listTrigger/1"):
            body = {"status_code": 200, "status": "SUCCESS", "message": "", "data": [row]}
        elif self.path.endswith("listTemplate/1"):
            body = {"status_code": 200, "status": "SUCCESS", "message": "", "data": [{"_id": TEMPLATE, "name": "a"}]}
        else:
            self.send_response(204)
            self.end_headers()
            return
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_DELETE = do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *given: Any) -> None: ...


@pytest.mark.parametrize("status", ["paused", "", "Stopped"])
def test_an_unknown_status_is_not_taken_for_active(store: Path, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    handler = type("Handler", (_OneTrigger,), {"status": status, "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = {"conn_type": "truepush", "host": f"http://127.0.0.1:{server.server_port}", "password": "t-0k3n"}
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(connection))
        with pytest.raises(AirflowFailException, match="which this version does not know"):
            replace(store, 1)
        server.shutdown()
    assert [line for line in handler.seen if not line.startswith("GET")] == []
