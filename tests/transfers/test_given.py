"""An argument that was given and came out empty is an error; left out, or literally None in the Dag file, it is not."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator, task_group

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from tests.export.databases import CONN_ID, Database
from tests.transfers.tasks import Run

EMPTY = [None, "", " ", "None", float("nan")]
#: Without one of these, an export fetches other campaigns, writes elsewhere, or lacks a guard.
NAMES = [
    "campaign_ids",
    "project",
    "refresh_for",
    "stop_after_unchanged",
    "snapshot_key",
    "fail_if_missing_ratio",
    "ledger_conn_id",
    "sends",
    "truepush_conn_id",
    "schema",
    "sql_conn_id",
]
SHARED = NAMES[:-2]

Kind = type[TruepushStatsToSqlOperator] | type[TruepushStatsToObjectStorageOperator]
KINDS = [TruepushStatsToSqlOperator, TruepushStatsToObjectStorageOperator]
PLACES = [(kind, name) for kind in KINDS for name in (NAMES if kind is TruepushStatsToSqlOperator else SHARED)]


@pytest.fixture
def place(tmp_path: Path, sqlite: Database) -> dict[Kind, dict[str, Any]]:
    """Arguments that each operator needs."""
    return {
        TruepushStatsToSqlOperator: {"sql_conn_id": CONN_ID},
        TruepushStatsToObjectStorageOperator: {"path": str(tmp_path / "files"), "format": "csv"},
    }


def execute(operator: Any) -> Any:
    operator.get_dag = lambda: SimpleNamespace(timetable=None)
    return type(operator).execute.__wrapped__(operator, Run().next_try())


def without(arguments: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in arguments.items() if key != name}


def make(kind: Kind, arguments: dict[str, Any]) -> Any:
    given: Any = {"task_id": "export", **arguments}
    return kind(**given)


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_template_that_rendered_to_nothing(
    kind: Kind, name: str, native: bool, truepush: Emulator, place: dict[Kind, dict[str, Any]]
) -> None:
    truepush.add_campaigns(2)
    with DAG("a_dag", schedule=None, render_template_as_native_obj=native):
        operator = make(kind, {**place[kind], name: "{{ params.nothing }}"})
    operator.render_template_fields({"params": {"nothing": None}})
    with pytest.raises(AirflowFailException, match=f"^{name}: was given and is empty.*Nothing was exported"):
        execute(operator)
    assert truepush.count() == 0


@pytest.mark.parametrize("empty", EMPTY)
@pytest.mark.parametrize("form", ["default_args", "expand", "expand_kwargs", "group"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_xcom_of_nothing(
    kind: Kind, form: str, empty: object, truepush: Emulator, place: dict[Kind, dict[str, Any]]
) -> None:
    """No campaign instead of every one, in each form in which an XCom can come."""
    truepush.add_campaigns(2)
    with DAG("a_dag", schedule=None) as dag:
        before = BaseOperator(task_id="before")
        if form == "default_args":
            dag.default_args["campaign_ids"] = before.output
            operator = make(kind, place[kind])
        elif form == "group":
            made = []

            @task_group
            def group(ids: Any) -> None:
                made.append(make(kind, {**place[kind], "campaign_ids": ids}))

            group.expand(ids=before.output)
            (operator,) = made
        else:
            partial = kind.partial(task_id="export", **place[kind])
            if form == "expand":
                mapped = partial.expand(campaign_ids=before.output)
            else:
                mapped = partial.expand_kwargs(before.output)

    def run() -> None:
        if form in ("default_args", "group"):
            operator.campaign_ids = empty  # as Airflow resolves it
            execute(operator)
        else:
            execute(mapped.unmap({"campaign_ids": empty}))

    with pytest.raises((AirflowFailException, TruepushValidationError), match=r"^campaign_ids"):
        run()
    assert truepush.count() == 0


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_mapped_argument_of_none(
    kind: Kind, name: str, truepush: Emulator, place: dict[Kind, dict[str, Any]]
) -> None:
    truepush.add_campaigns(2)
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        mapped = kind.partial(task_id="export", **without(place[kind], name)).expand_kwargs(before.output)
    with pytest.raises((AirflowFailException, TruepushValidationError), match=f"^{name}: "):
        execute(mapped.unmap({name: None}))
    assert truepush.count() == 0


@pytest.mark.parametrize(("kind", "name"), PLACES)
def test_a_literal_list_with_none_ends_the_parsing_of_the_dag_file(
    kind: Kind, name: str, place: dict[Kind, dict[str, Any]]
) -> None:
    with DAG("a_dag", schedule=None):
        partial = kind.partial(task_id="export", **without(place[kind], name))
        with pytest.raises(TruepushValidationError, match=f"^{name}: "):
            partial.expand(**{name: [None]})
        with pytest.raises(TruepushValidationError, match=f"^{name}: "):
            partial.expand_kwargs([{name: None}])


@pytest.mark.parametrize("form", ["argument", "left out", "default_args", "partial", "partial left out"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_literal_none_is_a_choice(
    kind: Kind, form: str, truepush: Emulator, place: dict[Kind, dict[str, Any]]
) -> None:
    """Every campaign, whatever its age, under the connection's id: as documented."""
    truepush.add_campaigns(3, spread=timedelta(days=900))
    names = [name for name in NAMES if not name.endswith("conn_id") and (name in SHARED or kind is KINDS[0])]
    given: dict[str, Any] = dict.fromkeys(names) if "left out" not in form else {}
    with DAG("a_dag", schedule=None, default_args=given if form == "default_args" else {}):
        before = BaseOperator(task_id="before")
        if form.startswith("partial"):
            varied = "sql_conn_id" if kind is KINDS[0] else "path"
            partial = kind.partial(task_id="export", **without(place[kind], varied), **given)
            operator = partial.expand(**{varied: before.output}).unmap({varied: place[kind][varied]})
        else:
            operator = make(kind, {**place[kind], **(given if form == "argument" else {})})
    summary = execute(operator)
    assert summary["project"] == "truepush_default"
    assert summary["rows"] == (3 if given else 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_literal_none_in_partial_outweighs_the_default_of_the_dag(
    kind: Kind, truepush: Emulator, place: dict[Kind, dict[str, Any]]
) -> None:
    ids = truepush.add_campaigns(3)
    varied = "sql_conn_id" if kind is KINDS[0] else "path"
    with DAG("a_dag", schedule=None, default_args={"campaign_ids": ids[:1]}):
        before = BaseOperator(task_id="before")
        partial = kind.partial(task_id="export", campaign_ids=None, **without(place[kind], varied))
        mapped = partial.expand(**{varied: before.output})
    assert execute(mapped.unmap({varied: place[kind][varied]}))["rows"] == 3
