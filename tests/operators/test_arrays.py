"""Values that cannot be compared, such as an array, are valid where the provider does not read them, or are refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.parameters import parameters
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from airflow_provider_truepush.transfers.stats_to_sql import TruepushStatsToSqlOperator
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, NEW_TEMPLATE, NEW_TRIGGER, SENT
from tests.operators.literals import create
from tests.sensors.context import context
from tests.support.arrays import Array

__all__ = ["emulator", "plain_machine"]

KINDS: list[tuple[Any, dict[str, Any]]] = [
    (TruepushCreateCampaignOperator, CAMPAIGN),
    (TruepushCreateTemplateOperator, NEW_TEMPLATE),
    (TruepushCreateTriggerOperator, NEW_TRIGGER),
    (TruepushDeleteSegmentOperator, {"segment": "x"}),
    (TruepushCampaignStatsSensor, {"campaign_id": SENT, "settled_after": 60}),
    (TruepushStatsToSqlOperator, {"sql_conn_id": "x"}),
    (TruepushStatsToObjectStorageOperator, {"path": "/tmp/x"}),
]
#: Of Airflow's own sensors, which check these themselves.
AIRFLOWS = ("poke_interval", "timeout", "mode", "max_wait", "soft_fail", "exponential_backoff", "silent_fail")


@pytest.mark.parametrize(("kind", "given"), KINDS, ids=lambda one: getattr(one, "__name__", ""))
def test_default_args_of_other_operators_may_be_arrays(kind: Any, given: dict[str, Any]) -> None:
    with DAG("a_dag", schedule=None, default_args={"frame": Array(), "labels": Array()}):
        kind(task_id="t", **given)
        truepush_campaign_task(lambda: CAMPAIGN, task_id="u")()


@pytest.mark.parametrize("key", ["dry_run", "requireSegment", "segmentId"])
def test_those_that_are_meant_for_the_provider_are_refused(key: str) -> None:
    with (
        pytest.raises(TruepushValidationError, match=rf"^default_args\['{key}'\]: is not an argument .* got Array"),
        DAG("a_dag", schedule=None, default_args={key: Array()}),
    ):
        create()


class FalseOfNumpy:
    """A false value that is neither a bool nor a number, and is equal to False."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        return other is False

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "False_"


@pytest.mark.parametrize("off", [None, False, 0, 0.0, Decimal("0.0"), FalseOfNumpy()], ids=repr)
def test_a_default_that_asks_for_nothing_is_no_error(off: Any) -> None:
    with DAG("a_dag", schedule=None, default_args={"dry_run": off, "require_segment": off}):
        create()


@pytest.mark.parametrize("on", [True, 1, 0.5, "", "False", [], float("nan")], ids=repr)
def test_every_other_default_is_refused(on: Any) -> None:
    with (
        pytest.raises(TruepushValidationError, match=r"^default_args\['dry_run'\]: is not an argument "),
        DAG("a_dag", schedule=None, default_args={"dry_run": on}),
    ):
        create()


@pytest.mark.parametrize(("kind", "given"), KINDS, ids=lambda one: getattr(one, "__name__", ""))
def test_no_argument_of_an_operator_is_an_array(kind: Any, given: dict[str, Any]) -> None:
    for name in parameters(kind):
        if name not in AIRFLOWS and name != "never_fail":
            with pytest.raises(TruepushValidationError, match=r"Array\(|both"):
                kind(task_id="t", **{**given, name: Array()})


def test_nor_is_what_an_xcom_gives_to_it(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    for name in TruepushCreateCampaignOperator.template_fields:
        with DAG("a_dag", schedule=None):
            given = {**CAMPAIGN, "truepush_conn_id": CONN_ID, name: BaseOperator(task_id="before").output}
            task: Any = TruepushCreateCampaignOperator(task_id="t", **given)
        setattr(task, name, Array())
        with pytest.raises(AirflowFailException, match=r"Array\("):
            task.execute(context())
    assert emulator.count("createCampaign") == 0
