"""The error of a mapped task that is refused is all that is shown: Airflow adds no warning that it was never mapped."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, BaseOperator

from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.world import CAMPAIGN, SENT

KINDS: list[tuple[Any, dict[str, Any], str]] = [
    (TruepushCreateCampaignOperator, CAMPAIGN, "title"),
    (TruepushCampaignStatsSensor, {"campaign_id": SENT, "settled_after": 60}, "campaign_id"),
    (TruepushDeleteSegmentOperator, {"segment": "x"}, "segment"),
]
#: How a partial is mapped: over literals, items, or an XCom.
FORMS: dict[str, Callable[[Any, str, Any], object]] = {
    "expand": lambda partial, name, value: partial.expand(**{name: [value]}),
    "expand_kwargs": lambda partial, name, value: partial.expand_kwargs([{name: value}]),
    "expand over an XCom": lambda partial, name, _: partial.expand(**{name: BaseOperator(task_id="b").output}),
}


def warned(work: Callable[[], object]) -> list[str]:
    """Return the warnings of some work, and of the objects that it leaves behind."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
        gc.collect()
    return [str(one.message) for one in caught if "never mapped" in str(one.message)]


def refuse(work: Callable[[], object], error: type[Exception] = TruepushValidationError) -> None:
    """Do some work that raises an error, and drop the error with all that it refers to."""
    with pytest.raises(error):
        work()


def map_in_a_dag(default_args: dict[str, Any], kind: Any, given: dict[str, Any], name: str, form: str) -> None:
    with DAG("a_dag", schedule=None, default_args=default_args):
        rest = {key: value for key, value in given.items() if key != name}
        FORMS[form](kind.partial(task_id="t", **rest), name, given[name])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("key", ["dry_run", "segmentId"])
def test_refused_defaults_of_the_dag(key: str, form: str) -> None:
    defaults = {key: True}
    assert (
        warned(
            lambda: refuse(
                lambda: map_in_a_dag(defaults, TruepushCreateCampaignOperator, dict(CAMPAIGN), "title", form)
            )
        )
        == []
    )


@pytest.mark.parametrize("form", ["expand", "expand_kwargs"])
@pytest.mark.parametrize(("kind", "given", "name"), KINDS)
def test_refused_values(kind: Any, given: dict[str, Any], name: str, form: str) -> None:
    wrong = {**given, name: 5}
    assert warned(lambda: refuse(lambda: map_in_a_dag({}, kind, wrong, name, form), Exception)) == []


def test_refused_arguments_of_partial() -> None:
    def partial() -> None:
        TruepushCreateCampaignOperator.partial(task_id="t", **{**CAMPAIGN, "title": 5})

    assert warned(lambda: refuse(partial)) == []


def test_arguments_that_airflow_refuses() -> None:
    def expand() -> None:
        TruepushCreateCampaignOperator.partial(task_id="t", **CAMPAIGN).expand(title=["x"])

    assert warned(lambda: refuse(expand, TypeError)) == []


def test_a_refused_task_can_be_mapped_over_something_else() -> None:
    rest = {key: value for key, value in CAMPAIGN.items() if key != "title"}
    with DAG("a_dag", schedule=None) as dag:
        partial = TruepushCreateCampaignOperator.partial(task_id="t", **rest)
        refuse(lambda: partial.expand(title=[5]))
        partial.expand(title=["x"])
    assert dag.has_task("t")


def test_a_task_that_was_really_never_mapped_is_still_a_warning() -> None:
    def forget() -> None:
        TruepushCreateCampaignOperator.partial(task_id="t", **CAMPAIGN)

    assert warned(forget) == ["Task 't' was never mapped!"]
