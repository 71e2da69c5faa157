"""One send stays one send, however its connection, its token or its map index change."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.sending.record import content_hash, is_same_message
from tests.contract.driver import hurry
from tests.sending.tasks import Tasks
from tests.support.versions import needs_state_store

TOKEN, ROTATED = "aaaaaaaaaaaa.bbbbbbbbbbb.ccccccccc1", "aaaaaaaaaaaa.bbbbbbbbbbb.ccccccccc2"
Connect = Callable[[str, str, str], None]
#: Whether there is a ledger.
STATE_OR_LEDGER = [pytest.param(False, id="state", marks=needs_state_store), pytest.param(True, id="ledger")]


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """A project with two API tokens."""
    hurry(monkeypatch)
    with Emulator(token=[TOKEN, ROTATED]) as emulator:
        yield emulator


@pytest.fixture
def connect(project: Emulator, monkeypatch: pytest.MonkeyPatch) -> Connect:
    def write(name: str, host: str, token: str) -> None:
        given = {"conn_type": "truepush", "host": host, "password": token}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(given))

    write("truepush_default", project.url, TOKEN)
    return write


def outcome(tasks: Tasks, context: dict[str, Any], **given: Any) -> str:
    """Return the id, or how the try ended."""
    try:
        return str(tasks.run(context, **given))
    except AirflowFailException as error:
        return f"stopped: {error}"


@pytest.mark.parametrize("ledger", STATE_OR_LEDGER)
@pytest.mark.parametrize("moved", [False, True], ids=["same places", "moved"])
@pytest.mark.parametrize("change", ["token", "name", "host", "host and name", "token and name"])
def test_an_item_with_a_token_is_sent_once_whatever_happens_to_its_connection(
    project: Emulator, connect: Connect, sqlite: str, ledger: bool, moved: bool, change: str
) -> None:
    tasks = Tasks(project)
    given: dict[str, Any] = {"ledger_conn_id": sqlite} if ledger else {}

    def send(index: int, item: str) -> str:
        return outcome(tasks, tasks.context(index=index), title=item, message=item, send_token=f"item-{item}", **given)

    first = {item: send(index, item) for index, item in enumerate("AB")}
    tasks.clear_number += 1
    host = project.url.replace("127.0.0.1", "localhost") if "host" in change else project.url
    name = "other" if "name" in change else "truepush_default"
    connect(name, host, ROTATED if "token" in change else TOKEN)
    again = {
        item: outcome(
            tasks,
            tasks.context(index=index),
            title=item,
            message=item,
            send_token=f"item-{item}",
            truepush_conn_id=name,
            **given,
        )
        for index, item in enumerate("BA" if moved else "AB")
    }
    assert tasks.sends == 2
    if change == "token and name":
        assert all(found.startswith("stopped") for found in again.values())
    else:
        assert again == first


@pytest.mark.parametrize("index", [-1, 0])
@pytest.mark.parametrize("state", [True, False], ids=["3.3", "before 3.3"])
@pytest.mark.parametrize("change", ["token", "name", "host and name", "token and name"])
def test_a_token_in_a_ledger_is_sent_once_in_a_run(
    project: Emulator, connect: Connect, sqlite: str, index: int, state: bool, change: str
) -> None:
    tasks = Tasks(project)
    given = {"ledger_conn_id": sqlite, "send_token": "welcome"}
    first = outcome(tasks, tasks.context(index=index, state=state), **given)
    tasks.clear_number += 1
    host = project.url.replace("127.0.0.1", "localhost") if "host" in change else project.url
    name = "other" if "name" in change else "truepush_default"
    connect(name, host, ROTATED if "token" in change else TOKEN)
    again = outcome(tasks, tasks.context(index=index, state=state), truepush_conn_id=name, **given)
    assert tasks.sends == 1
    assert again == first or (change == "token and name" and "unknown whether it is the same project" in again)


@pytest.mark.parametrize("index", [-1, 0])
@pytest.mark.parametrize("ledger", STATE_OR_LEDGER)
def test_the_same_content_under_a_changed_token_needs_a_decision(
    tasks: Tasks, sqlite: str, index: int, ledger: bool
) -> None:
    if not ledger and index < 0:
        pytest.skip("such a token needs a ledger")
    given = {"ledger_conn_id": sqlite if ledger else None}
    tasks.run(tasks.context(index=index), send_token="a", **given)
    again = outcome(tasks, tasks.context(index=index), send_token="b", **given)
    assert "under another send_token" in again
    assert tasks.sends == 1


@pytest.mark.parametrize("ledger", STATE_OR_LEDGER)
def test_two_tokens_with_the_same_content_are_two_items_of_a_first_run(tasks: Tasks, sqlite: str, ledger: bool) -> None:
    given = {"ledger_conn_id": sqlite if ledger else None}
    ids = [tasks.run(tasks.context(index=index), send_token=f"item-{index}", **given) for index in (0, 1)]
    assert ids == tasks.made
    assert tasks.sends == 2
    tasks.clear_number += 1
    again = [tasks.run(tasks.context(index=index), send_token=f"item-{index}", **given) for index in (0, 1)]
    assert (again, tasks.sends) == (ids, 2)


@pytest.mark.parametrize("where", ["state", "ledger", "ledger before 3.3"])
@pytest.mark.parametrize(("before", "after"), [(-1, 0), (0, -1), (-1, 1)])
def test_a_task_that_becomes_mapped_or_unmapped_sends_once(
    tasks: Tasks, sqlite: str, where: str, before: int, after: int
) -> None:
    given = {"ledger_conn_id": sqlite if "ledger" in where else None}
    state = "before" not in where
    first = tasks.run(tasks.context(index=before, state=state), **given)
    tasks.clear_number += 1
    again = outcome(tasks, tasks.context(index=after, state=state), **given)
    assert tasks.sends == 1
    assert again == first or again.startswith("stopped")


def test_only_the_second_half_of_a_content_hash_depends_on_the_time() -> None:
    one, later = (content_hash({"title": "T", "send_at": at, "expires_in": at}) for at in ("1", "2"))
    other = content_hash({"title": "U", "send_at": "1", "expires_in": "1"})
    assert one != later
    assert is_same_message(one, later)
    assert not is_same_message(one, other)
