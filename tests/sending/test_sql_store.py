"""The ledger on real databases: SQLite, and PostgreSQL from a wheel. Races are between real processes."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

from airflow_provider_truepush.exceptions import TruepushSendStoreError, TruepushValidationError
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.sql_store import TABLE, SqlSendStore
from airflow_provider_truepush.sending.sql_table import CREATE, SqlTable
from tests.sending.exploring import LONG
from tests.sending.tasks import Tasks
from tests.support import forked

#: Processes that race.
RACERS = 4 if LONG in os.environ else 2


@dataclass(frozen=True)
class _Named(Identity):
    """A send whose key a test can read."""

    name: str = ""

    @property
    def key(self) -> str:
        return self.name


def record(slot: str, **given: Any) -> SendRecord:
    values = {"content": "c", "title": "Sale", "before": ("a",), "attempt": f"try of {slot}", "author": "somebody"}
    return SendRecord(slot, **{**values, "made_at": 1000.1, "deadline": 1120.25, **given})


def ledger(sql: str, slot: str) -> SqlSendStore:
    store = SqlSendStore(BaseHook.get_hook(sql), sql)
    store.identity = _Named("dag/run/task", -1, "truepush_default", name=slot)
    return store


def test_a_record_is_read_as_it_was_written(sql: str) -> None:
    written = record("s", title="Größe 'A' 100% ? \N{SNOWMAN}")
    ledger(sql, "s").acquire(written)
    assert ledger(sql, "s").read() == written
    ledger(sql, "s").commit(written.with_outcome("f" * 24))
    assert ledger(sql, "s").read() == written.with_outcome("f" * 24)


def test_a_second_intent_is_refused_and_the_first_remains(sql: str) -> None:
    ledger(sql, "s").acquire(record("s"))
    with pytest.raises(TruepushSendStoreError, match=r"Another try .* Nothing was sent"):
        ledger(sql, "s").acquire(record("s", attempt="another"))
    assert ledger(sql, "s").read() == record("s")


def test_only_the_own_open_intent_is_withdrawn(sql: str) -> None:
    ledger(sql, "s").acquire(record("s"))
    ledger(sql, "s").release(record("s", attempt="another"))
    assert ledger(sql, "s").read() == record("s")
    ledger(sql, "s").commit(record("s").with_outcome("a" * 24))
    ledger(sql, "s").release(record("s"))
    assert ledger(sql, "s").read() is not None


def test_no_two_sends_have_one_campaign(sql: str) -> None:
    for slot in ("s", "t"):
        ledger(sql, slot).acquire(record(slot))
    ledger(sql, "s").commit(record("s").with_outcome("a" * 24))
    with pytest.raises(TruepushSendStoreError):
        ledger(sql, "t").commit(record("t").with_outcome("a" * 24))
    assert ledger(sql, "t").taken(["a" * 24, "b" * 24]) == {"a" * 24}
    assert ledger(sql, "s").taken(["a" * 24]) == set()


def test_an_outcome_for_a_removed_intent_is_an_error(sql: str) -> None:
    ledger(sql, "s").acquire(record("s"))
    BaseHook.get_hook(sql).run(f"DELETE FROM {TABLE}")
    with pytest.raises(TruepushSendStoreError, match="no longer has the intent of somebody"):
        ledger(sql, "s").commit(record("s").with_outcome("a" * 24))


def without_keys(sql: str) -> None:
    """As in a warehouse, which declares keys and enforces none."""
    ledger(sql, "s").read()
    hook = BaseHook.get_hook(sql)
    hook.run([f"CREATE TABLE copied AS SELECT * FROM {TABLE}", f"DROP TABLE {TABLE}"])
    hook.run(f"ALTER TABLE copied RENAME TO {TABLE}")


def test_without_enforced_keys_the_second_intent_is_refused(sql: str) -> None:
    without_keys(sql)
    ledger(sql, "s").acquire(record("s"))
    with pytest.raises(TruepushSendStoreError, match=r"Another try .* Nothing was sent"):
        ledger(sql, "s").acquire(record("s", attempt="another"))
    ledger(sql, "s").release(record("s", attempt="another"))
    assert ledger(sql, "s").read() == record("s")


def test_without_enforced_keys_no_two_sends_have_one_campaign(sql: str) -> None:
    without_keys(sql)
    for slot in ("s", "t"):
        ledger(sql, slot).acquire(record(slot))
    ledger(sql, "s").commit(record("s").with_outcome("a" * 24))
    with pytest.raises(TruepushSendStoreError, match="recorded for another send as well"):
        ledger(sql, "t").commit(record("t").with_outcome("a" * 24))


def test_a_visit_is_not_a_send(sql: str) -> None:
    here, there = (Identity("dag/run/task", index, "truepush_default") for index in (-1, 0))
    assert not ledger(sql, "s").has_visited(here)
    for _ in range(2):
        ledger(sql, "s").record_visit(here)
    assert ledger(sql, "other").has_visited(here)
    assert not ledger(sql, "s").has_visited(there)
    assert ledger(sql, "s").read() is None
    assert not ledger(sql, "s").has_rivals(record("s"))


def test_rivals_are_open_sends_of_the_title_and_sends_without_an_id(sql: str) -> None:
    mine = record("mine")
    assert not ledger(sql, "mine").has_rivals(mine)
    ledger(sql, "other title").acquire(record("other title", title="Other"))
    assert not ledger(sql, "mine").has_rivals(mine)
    ledger(sql, "s").acquire(record("s"))
    assert ledger(sql, "mine").has_rivals(mine)
    ledger(sql, "s").commit(record("s").with_outcome(None))
    assert ledger(sql, "mine").has_rivals(mine)
    ledger(sql, "s").commit(record("s").with_outcome("a" * 24))
    assert not ledger(sql, "mine").has_rivals(mine)


def test_a_commit_whose_answer_is_lost_counts_as_written(sql: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = ledger(sql, "s")
    change = SqlTable.change

    def lossy(*args: Any) -> None:
        change(*args)
        raise TruepushSendStoreError("connection lost")

    monkeypatch.setattr(SqlTable, "change", lossy)
    target.acquire(record("s"))
    assert ledger(sql, "s").read() == record("s")


def test_an_unreachable_database_sends_nothing(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", '{"conn_type": "sqlite", "host": "/nowhere/at/all.db"}')
    with pytest.raises(TruepushSendStoreError, match="ledger"):
        tasks.run(ledger_conn_id="ledger")
    assert tasks.sends == 0


def test_a_connection_that_is_not_a_database_is_refused(tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WEB", "http://localhost")
    with pytest.raises(AirflowFailException, match="is not an SQL connection") as caught:
        tasks.run(ledger_conn_id="web")
    assert isinstance(caught.value.__cause__, TruepushValidationError)
    assert tasks.sends == 0


def test_a_table_that_another_task_is_creating_is_waited_for(duckdb: str) -> None:
    """DuckDB refuses the second one at once, and shows the table only once the first one has committed."""
    other = BaseHook.get_hook(duckdb).get_conn()
    other.execute("BEGIN")
    other.execute(CREATE)
    timer = threading.Timer(0.15, other.execute, ["COMMIT"])
    timer.start()
    ledger(duckdb, "s1").acquire(record("s1"))
    timer.join()
    assert BaseHook.get_hook(duckdb).get_records(f"SELECT slot FROM {TABLE}") == [("s1",)]


def test_many_threads_create_the_table_at_once(sql: str) -> None:
    """On PostgreSQL whoever comes second is left in a failed transaction."""
    errors: list[Exception] = []
    barrier = threading.Barrier(8)

    def one(number: int) -> None:
        mine = ledger(sql, f"s{number}")
        barrier.wait()
        try:
            mine.acquire(record(f"s{number}"))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(BaseHook.get_hook(sql).get_records(f"SELECT slot FROM {TABLE}")) == 8


@pytest.mark.timeout(300)
def test_processes_that_race_for_one_key_send_once(tasks: Tasks, sql: str, tmp_path: Path) -> None:
    """The table is not there yet: making it is part of the race."""
    endings = race(["same"] * RACERS, tmp_path / "racer.log")
    (made,) = tasks.made
    assert tasks.sends == 1
    assert endings.count(f"id {made}") >= 1
    assert all(ending == f"id {made}" or ending.startswith("retry") for ending in endings), endings


@pytest.mark.skipif(LONG not in os.environ, reason="for `make prove`")
@pytest.mark.timeout(300)
def test_processes_with_their_own_keys_send_once_each(tasks: Tasks, sql: str, tmp_path: Path) -> None:
    if BaseHook.get_connection(sql).conn_type == "duckdb":
        pytest.skip("a DuckDB file is open to one process at a time: the others are told to retry")
    endings = race(["one", "two", "three"], tmp_path / "racer.log")
    assert sorted(endings) == sorted(f"id {made}" for made in tasks.made)
    assert len(tasks.made) == 3


def race(tokens: list[str], output: Path) -> list[str]:
    """Processes that begin at the same moment; returns what each says."""
    with forked.started("tests.sending.racer", *tokens, output=output) as process:
        process.join(240)
        assert process.exitcode == 0, output.read_text()[-3000:]
    endings: list[str] = json.loads(output.read_text().splitlines()[-1])
    return endings
