"""``@task.truepush_campaign``: what the function returns is what is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSkipException,
)

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Button, Campaign
from airflow_provider_truepush.provider_info import get_provider_info
from tests.contract.driver import CONN_ID
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, SEGMENT
from tests.decorators.tasks import connected, run
from tests.sensors.context import Store, TaskInstance, context

__all__ = ["connected", "emulator", "plain_machine"]


@pytest.mark.parametrize("form", [lambda given: given, lambda given: Campaign(**given)])
def test_the_function_returns_the_campaign(emulator: Emulator, form: Any) -> None:
    def announce(title: str) -> Campaign | Mapping[str, Any]:
        returned: Campaign | Mapping[str, Any] = form({**CAMPAIGN, "title": title, "segment_id": SEGMENT})
        return returned

    campaign_id = run(announce, context(), "From the feed")
    (request,) = emulator.requests("createCampaign")
    assert request.body["title"] == "From the feed"
    assert request.body["segment"] == SEGMENT
    assert campaign_id in [campaign["id"] for campaign in emulator.campaigns()]


def test_what_it_returns_is_not_rendered(emulator: Emulator) -> None:
    run(lambda: {**CAMPAIGN, "title": "{{ var.value.secret }}"}, context(), task_id="t")
    (request,) = emulator.requests("createCampaign")
    assert request.body["title"] == "{{ var.value.secret }}"


def test_none_skips_the_task(emulator: Emulator) -> None:
    with pytest.raises(AirflowSkipException, match="no campaign to send"):
        run(lambda: None, context(), task_id="t")
    assert emulator.count() == 0


def test_none_on_a_later_try_does_not_hide_what_the_first_has_begun(emulator: Emulator) -> None:
    """The feed has nothing any more: a skip would say that nothing was sent."""
    airflow = context(task_state_store=Store())
    run(lambda: dict(CAMPAIGN), airflow, task_id="t")
    airflow["ti"].try_number = 2
    with pytest.raises(AirflowFailException, match=r"no campaign to send, but try 1 of .* sent"):
        run(lambda: None, airflow, task_id="t")
    assert emulator.count("createCampaign") == 1


def test_none_on_a_later_try_skips_where_nothing_was_begun(emulator: Emulator) -> None:
    airflow = context(task_state_store=Store())
    airflow["ti"].try_number = 2
    with pytest.raises(AirflowSkipException, match="no campaign to send"):
        run(lambda: None, airflow, task_id="t")


def test_a_bad_campaign_fails_before_anything_is_sent(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match=r"campaign\.link"):
        run(lambda: {**CAMPAIGN, "link": "nowhere"}, context(), task_id="t")
    assert emulator.count() == 0


def test_a_retry_sends_nothing_a_second_time(emulator: Emulator) -> None:
    airflow = context(task_state_store=Store())
    first = run(lambda: dict(CAMPAIGN), airflow, task_id="t")
    assert run(lambda: dict(CAMPAIGN), airflow, task_id="t") == first
    assert emulator.count("createCampaign") == 1


def test_the_operators_options_hold(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match="on_doubt"):
        run(lambda: dict(CAMPAIGN), context(), task_id="t", on_doubt="perhaps")
    assert emulator.count() == 0


def test_it_is_declared() -> None:
    (declared,) = get_provider_info()["task-decorators"]
    module, _, name = declared["class-name"].rpartition(".")
    assert (declared["name"], module, name) == (
        "truepush_campaign",
        truepush_campaign_task.__module__,
        truepush_campaign_task.__name__,
    )


def test_a_segment_that_renders_empty_is_not_everyone(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match=r"campaign\.segment_id.*every subscriber"):
        run(lambda: {**CAMPAIGN, "segment_id": None}, context(), task_id="t")
    assert emulator.count() == 0


def test_a_segment_that_renders_empty_is_not_everyone_for_a_campaign(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match="would go to every subscriber"):
        run(lambda: Campaign(**CAMPAIGN, segment_id=None), context(), task_id="t")
    assert emulator.count() == 0
    run(lambda: Campaign(**CAMPAIGN), context(), task_id="t")
    assert emulator.count("createCampaign") == 1


def test_a_function_that_is_annotated_to_return_a_mapping_has_one_output() -> None:
    def announce() -> dict[str, Any]:
        return dict(CAMPAIGN)

    assert truepush_campaign_task(announce, truepush_conn_id=CONN_ID)().operator.multiple_outputs is False


@pytest.mark.parametrize("empty", [None, "", "None", float("nan")])
@pytest.mark.parametrize("name", ["segment_id", "send_at", "send_token"])
def test_what_it_returns_must_not_be_empty(emulator: Emulator, name: str, empty: Any) -> None:
    for defaults in ({}, {"segment_id": SEGMENT, "send_at": "2099-03-01T09:30:00"}):
        with pytest.raises(AirflowFailException, match=rf"campaign\.{name}: was given and is empty"):
            run(lambda: {**CAMPAIGN, name: empty}, context(), task_id="t", **defaults)
    assert emulator.count() == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"title": str(None)},
        {"message": " None "},
        {"buttons": [Button("None", "https://a.de/")]},
        {"tags": ["news", "None"]},
    ],
)
@pytest.mark.parametrize("form", [dict, lambda fields: Campaign(**fields)], ids=["mapping", "campaign"])
def test_the_text_of_a_missing_value_is_not_sent(emulator: Emulator, fields: dict[str, Any], form: Any) -> None:
    with pytest.raises(AirflowFailException, match=rf"campaign\.{next(iter(fields))}"):
        run(lambda: form({**CAMPAIGN, **fields}), context(), task_id="t")
    assert emulator.count() == 0


@pytest.mark.parametrize("name", ["segment_id", "send_at"])
def test_a_campaign_with_an_empty_field(emulator: Emulator, name: str) -> None:
    with pytest.raises(AirflowFailException, match=rf"campaign\.{name}: was given and is empty"):
        run(lambda: Campaign(**CAMPAIGN, **{name: None}), context(), task_id="t", segment_id=SEGMENT)
    assert emulator.count() == 0


def test_a_key_per_item_makes_the_send_exact(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LEDGER", json.dumps({"conn_type": "sqlite", "host": str(tmp_path / "ledger.db")}))
    for index, token in enumerate(("row 1", "row 2", "row 1")):
        airflow = context(TaskInstance(map_index=index), task_state_store=Store())
        returned = {**CAMPAIGN, "title": token, "send_token": token}
        run(lambda returned=returned: returned, airflow, task_id="t", ledger_conn_id="ledger")
    assert [request.body["title"] for request in emulator.requests("createCampaign")] == ["row 1", "row 2"]


async def _coroutine() -> dict[str, str]:
    return dict(CAMPAIGN)


async def _async_generator() -> Any:
    yield CAMPAIGN


def _generator() -> Any:
    yield CAMPAIGN


class _Callable:
    __name__ = "callable"
    __annotations__: ClassVar[dict[str, Any]] = {}

    async def __call__(self) -> dict[str, str]:
        return dict(CAMPAIGN)


@pytest.mark.parametrize("with_arguments", [False, True])
@pytest.mark.parametrize("function", [_coroutine, _async_generator, _generator, _Callable()])
def test_a_function_that_returns_no_campaign_is_refused_in_the_dag_file(function: Any, with_arguments: bool) -> None:
    with pytest.raises(TruepushValidationError, match="is async or a generator"):
        truepush_campaign_task(task_id="t")(function) if with_arguments else truepush_campaign_task(function)


def test_a_coroutine_out_of_a_plain_function_is_refused(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match="was returned by the function"):
        run(lambda: _coroutine(), context(), task_id="t")
    assert emulator.count() == 0


def test_airflow_3_0_reads_an_attribute_that_its_operators_lack() -> None:
    assert hasattr(truepush_campaign_task(lambda: None, task_id="t")().operator, "xcom_push")
