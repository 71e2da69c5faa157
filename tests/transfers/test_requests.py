"""How many requests an export costs, counted on the socket."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.contract.driver import connect
from tests.support.tokens import SESSION_TOKEN
from tests.transfers.storing import store
from tests.transfers.tasks import Run


@pytest.mark.parametrize(("order", "extra"), [("newest", 10), ("oldest", 32)])
def test_three_hundred_recent_campaigns_of_a_hundred_thousand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, order: str, extra: int
) -> None:
    with Emulator(token=SESSION_TOKEN) as truepush:
        truepush.set_dialect(order=order, page_size=25)
        truepush.add_campaigns(100_000, spread=timedelta(days=10_000))  # ten a day
        connect(monkeypatch, truepush, "truepush_default")
        summary = store(Run(), tmp_path, refresh_for=timedelta(days=30))
        assert 299 <= summary["rows"] <= 302
        assert truepush.count("campaignStats") == summary["rows"]
        assert truepush.count() <= summary["rows"] + 300 / 25 + extra
