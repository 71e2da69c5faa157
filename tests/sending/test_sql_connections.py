"""What a ledger asks of its database: few connections, no more rights than it needs, and no second login in vain."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

from airflow_provider_truepush.exceptions import TruepushSendStoreError
from airflow_provider_truepush.sending.sql_store import TABLE, SqlSendStore
from airflow_provider_truepush.sending.sql_table import is_transient
from tests.sending.tasks import Tasks


@pytest.fixture
def connections(sql: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections that were opened."""
    kind, opened = type(BaseHook.get_hook(sql)), []
    get_conn = kind.get_conn

    def counted(self: Any) -> Any:
        opened.append(get_conn(self))
        return opened[-1]

    monkeypatch.setattr(kind, "get_conn", counted)
    return opened


@pytest.mark.parametrize("index", [-1, 0])
@pytest.mark.parametrize("doubt", [False, True])
def test_a_try_opens_one_connection(tasks: Tasks, sql: str, connections: list[Any], index: int, doubt: bool) -> None:
    if doubt:
        tasks.lose_the_answer()
    first = tasks.run(tasks.context(index=index), ledger_conn_id=sql)
    assert len(connections) == 1
    assert tasks.run(tasks.context(index=index), ledger_conn_id=sql) == first
    assert len(connections) == 2
    for connection in connections:
        with pytest.raises(Exception, match=r"(?i)clos"):
            connection.cursor().execute("SELECT 1")


@pytest.fixture
def role(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A user of the database who may read and write nothing."""
    hook = BaseHook.get_hook(postgres)
    hook.run(["CREATE ROLE weak LOGIN PASSWORD 'right'", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"])
    before = os.environ["AIRFLOW_CONN_LEDGER"]
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps({**json.loads(before), "login": "weak"}))
    yield postgres
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", before)
    BaseHook.get_hook(postgres).run(
        [
            f"DROP TABLE IF EXISTS {TABLE}",
            "DROP OWNED BY weak",
            "DROP ROLE weak",
            "GRANT CREATE ON SCHEMA public TO PUBLIC",
        ]
    )


def test_a_missing_right_is_named(tasks: Tasks, role: str) -> None:
    with pytest.raises(
        TruepushSendStoreError, match=r"permission denied for schema public.*Nothing was sent"
    ) as caught:
        tasks.run(ledger_conn_id=role)
    assert caught.value.is_permanent
    assert f"CREATE TABLE {TABLE}" in str(caught.value)
    assert tasks.sends == 0


def test_a_table_that_may_not_be_written_is_named(tasks: Tasks, role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    strong = {**json.loads(os.environ["AIRFLOW_CONN_LEDGER"]), "login": "postgres"}
    weak = os.environ["AIRFLOW_CONN_LEDGER"]
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps(strong))
    tasks.run(tasks.context(run="another"), ledger_conn_id=role)
    BaseHook.get_hook(role).run(f"GRANT SELECT ON {TABLE} TO weak")
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", weak)
    with pytest.raises(TruepushSendStoreError, match="permission denied for table"):
        tasks.run(ledger_conn_id=role)
    assert tasks.sends == 1


class _RefusedError(Exception):
    """What a driver raises for a wrong password."""


@pytest.mark.parametrize("said", ['password authentication failed for user "airflow"', "Access denied for user 'a'"])
def test_a_refused_login_is_tried_once(tasks: Tasks, sqlite: str, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """A database locks an account after a few."""
    logins = []

    def refuse(self: Any) -> Any:
        logins.append(self)
        raise _RefusedError(said)

    monkeypatch.setattr(type(BaseHook.get_hook(sqlite)), "get_conn", refuse)
    before = time.monotonic()
    with pytest.raises(TruepushSendStoreError, match="Check the connection's login") as caught:
        tasks.run(ledger_conn_id=sqlite)
    assert caught.value.is_permanent
    assert len(logins) == 1
    assert time.monotonic() - before < 5
    assert tasks.sends == 0


@pytest.mark.parametrize(
    ("said", "transient"),
    [
        ("FATAL:  password authentication failed for user", False),
        ('FATAL:  database "nosuch" does not exist', False),
        ("(1045, \"Access denied for user 'x'\")", False),
        ("attempt to write a readonly database", False),
        ("server closed the connection unexpectedly", True),
        ("database is locked", True),
        ("could not connect to server: Connection refused", True),
    ],
)
def test_transient_and_permanent_errors_are_distinguished(said: str, transient: bool) -> None:
    assert is_transient(Exception(said)) == transient


def test_a_ledger_connection_that_does_not_exist_is_an_error_of_this_provider(tasks: Tasks) -> None:
    with pytest.raises(TruepushSendStoreError, match=r"'nowhere'.*Nothing was sent"):
        tasks.run(ledger_conn_id="nowhere")
    assert tasks.sends == 0


def test_pruning_never_deletes_an_open_send(tasks: Tasks, sql: str) -> None:
    tasks.run(tasks.context(run="settled"), ledger_conn_id=sql)
    tasks.run(tasks.context(run="mapped", index=0), ledger_conn_id=sql, message="Mapped")
    tasks.lose_the_answer(carried_out=False)
    with pytest.raises(AirflowFailException):
        tasks.run(tasks.context(run="open"), ledger_conn_id=sql, title="Open")
    hook = BaseHook.get_hook(sql)
    store = SqlSendStore(hook, sql)
    before = len(hook.get_records(f"SELECT slot FROM {TABLE}"))
    store.prune()
    assert len(hook.get_records(f"SELECT slot FROM {TABLE}")) == before
    store.prune(timedelta(seconds=-3600))
    store.close()
    assert [row[0] for row in hook.get_records(f"SELECT title FROM {TABLE}")] == ["Open"]
    with pytest.raises(AirflowFailException, match="may have been sent"):
        tasks.run(tasks.context(run="open"), ledger_conn_id=sql, title="Open")
