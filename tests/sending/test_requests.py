"""How many requests a create costs, counted on the socket."""

from __future__ import annotations

from datetime import timedelta

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.contract.driver import connect
from tests.support.tokens import SESSION_TOKEN

CONN_ID = "truepush_default"


def create(number: int = 0) -> None:
    operator = TruepushCreateCampaignOperator(
        task_id=f"create{number}", title=f"Number {number}", message="m", link="https://example.com/"
    )
    assert operator.execute({})


@pytest.mark.parametrize("spread", [timedelta(days=1), timedelta(days=365)])
@pytest.mark.parametrize("count", [0, 5_000, 100_000])
@pytest.mark.parametrize(("order", "most"), [("newest", 3), ("oldest", 20)])
def test_the_requests_of_one_create(
    monkeypatch: pytest.MonkeyPatch, order: str, most: int, count: int, spread: timedelta
) -> None:
    with Emulator(token=SESSION_TOKEN) as truepush:
        truepush.set_dialect(order=order, page_size=25)
        truepush.add_campaigns(count, spread=spread)
        connect(monkeypatch, truepush, CONN_ID)
        create()
        assert truepush.count("createCampaign") == 1
        assert truepush.count() <= most + (5 if count == 100_000 else 0)


def test_the_requests_of_a_hundred_creates_in_one_second(monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(token=SESSION_TOKEN) as truepush:
        truepush.set_dialect(order="newest", page_size=25)
        truepush.add_campaigns(1_000, spread=timedelta(days=365))
        connect(monkeypatch, truepush, CONN_ID)
        for number in range(100):
            before = truepush.count()
            create(number)
            assert truepush.count() - before <= 4
        assert truepush.count("createCampaign") == 100
