"""What the items of a mapped task share is checked once, however many there are: the work is counted, not timed."""

from __future__ import annotations

import cProfile
import pstats
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.contract.world import CAMPAIGN

DEFAULTS = {"owner": "shop", "retries": 3, "conn_id": "x", "timeout": 5, "send_data": 1, "cancel_job_on_kill": True}
#: Functions that read the ``default_args``, and the comparison of names.
SHARED = ("get_close_matches", "check_defaults", "inherited_defaults", "refuse_misnamed_defaults")


def calls(work: Callable[[], Any]) -> Counter[str]:
    """Return the calls of each function by its name."""
    profile = cProfile.Profile()
    profile.runcall(work)
    counted: Counter[str] = Counter()
    for (_, _, name), (_, number, *_) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        counted[name] += number
    return counted


def map_over(number: int, form: str) -> None:
    """Map a task over titles in a Dag whose ``default_args`` are for other operators too."""
    given = {name: value for name, value in CAMPAIGN.items() if name != "title"}
    titles = [f"Title {i}" for i in range(number)]
    with DAG("a_dag", schedule=None, default_args=DEFAULTS):
        partial = TruepushCreateCampaignOperator.partial(task_id="t", **given)
        if form == "expand":
            partial.expand(title=titles)
        else:
            partial.expand_kwargs([{"title": title} for title in titles])


@pytest.mark.parametrize("form", ["expand", "expand_kwargs"])
def test_the_defaults_are_read_once_for_all_items(form: str) -> None:
    map_over(1, form)
    few, many = (calls(lambda number=number: map_over(number, form)) for number in (2, 40))
    assert {name: many[name] for name in SHARED} == {name: few[name] for name in SHARED}
    assert many["check_defaults"] > 0
    # Each item is checked once with all that is known of the task.
    assert many["check_arguments"] - few["check_arguments"] == 38


def test_tasks_of_a_dag_compare_its_defaults_once() -> None:
    def create(number: int) -> None:
        with DAG("a_dag", schedule=None, default_args=DEFAULTS):
            for i in range(number):
                TruepushCreateCampaignOperator(task_id=f"t{i}", **CAMPAIGN)

    create(1)
    assert calls(lambda: create(10))["get_close_matches"] == 0
