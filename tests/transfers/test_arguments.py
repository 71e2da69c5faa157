"""The arguments of the transfers: seen by tools, checked in the Dag file, and text that stays text."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.transfers.base import StatsTransfer
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator

OPERATORS = (TruepushStatsToSqlOperator, TruepushStatsToObjectStorageOperator)


def make(kind: type[Any], **given: Any) -> Any:
    place = {"sql_conn_id": "warehouse"} if kind is TruepushStatsToSqlOperator else {"path": "/data"}
    return kind(task_id="export", **{**place, **given})


@pytest.mark.parametrize("kind", OPERATORS)
def test_signatures_name_every_argument(kind: type[Any]) -> None:
    """mypy and IDEs read them: a misspelt ``refresh_fro`` is found in the editor."""
    shared = inspect.signature(StatsTransfer.__init__).parameters
    own = inspect.signature(kind.__init__).parameters
    for name, parameter in shared.items():
        assert own[name].default == parameter.default, name
        assert own[name].annotation == parameter.annotation, name
    assert set(kind.template_fields) <= set(own)


COMMON = [
    {"campaign_ids": ["no id"]},
    {"campaign_ids": "None"},
    {"refresh_for": 30},
    {"refresh_for": timedelta()},
    {"stop_after_unchanged": 0},
    {"fail_if_missing_ratio": 2},
    {"on_past_interval": "ignore"},
    {"project": " "},
    {"snapshot_key": "x" * 201},
    {"snapshot_key": "None"},
    {"truepush_conn_id": None},
    {"truepush_conn_id": ""},
    {"ledger_conn_id": 5},
]


@pytest.mark.parametrize("given", COMMON)
@pytest.mark.parametrize("kind", OPERATORS)
def test_bad_literals_end_the_parsing_of_the_dag_file(kind: type[Any], given: dict[str, Any]) -> None:
    (name,) = given
    refused = pytest.raises(TruepushValidationError, match=name)
    with refused:
        make(kind, **given)
    place = {"sql_conn_id": "warehouse"} if kind is TruepushStatsToSqlOperator else {"path": "/data"}
    with refused, DAG("a_dag", schedule=None):
        kind.partial(task_id="export", **given).expand(**{key: [value] for key, value in place.items()})
    with refused, DAG("a_dag", schedule=None):
        kind.partial(task_id="export", **place).expand(**{name: [given[name]]})
    with refused, DAG("a_dag", schedule=None, default_args=given):
        kind.partial(task_id="export").expand_kwargs([place])


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (TruepushStatsToSqlOperator, {"sql_conn_id": None}),
        (TruepushStatsToSqlOperator, {"schema": "None"}),
        (TruepushStatsToSqlOperator, {"schema_contract": "strict"}),
        (TruepushStatsToSqlOperator, {"create_table": "maybe"}),
        (TruepushStatsToSqlOperator, {"table_prefix": "a.b"}),
        (TruepushStatsToSqlOperator, {"table_prefix": "p" * 60}),
        (TruepushStatsToSqlOperator, {"schema": 'a"b'}),
        (TruepushStatsToObjectStorageOperator, {"format": "xlsx"}),
        (TruepushStatsToObjectStorageOperator, {"compression": "zip"}),
        (TruepushStatsToObjectStorageOperator, {"compression": "gzip", "format": "parquet"}),
        (TruepushStatsToObjectStorageOperator, {"path": "relative"}),
        (TruepushStatsToObjectStorageOperator, {"path": None}),
        (TruepushStatsToObjectStorageOperator, {"stop_after_unchanged": 3}),
    ],
)
def test_bad_literals_of_a_place_as_well(kind: type[Any], given: dict[str, Any]) -> None:
    with pytest.raises(TruepushValidationError, match=next(iter(given))):
        make(kind, **given)


def test_templates_and_paths_wait_for_the_run() -> None:
    for kind in OPERATORS:
        make(kind, **{next(iter(given)): "{{ params.later }}" for given in COMMON})
    make(TruepushStatsToObjectStorageOperator, path=Path("/data"), format="{{ params.f }}", compression="gzip")
    make(TruepushStatsToSqlOperator, schema_contract="{{ params.c }}", create_table="{{ params.t }}")


NUMBER = "123456789012345678901234"


@pytest.mark.parametrize("native", [True, False])
def test_text_stays_text(native: bool) -> None:
    given = {
        "snapshot_key": "20261128",
        "project": "{{ params.project }}",
        "campaign_ids": [NUMBER, "{{ params.id }}"],
        "table_prefix": "2026_",
        "schema": "{{ params.project }}",
        "create_table": "{{ params.create }}",
    }
    with DAG("d", schedule=None, render_template_as_native_obj=native):
        operator = make(TruepushStatsToSqlOperator, **given)
    operator.render_template_fields({"params": {"project": "2026", "id": NUMBER, "create": False}})
    assert (operator.snapshot_key, operator.project, operator.schema) == ("20261128", "2026", "2026")
    assert operator.campaign_ids == [NUMBER, NUMBER]
    assert operator.table_prefix == "2026_"
    assert str(operator.create_table) == "False"


@pytest.mark.parametrize("native", [True, False])
def test_an_id_of_digits_only_is_an_id(native: bool) -> None:
    from airflow_provider_truepush.export.selection import read_campaign_ids

    with DAG("d", schedule=None, render_template_as_native_obj=native):
        operator = make(TruepushStatsToSqlOperator, campaign_ids="{{ params.id }}")
    operator.render_template_fields({"params": {"id": NUMBER}})
    assert [target.campaign_id for target in read_campaign_ids(operator.campaign_ids)] == [NUMBER]
