"""``@task.truepush_campaign``: what the function returns is what is sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import Campaign
from airflow_provider_truepush.provider_info import get_provider_info
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, kept_emulator, plain_machine
from tests.contract.world import CAMPAIGN, SEGMENT, furnish
from tests.sensors.context import Store, context

__all__ = ["emulator", "kept_emulator", "plain_machine"]


@pytest.fixture(autouse=True)
def connected(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project to send to."""
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()


def run(function: Any, airflow: dict[str, Any], *args: Any, **options: Any) -> Any:
    """What the task of a decorated function returns."""
    return truepush_campaign_task(function, truepush_conn_id=CONN_ID, **options)(*args).operator.execute(airflow)


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
    with pytest.raises(AirflowFailException, match=r"no campaign to send now, but try 1 of .* sent"):
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
    with pytest.raises(TypeError, match="title"):
        run(lambda: dict(CAMPAIGN), context(), task_id="t", title="x")
    assert emulator.count() == 0


def test_it_is_declared() -> None:
    (declared,) = get_provider_info()["task-decorators"]
    module, _, name = declared["class-name"].rpartition(".")
    assert (declared["name"], module, name) == (
        "truepush_campaign",
        truepush_campaign_task.__module__,
        truepush_campaign_task.__name__,
    )


def test_a_segment_that_came_to_nothing_is_not_everyone(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match=r"campaign\.segment_id.*every subscriber"):
        run(lambda: {**CAMPAIGN, "segment_id": None}, context(), task_id="t")
    assert emulator.count() == 0


def test_a_campaign_whose_segment_came_to_nothing_is_not_everyone(emulator: Emulator) -> None:
    with pytest.raises(AirflowFailException, match="would go to every subscriber"):
        run(lambda: Campaign(**CAMPAIGN, segment_id=None), context(), task_id="t")
    assert emulator.count() == 0
    run(lambda: Campaign(**CAMPAIGN), context(), task_id="t")
    assert emulator.count("createCampaign") == 1


def test_a_function_that_is_annotated_to_return_a_mapping_has_one_output() -> None:
    def announce() -> dict[str, Any]:
        return dict(CAMPAIGN)

    assert truepush_campaign_task(announce, truepush_conn_id=CONN_ID)().operator.multiple_outputs is False
