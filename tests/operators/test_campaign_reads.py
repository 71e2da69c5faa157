"""The campaign operators that send nothing: cancel, counters, list."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.models.counters import COUNTERS
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushGetCampaignStatsOperator,
    TruepushListCampaignsOperator,
)
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import SCHEDULED, SENT, STATS, UNKNOWN, commits, furnish
from tests.sensors.context import context

__all__ = ["emulator", "plain_machine"]


def execute(operator: Any) -> Any:
    return operator.execute(context())


@pytest.fixture
def truepush(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """A furnished emulator and the connection to it."""
    furnish(emulator)
    connect(monkeypatch, emulator, timeout=20, max_attempts=1)
    return emulator


def test_cancelling_a_campaign(truepush: Emulator) -> None:
    operator = TruepushCancelCampaignOperator(task_id="t", campaign_id=SCHEDULED, truepush_conn_id=CONN_ID)
    assert execute(operator) is True
    assert commits(truepush, "cancelCampaign") == [SCHEDULED]
    assert truepush.count() == 1


@pytest.mark.parametrize("campaign_id", [SENT, UNKNOWN])
@pytest.mark.parametrize(
    ("choice", "raised"), [("fail", AirflowFailException), ("skip", AirflowSkipException), ("ignore", None)]
)
def test_a_campaign_that_cannot_be_canceled(
    choice: Any, raised: type[Exception] | None, campaign_id: str, truepush: Emulator
) -> None:
    operator = TruepushCancelCampaignOperator(
        task_id="t", campaign_id=campaign_id, if_not_cancellable=choice, truepush_conn_id=CONN_ID
    )
    if raised is None:
        assert execute(operator) is False
    else:
        with pytest.raises(raised, match=campaign_id):
            execute(operator)
    assert truepush.count("cancelCampaign") == truepush.count() == 1


def test_a_choice_that_does_not_exist_ends_the_parsing(truepush: Emulator) -> None:
    wrong: Any = "perhaps"
    with pytest.raises(ValueError, match=r"if_not_cancellable.*'perhaps'"):
        TruepushCancelCampaignOperator(
            task_id="t", campaign_id=SCHEDULED, if_not_cancellable=wrong, truepush_conn_id=CONN_ID
        )
    operator = TruepushCancelCampaignOperator(
        task_id="t", campaign_id=SCHEDULED, if_not_cancellable="{{ x }}", truepush_conn_id=CONN_ID
    )
    with pytest.raises(AirflowFailException, match=r"if_not_cancellable.*'{{ x }}'"):
        execute(operator)
    assert truepush.count() == 0


def test_the_counters(truepush: Emulator) -> None:
    def stats(campaign_id: str) -> Any:
        return execute(TruepushGetCampaignStatsOperator(task_id="t", campaign_id=campaign_id, truepush_conn_id=CONN_ID))

    assert stats(SENT) == STATS.as_dict()
    assert list(stats(SENT)) == list(COUNTERS.values())
    assert stats(UNKNOWN) is None
    assert truepush.count("campaignStats") == truepush.count() == 3


def test_the_list(truepush: Emulator) -> None:
    truepush.set_dialect(page_size=1)
    rows = execute(TruepushListCampaignsOperator(task_id="t", truepush_conn_id=CONN_ID))
    assert {row["id"]: row["title"] for row in rows} == {SENT: "Sent", SCHEDULED: "Scheduled"}
    assert truepush.count("listCampaign") == 3


def test_a_read_that_fails_is_left_to_airflows_retries(truepush: Emulator) -> None:
    truepush.fault("campaignStats", effect="status")
    operator = TruepushGetCampaignStatsOperator(task_id="t", campaign_id=SENT, truepush_conn_id=CONN_ID)
    with pytest.raises(TruepushError) as caught:
        execute(operator)
    assert not isinstance(caught.value, AirflowFailException)
    assert truepush.count() == 1
