"""What is known of campaigns that this provider sent, in the tables and files of exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, BaseHook

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import (
    TruepushSchemaError,
    TruepushValidationError,
    TruepushWarehouseError,
)
from airflow_provider_truepush.export.columns import CAMPAIGN_SENDS
from airflow_provider_truepush.sending.sql_store import TABLE
from tests.export.databases import CONN_ID, Database
from tests.export.files.support import read
from tests.sending.tasks import CAMPAIGN, Tasks
from tests.transfers.storing import store
from tests.transfers.tasks import CAMPAIGNS, Run, export

NOTHING = (None,) * 7
TAGS = ["sale", "a 'b' \\ ü"]
TAGS_AS_TEXT = r"""["sale","a 'b' \\ \u00fc"]"""
SEGMENT = "5f0c1b2a3d4e5f6071829304"


@pytest.fixture
def tasks(truepush: Emulator) -> Tasks:
    return Tasks(truepush)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A connection to another database, which may hold a ledger."""
    given = {"conn_type": "sqlite", "host": str(tmp_path / "elsewhere.db")}
    monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", json.dumps(given))
    return "elsewhere"


def sent(tasks: Tasks, ledger: str, **given: Any) -> str:
    """Send a campaign, and have it delivered."""
    campaign_id: str = tasks.run(tasks.context(run=f"run {tasks.sends}"), ledger_conn_id=ledger, **given)
    tasks.emulator.advance(3600)
    return campaign_id


def known(database: Database) -> dict[str, tuple[Any, ...]]:
    rows = database.rows(f"SELECT id, {', '.join(CAMPAIGN_SENDS)} FROM {CAMPAIGNS}")
    return {one: tuple(values) for one, *values in rows}


def test_a_ledger_in_the_same_database(tasks: Tasks, database: Database) -> None:
    """Of every database: the columns of an older table are added, and what is known is kept."""
    segment_id = tasks.emulator.add_segment("VIP \N{ROCKET}", 10)
    other = tasks.emulator.add_campaigns(2)
    export(Run())
    assert known(database) == dict.fromkeys(other, NOTHING)
    if database.kind != "duckdb":  # which drops no column of a table with a key
        for name in CAMPAIGN_SENDS:
            database.run(f"ALTER TABLE {CAMPAIGNS} DROP COLUMN {name}")
    one = sent(tasks, CONN_ID, segment="VIP \N{ROCKET}", tags=TAGS)
    two = sent(tasks, CONN_ID)
    export(Run("run-2"))
    expected = {
        **dict.fromkeys(other, NOTHING),
        one: (
            CAMPAIGN["link"],
            segment_id,
            "VIP \N{ROCKET}",
            r"""["sale","a 'b' \\ \u00fc"]""",
            "dag",
            "run 0",
            "send",
        ),
        two: (CAMPAIGN["link"], None, None, "[]", "dag", "run 1", "send"),
    }
    assert known(database) == expected
    database.run(f"DROP TABLE {TABLE}")
    export(Run("run-3"))
    assert known(database) == expected


def test_a_ledger_elsewhere_and_sends_that_an_argument_names(
    tasks: Tasks, sqlite: Database, elsewhere: str, tmp_path: Path
) -> None:
    (other,) = tasks.emulator.add_campaigns(1)
    one = sent(tasks, elsewhere, tags=["sale"])
    sends = [
        {"campaign_id": other.upper(), "segment_id": SEGMENT, "segment": "VIP", "tags": ["by hand"]},
        {"campaign_id": one, "segment": "by argument"},
        {"campaign_id": f"dry-run-{'0' * 24}", "segment": "never sent"},
    ]
    export(Run(), ledger_conn_id=elsewhere, sends=sends)
    expected = {
        other: (None, SEGMENT, "VIP", '["by hand"]', None, None, None),
        one: (CAMPAIGN["link"], None, "by argument", '["sale"]', "dag", "run 0", "send"),
    }
    assert known(sqlite) == expected
    for made in ("csv", "jsonl", "parquet"):
        rows = read(store(Run(), tmp_path / made, format=made, ledger_conn_id=elsewhere, sends=json.dumps(sends)))
        names = [
            name if not name.endswith(("dag_id", "run_id", "task_id")) else f"sent_by_{name}" for name in CAMPAIGN_SENDS
        ]
        found = {row["campaign_id"]: tuple(row[name] or None for name in names) for row in rows}
        assert found == expected
        assert {row["dag_id"] for row in rows} == {"a_dag"}, "the Dag of the export"


def test_a_ledger_of_the_version_before(tasks: Tasks, sqlite: Database) -> None:
    one = sent(tasks, CONN_ID)
    sqlite.run(f"ALTER TABLE {TABLE} DROP COLUMN details")
    export(Run())
    assert known(sqlite) == {one: (None, None, None, None, "dag", "run 0", "send")}


def test_a_ledger_without_a_table_is_only_warned_of(
    truepush: Emulator, sqlite: Database, elsewhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    truepush.add_campaigns(1)
    assert export(Run(), ledger_conn_id=elsewhere)["rows"] == 1
    assert f"Could not find the ledger {TABLE} in 'elsewhere'" in caplog.text


def test_a_ledger_that_was_named_and_cannot_be_read_ends_the_export_before_it_fetches(
    truepush: Emulator, sqlite: Database, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    truepush.add_campaigns(1)
    BaseHook.get_hook(elsewhere).run(f"CREATE TABLE {TABLE} (something TEXT)")
    with pytest.raises(TruepushWarehouseError, match=r"'elsewhere' cannot be read.*Nothing was fetched"):
        export(Run(), ledger_conn_id=elsewhere)
    monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", json.dumps({"conn_type": "http", "host": "example.com"}))
    with pytest.raises((TruepushSchemaError, AirflowFailException), match="ledger_conn_id: 'elsewhere' is not an SQL"):
        export(Run(), ledger_conn_id=elsewhere)
    assert truepush.count() == 0


def test_another_table_of_that_name_does_not_end_an_export(
    truepush: Emulator, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    truepush.add_campaigns(1)
    sqlite.run(f"CREATE TABLE {TABLE} (something TEXT)")
    assert export(Run())["rows"] == 1
    assert "so the columns of own sends are left unchanged" in caplog.text


@pytest.mark.parametrize(
    ("sends", "field"),
    [
        ([{"segment": "VIP"}], r"sends\[0\]\.campaign_id"),
        ([{"campaign_id": "a" * 24, "segement": "VIP"}], r"sends\[0\]\.segement"),
        ([{"campaign_id": "a" * 24, "segment_id": "VIP"}], r"sends\[0\]\.segment_id"),
        ([{"campaign_id": "a" * 24, "tags": "sale"}], r"sends\[0\]\.tags"),
        ([{"campaign_id": "a" * 24, "link": "x" * 8001}], r"sends\[0\]\.link"),
        ([{"campaign_id": "a" * 24, "dag_id": "x" * 251}], r"sends\[0\]\.dag_id"),
        (["a" * 24], r"sends\[0\]"),
        ("a" * 24, "sends"),
        (7, "sends"),
    ],
)
def test_an_item_that_is_not_a_send_is_an_import_error(sends: Any, field: str, sqlite: Database) -> None:
    with pytest.raises(TruepushValidationError, match=f"^{field}: "):
        export(Run(), sends=sends)
