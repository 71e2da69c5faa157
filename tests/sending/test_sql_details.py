"""What a ledger records of a campaign beside its outcome, and ledgers of the version before, which lack it."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.api.models.own_send import OwnSend, read_own_send
from airflow_provider_truepush.sending.sql_store import TABLE
from tests.sending.tasks import CAMPAIGN, Tasks

#: As the version before has created it.
FORMER = f"""CREATE TABLE {TABLE} (project VARCHAR(250) NOT NULL, slot VARCHAR(64) NOT NULL PRIMARY KEY,
content VARCHAR(64) NOT NULL, title TEXT NOT NULL, earlier TEXT NOT NULL, attempt VARCHAR(64) NOT NULL,
author TEXT NOT NULL, made_at DOUBLE PRECISION NOT NULL, deadline DOUBLE PRECISION NOT NULL,
settled INTEGER NOT NULL, campaign_id VARCHAR(64) UNIQUE)"""


def recorded(sql: str) -> dict[str, OwnSend]:
    rows = BaseHook.get_hook(sql).get_records(
        f"SELECT campaign_id, author, details FROM {TABLE} WHERE campaign_id IS NOT NULL"
    )
    return {campaign_id: read_own_send(author, details) for campaign_id, author, details in rows}


def test_a_ledger_records_what_was_sent_to_whom(tasks: Tasks, sql: str) -> None:
    segment_id = tasks.emulator.add_segment("VIP", 10)
    ids = [
        tasks.run(tasks.context(run="by name"), ledger_conn_id=sql, segment="VIP", tags=["sale", "ü"]),
        tasks.run(tasks.context(run="by id", index=4), ledger_conn_id=sql, segment_id=segment_id),
        tasks.run(tasks.context(run="all"), ledger_conn_id=sql),
    ]
    link = CAMPAIGN["link"]
    assert recorded(sql) == {
        ids[0]: OwnSend(link, segment_id, "VIP", ("sale", "ü"), "dag", "by name", "send"),
        ids[1]: OwnSend(link, segment_id, None, (), "dag", "by id", "send"),
        ids[2]: OwnSend(link, None, None, (), "dag", "all", "send"),
    }


def to_former(sql: str) -> None:
    """Leave a ledger with its rows as the version before has written them."""
    hook = BaseHook.get_hook(sql)
    columns = "project, slot, content, title, earlier, attempt, author, made_at, deadline, settled, campaign_id"
    hook.run(f"CREATE TABLE kept AS SELECT {columns} FROM {TABLE}")
    hook.run(f"DROP TABLE {TABLE}")
    hook.run(FORMER)
    hook.run(f"INSERT INTO {TABLE} ({columns}) SELECT {columns} FROM kept")
    hook.run("DROP TABLE kept")


def test_a_ledger_of_the_version_before_is_read_and_gets_the_column(tasks: Tasks, sql: str) -> None:
    first = tasks.run(tasks.context(run="before"), ledger_conn_id=sql)
    to_former(sql)
    assert tasks.run(tasks.context(run="before"), ledger_conn_id=sql) == first
    second = tasks.run(tasks.context(run="after"), ledger_conn_id=sql, tags=["new"])
    assert tasks.sends == 2
    assert recorded(sql) == {
        first: OwnSend(dag_id="dag", run_id="before", task_id="send"),
        second: OwnSend(CAMPAIGN["link"], tags=("new",), dag_id="dag", run_id="after", task_id="send"),
    }


def test_a_ledger_that_may_not_be_changed_still_records_sends(
    tasks: Tasks, postgres: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    hook = BaseHook.get_hook(postgres)
    hook.run([FORMER, "CREATE ROLE clerk LOGIN", f"GRANT SELECT, INSERT, UPDATE, DELETE ON {TABLE} TO clerk"])
    owner = os.environ["AIRFLOW_CONN_LEDGER"]
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps({**json.loads(owner), "login": "clerk"}))
    try:
        first = tasks.run(ledger_conn_id=postgres)
        assert f"ALTER TABLE {TABLE} ADD details TEXT" in caplog.text
        assert "must be owner" in caplog.text
        assert tasks.run(ledger_conn_id=postgres) == first
        assert tasks.sends == 1
    finally:
        monkeypatch.setenv("AIRFLOW_CONN_LEDGER", owner)
        hook.run(["DROP OWNED BY clerk", "DROP ROLE clerk"])


def test_a_worker_of_the_version_before_can_write_into_the_new_table(tasks: Tasks, sqlite: str) -> None:
    tasks.run(ledger_conn_id=sqlite)
    hook: Any = BaseHook.get_hook(sqlite)
    columns = "project, slot, content, title, earlier, attempt, author, made_at, deadline, settled"
    hook.run(f"INSERT INTO {TABLE} ({columns}) VALUES ('p', 's', 'c', 't', '[]', 'a', 'try 1 of d/r/t', 1, 2, 0)")
    assert hook.get_first(f"SELECT details FROM {TABLE} WHERE slot = 's'") == (None,)
