"""XComs and states of map indexes, as Airflow's task instances return them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.utils.state import TaskInstanceState

from airflow_provider_truepush.task.map_indexes import MapIndexes

KEY = "a_key"
TASK = {"dag_id": "a_dag", "run_id": "a_run", "task_id": "a_task"}


def map_indexes(**ti: Any) -> MapIndexes:
    found = MapIndexes.of(SimpleNamespace(**TASK, **{"xcom_pull": None, "xcom_push": None, **ti}))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("pulled", "entries"),
    [
        (None, []),
        ({"map_index": 0}, [{"map_index": 0}]),  # Airflow returns a single XCom as it is
        ([{"map_index": 0}, None, "of another version", {"map_index": 2}], [{"map_index": 0}, {"map_index": 2}]),
    ],
)
def test_published_entries_are_read_whatever_their_number(pulled: Any, entries: list[Any]) -> None:
    pulls: list[dict[str, str]] = []

    def pull(**wanted: str) -> Any:
        pulls.append(wanted)
        return pulled

    assert map_indexes(xcom_pull=pull).published(KEY) == entries
    assert pulls == [{"task_ids": "a_task", "key": KEY}]


def test_states_are_words_by_map_index() -> None:
    def ask(**wanted: Any) -> Any:
        assert wanted == {"dag_id": "a_dag", "task_ids": ["a_task"], "run_ids": ["a_run"]}
        states = {"a_task_0": TaskInstanceState.RUNNING, "a_task_12": "failed", "a_task_3": None, "a_task": "success"}
        return {"a_run": states}

    assert map_indexes(get_task_states=ask).states() == {0: "running", 12: "failed", 3: None}
    assert map_indexes(get_task_states=lambda **wanted: {}).states() == {}


def test_airflow_before_3_shows_no_states() -> None:
    assert map_indexes().states() == {}


def test_a_task_instance_without_xcoms_has_no_map_indexes() -> None:
    assert MapIndexes.of(None) is None
    assert MapIndexes.of(SimpleNamespace(xcom_pull=None)) is None
