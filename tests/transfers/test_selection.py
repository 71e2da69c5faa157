"""Which campaigns an export fetches: by age, by unchanged counters, or by ids."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from tests.export.databases import Database
from tests.transfers.tasks import HISTORY, Run, asked, export


def test_old_campaigns_are_left_out_before_anything_is_asked(truepush: Emulator, sqlite: Database) -> None:
    ids = truepush.add_campaigns(40, spread=timedelta(days=40))
    summary = export(Run(), refresh_for=timedelta(days=10, hours=12))
    assert sorted(asked(truepush)) == sorted(ids[-11:])
    assert (summary["rows"], summary["left_out"]) == (11, 29)
    truepush.clear_requests()
    # Ids that were asked for by name are fetched whatever their age.
    export(Run("run-2"), campaign_ids=ids[:2], refresh_for=timedelta(days=1))
    assert sorted(asked(truepush)) == sorted(ids[:2])
    assert export(Run(), refresh_for=None)["rows"] == 40


def test_campaigns_that_stopped_moving_are_left_out_and_new_ones_are_not(
    truepush: Emulator, database: Database
) -> None:
    still, moving = truepush.add_campaigns(2)
    truepush.set_series(still, [{"reach": 9}])
    truepush.set_series(moving, [{"reach": number} for number in range(1, 9)])
    end = datetime.now(UTC) - timedelta(hours=9)
    runs = [Run(f"run-{n}", interval_end=end + timedelta(hours=n)) for n in range(6)]
    counts: defaultdict[str, int] = defaultdict(int)
    for run in runs[:5]:
        truepush.clear_requests()
        export(run, stop_after_unchanged=2)
        for one in asked(truepush):
            counts[one] += 1
    # One fetch, and two more that brought nothing new.
    assert counts == {still: 3, moving: 5}
    (new,) = truepush.add_campaigns(1)
    truepush.clear_requests()
    export(runs[5], stop_after_unchanged=2)
    assert sorted(asked(truepush)) == sorted([moving, new])


@pytest.mark.parametrize(
    "given",
    [
        lambda ids: ids,
        lambda ids: tuple(ids),
        lambda ids: json.dumps(ids),
        lambda ids: repr(ids),
        lambda ids: ids[0].upper(),
        lambda ids: [{"id": one, "title": "Told"} for one in ids],
        lambda ids: [*ids, *ids, "dry-run-0123456789abcdef"],
    ],
)
def test_ids_are_taken_in_every_form(truepush: Emulator, sqlite: Database, given: Any) -> None:
    ids = truepush.add_campaigns(1)
    assert export(Run(), campaign_ids=given(ids))["rows"] == 1
    assert asked(truepush) == ids
    assert not truepush.requests("listCampaign")
    assert sqlite.rows(f"SELECT title FROM {HISTORY}") in ([(None,)], [("Told",)])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"campaign_ids": "None"}, "rendered to None"),
        ({"campaign_ids": ""}, "24 hexadecimal digits|was given and is empty"),
        ({"campaign_ids": [None]}, "returned no id"),
        ({"campaign_ids": ["not an id"]}, "24 hexadecimal digits"),
        ({"campaign_ids": 7}, "must be a list"),
        ({"refresh_for": 30}, "refresh_for: must be a timedelta"),
        ({"stop_after_unchanged": 0}, "stop_after_unchanged"),
        ({"fail_if_missing_ratio": 2}, "fail_if_missing_ratio"),
        ({"on_past_interval": "ignore"}, "on_past_interval"),
        ({"project": " "}, "project"),
        ({"snapshot_key": "x" * 201}, "snapshot_key"),
        ({"schema_contract": "strict"}, "schema_contract"),
        ({"create_table": "maybe"}, "create_table"),
        ({"table_prefix": "other.schema."}, "table_prefix: .*name a schema in the argument schema"),
        ({"table_prefix": "p" * 60}, "longer than 63"),
        ({"table_prefix": "x%s"}, "table_prefix"),
        ({"schema": 'a"b'}, "schema"),
        ({"schema": "nowhere"}, "no schema 'nowhere'"),
        ({"sql_conn_id": "truepush_default"}, "is not an SQL connection"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_sent(
    truepush: Emulator, sqlite: Database, given: dict[str, Any], said: str
) -> None:
    truepush.add_campaigns(1)
    with pytest.raises(AirflowFailException, match=said):
        export(Run(), **given)
    assert truepush.count() == 0


def test_an_xcom_that_is_none_does_not_mean_every_campaign(truepush: Emulator, sqlite: Database) -> None:
    operator = TruepushStatsToSqlOperator(task_id="export", sql_conn_id="warehouse", campaign_ids="{{ nothing }}")
    operator.campaign_ids = None  # as native rendering leaves it
    with pytest.raises(AirflowFailException, match="campaign_ids: was given and is empty"):
        TruepushStatsToSqlOperator.execute.__wrapped__(operator, Run().next_try())  # type: ignore[attr-defined]
    assert truepush.count() == 0


def test_an_empty_list_of_ids_exports_nothing(truepush: Emulator, sqlite: Database) -> None:
    truepush.add_campaigns(2)
    assert export(Run(), campaign_ids=[])["rows"] == 0
    assert truepush.count() == 0
