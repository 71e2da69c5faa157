"""The operator from beginning to end: the emulator over a socket, real databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, Asset

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushAuthError
from tests.contract.driver import connect
from tests.export.databases import Database
from tests.transfers.tasks import CAMPAIGNS, HISTORY, LATEST, OutletEvents, Run, asked, export, truth, written


def test_every_campaign_of_the_list_lands_once(truepush: Emulator, database: Database) -> None:
    ids = truepush.add_campaigns(60, reach=1000)
    truepush.advance(3600)
    summary = export(Run())
    assert written(database) == truth(truepush, ids)
    assert written(database, LATEST) == truth(truepush, ids)
    assert any(clicks for _, _, clicks in truth(truepush, ids).values())
    assert len(database.rows(f"SELECT id FROM {CAMPAIGNS}")) == 60
    # One request per campaign. The list is of three pages, with its end four requests. Campaigns of the same second
    # tell no order: then the end is looked for as if the list was oldest first, and all is read twice.
    assert sorted(asked(truepush)) == sorted(ids)
    assert truepush.count() == 60 + len(truepush.requests("listCampaign"))
    assert len(truepush.requests("listCampaign")) <= 4 * 4
    # Airflow hands it on to another process, and takes no kinds of str of others.
    assert {type(value) for value in summary.values()} <= {str, int, bool}
    assert {name: summary[name] for name in ("rows", "campaigns", "missing", "regressed", "resumed")} == {
        "rows": 60,
        "campaigns": 60,
        "missing": 0,
        "regressed": 0,
        "resumed": 0,
    }
    assert summary["table"] == HISTORY
    assert type(summary["table"]) is str, "Airflow takes no subclass"
    moments = [database.moment(one) for (one,) in database.rows(f"SELECT observed_at FROM {HISTORY}")]
    assert summary["min_observed_at"] == min(moments).isoformat()
    assert summary["max_observed_at"] == max(moments).isoformat()


def test_a_cleared_task_fetches_again_and_creates_no_duplicate(truepush: Emulator, sqlite: Database) -> None:
    (one,) = truepush.add_campaigns(1)
    run = Run()
    truepush.set_series(one, [{"reach": 5, "clicks": 1}, {"reach": 5, "clicks": 2}])
    export(run)
    run.clear()
    assert export(run)["rows"] == 1
    assert written(sqlite) == {one: (5, 0, 2)}
    export(Run("run-2", interval_end=run.interval_end + timedelta(minutes=1)))  # type: ignore[operator]
    assert len(sqlite.rows(f"SELECT * FROM {HISTORY}")) == 2


def test_the_next_try_fetches_only_what_is_left(
    truepush: Emulator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = truepush.add_campaigns(30)
    run = Run()
    connect(monkeypatch, truepush, "truepush_default", max_attempts=1)
    truepush.fault("campaignStats", effect="status", status=503, nth=range(5, 9))
    with pytest.raises(AirflowException, match="could not be fetched") as caught:
        export(run, campaign_ids=ids)
    left = [one for one in ids if one in str(caught.value)]
    assert len(left) == 4
    assert set(written(database)) == set(ids) - set(left)
    truepush.clear_faults()
    truepush.clear_requests()
    summary = export(run, campaign_ids=ids)
    assert sorted(asked(truepush)) == sorted(left)
    assert (summary["rows"], summary["resumed"]) == (30, 30 - len(left))
    assert written(database) == truth(truepush, ids)
    # A clear is another execution.
    truepush.clear_requests()
    run.clear()
    assert export(run, campaign_ids=ids)["resumed"] == 0
    assert len(asked(truepush)) == 30


def test_rows_of_a_deleted_run_of_the_same_name_are_not_resumed(truepush: Emulator, sqlite: Database) -> None:
    ids = truepush.add_campaigns(3)
    export(Run(), campaign_ids=ids)
    again = Run(tries=1, start_date=datetime.now(UTC))
    truepush.clear_requests()
    assert export(again, campaign_ids=ids)["resumed"] == 0
    assert len(asked(truepush)) == 3


def test_no_statistics_is_missing_and_never_zero(truepush: Emulator, sqlite: Database) -> None:
    ids = truepush.add_campaigns(4)
    truepush.set_series(ids[0], [None])
    summary = export(Run())
    assert (summary["rows"], summary["missing"]) == (3, 1)
    assert ids[0] not in written(sqlite)
    run = Run()
    assert export(run, fail_if_missing_ratio=0.25)["missing"] == 1
    run.clear()
    with pytest.raises(AirflowException, match=f"1 of 4 campaigns .*{ids[0]}"):
        export(run, fail_if_missing_ratio=0.2)
    assert len(written(sqlite, LATEST)) == 3


def test_unreadable_counters_are_an_error_and_the_others_are_kept(truepush: Emulator, sqlite: Database) -> None:
    ids = truepush.add_campaigns(5)
    bad = {"Reach": "many", "Sent": 1, "Delivered": 1, "Views": 1, "Clicks": 1, "Button0": 0, "Button1": 0}
    body = {"status_code": 200, "status": "SUCCESS", "message": "", "data": {**bad, "Unsubscribers": 0}}
    truepush.fault("campaignStats", effect="status", status=200, body=body, nth=1)
    with pytest.raises(AirflowException, match="counter Reach is 'many'"):
        export(Run(), campaign_ids=ids)
    truepush.clear_faults()
    negative = {**bad, "Reach": 1, "Sent": -1, "Unsubscribers": 0}
    truepush.fault("campaignStats", effect="status", status=200, body={**body, "data": negative}, nth=1)
    with pytest.raises(AirflowException, match="counter Sent is -1"):
        export(Run("run-2"), campaign_ids=ids)
    truepush.clear_faults()
    huge = {**bad, "Reach": 2**63, "Unsubscribers": 0}
    truepush.fault("campaignStats", effect="status", status=200, body={**body, "data": huge}, nth=1)
    with pytest.raises(AirflowException, match="counter Reach is '9223372036854775808'"):
        export(Run("run-3"), campaign_ids=ids)
    assert len(sqlite.rows(f"SELECT * FROM {HISTORY}")) == 12


def test_unknown_counters_are_kept_as_json(truepush: Emulator, sqlite: Database) -> None:
    (one,) = truepush.add_campaigns(1)
    data = dict.fromkeys(("Reach", "Sent", "Delivered", "Views", "Clicks", "Button0", "Button1", "Unsubscribers"), 1)
    body = {"status_code": 200, "status": "SUCCESS", "message": "", "data": {**data, "Bounces": 4}}
    truepush.fault("campaignStats", effect="status", status=200, body=body)
    export(Run(), campaign_ids=[one])
    ((raw,),) = sqlite.rows(f"SELECT raw FROM {HISTORY}")
    assert json.loads(raw) == {"Bounces": 4}


def test_a_wrong_token_ends_the_task_for_good(
    truepush: Emulator, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, truepush, "truepush_default", token="eyJ.wrong.token")
    with pytest.raises(AirflowFailException) as caught:
        export(Run())
    assert isinstance(caught.value.__cause__, TruepushAuthError)
    assert truepush.count() <= 2


def test_a_list_that_breaks_off_keeps_what_it_has_shown(truepush: Emulator, sqlite: Database) -> None:
    ids = truepush.add_campaigns(60)
    truepush.fault("listCampaign", effect="html", nth=range(2, 30))
    run = Run()
    with pytest.raises(Exception, match="listCampaign"):
        export(run)
    assert len(written(sqlite)) == 25
    truepush.clear_faults()
    truepush.clear_requests()
    assert export(run)["rows"] == 60
    assert len(asked(truepush)) == 35
    assert written(sqlite) == truth(truepush, ids)


def test_an_export_ends_early_when_truepush_is_down(truepush: Emulator, sqlite: Database) -> None:
    ids = truepush.add_campaigns(2000)
    truepush.fault("campaignStats", effect="status", status=503)
    with pytest.raises(Exception, match="fetches in a row failed"):
        export(Run(), campaign_ids=ids)
    assert len(set(asked(truepush))) < 400


def test_a_storm_of_faults_loses_and_doubles_nothing(truepush: Emulator, database: Database) -> None:
    ids = truepush.add_campaigns(80, reach=500)
    truepush.advance(7200)
    truepush.set_series(ids[7], [None])
    truepush.fault("campaignStats", effect="429", probability=0.2)
    truepush.fault("campaignStats", effect="rst", probability=0.15)
    truepush.fault("campaignStats", effect="status", status=500, probability=0.1)
    truepush.fault("listCampaign", effect="status", status=502, nth=(2, 4))
    run = Run(retries=30, max_tries=30)
    while True:
        try:
            summary = export(run)
            break
        except AirflowException:
            assert run.tries < 30
    expected = truth(truepush, ids)
    expected.pop(ids[7])
    assert written(database) == expected
    assert written(database, LATEST) == expected
    assert (summary["rows"], summary["missing"]) == (79, 1)


def test_the_assets_event_has_the_summary(truepush: Emulator, sqlite: Database) -> None:
    truepush.add_campaigns(2)
    asset = Asset("x-warehouse://campaign_stats")
    events = OutletEvents()
    summary = export(Run(outlet_events=events), outlets=[asset])
    assert events[asset].extra == summary


def test_a_read_only_database_is_refused_before_anything_is_fetched(
    truepush: Emulator, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    truepush.add_campaigns(1)
    export(Run())
    truepush.clear_requests()
    make_read_only(database, monkeypatch)
    with pytest.raises(Exception, match=r"(?i)read.?only|denied.*Nothing was fetched"):
        export(Run())
    assert truepush.count() == 0


def make_read_only(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = type(database.hook)
    get_conn = hook.get_conn

    def read_only(self: Any) -> Any:
        connection = get_conn(self)
        cursor = connection.cursor()
        if database.kind in ("sqlite", "other"):
            cursor.execute("PRAGMA query_only = ON")
        elif database.kind == "postgres":
            cursor.execute("SET default_transaction_read_only = on")
            connection.commit()
        else:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
        return connection

    if database.kind == "duckdb":
        monkeypatch.setattr(hook, "read_only", True, raising=False)
    else:
        monkeypatch.setattr(hook, "get_conn", read_only)


@pytest.mark.parametrize("title", ["half \ud83d", "a NUL \0"])
def test_a_title_that_no_database_stores_does_not_end_the_export(
    truepush: Emulator, database: Database, title: str
) -> None:
    first, second = truepush.add_campaigns(2)
    summary = export(Run(), campaign_ids=[{"id": first, "title": title}, {"id": second, "title": "plain"}])
    assert summary["rows"] == 2
    titles = sorted(found for (found,) in database.rows(f"SELECT title FROM {HISTORY}"))
    assert titles == sorted([title[:-1] + "\ufffd", "plain"])
