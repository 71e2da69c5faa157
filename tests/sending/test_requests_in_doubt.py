"""How many requests a send costs that is in doubt, and sends that happen at the same time; counted on the socket."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.api.checks.outcome import NOT_SENT, meaning
from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.models.campaign import Campaign
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.protocol import CampaignSending
from airflow_provider_truepush.sending.sql_store import TABLE, SqlSendStore
from tests.contract.driver import connect
from tests.sending.tasks import CAMPAIGN, Tasks
from tests.support.tokens import SESSION_TOKEN
from tests.support.versions import needs_many_threads

CONN_ID = "truepush_default"
ORDERS = [("newest", 3), ("oldest", 20)]
SPREADS = [timedelta(days=1), timedelta(days=365)]


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize(("order", "most"), ORDERS)
def test_the_requests_of_a_look_after_doubt(
    monkeypatch: pytest.MonkeyPatch, order: str, most: int, spread: timedelta
) -> None:
    """A settle window of 0 ends after one look."""
    with Emulator(token=SESSION_TOKEN) as truepush:
        truepush.set_dialect(order=order, page_size=25)
        truepush.add_campaigns(5_000, spread=spread)
        connect(monkeypatch, truepush, CONN_ID)
        tasks = Tasks(truepush)
        truepush.fault("createCampaign", effect="fin", phase="after_commit", times=1)
        campaign_id = tasks.run(settle_window=timedelta())
        requests = [request.endpoint for request in truepush.requests()]
        looked = requests[requests.index("createCampaign") + 1 :]
        assert campaign_id == truepush.campaigns()[-1]["id"]
        assert requests.count("createCampaign") == 1
        assert 1 <= len(looked) <= most


@pytest.mark.parametrize("spread", SPREADS)
@pytest.mark.parametrize(("order", "most"), ORDERS)
def test_the_requests_of_a_look_by_a_new_process(
    monkeypatch: pytest.MonkeyPatch, order: str, most: int, spread: timedelta
) -> None:
    """As by a later try, on another worker: since the newest campaign that existed before the send."""
    with Emulator(token=SESSION_TOKEN) as truepush:
        truepush.set_dialect(order=order, page_size=25)
        floor = created_at(truepush.add_campaigns(5_000, spread=spread)[-1])
        (created,) = truepush.add_campaigns(1)
        connect(monkeypatch, truepush, CONN_ID)
        with TruepushHook() as hook:
            assert created in [found.id for found in hook.list_campaigns(since=floor)]
        assert truepush.count() <= most


@needs_many_threads
def test_the_requests_of_a_hundred_concurrent_creates(monkeypatch: pytest.MonkeyPatch) -> None:
    with Emulator(token=SESSION_TOKEN) as truepush:
        truepush.set_dialect(order="newest", page_size=25)
        truepush.add_campaigns(5_000, spread=timedelta(days=365))
        connect(monkeypatch, truepush, CONN_ID, timeout=60)

        def create(number: int) -> str | None:
            operator = TruepushCreateCampaignOperator(
                task_id=f"create{number}", title=f"Number {number}", message="m", link="https://example.com/"
            )
            return operator.execute({})

        with ThreadPoolExecutor(100) as threads:
            assert len(set(threads.map(create, range(100)))) == 100
        creates, lists = (
            Counter(request.connection for request in truepush.requests(endpoint))
            for endpoint in ("createCampaign", "listCampaign")
        )
        # Every send lists on one connection, and creates on another one, which is fresh: so the counts are of each.
        assert len(lists) == len(creates) == 100
        assert set(creates.values()) == {1}
        assert max(lists.values()) + 1 <= 4
        assert truepush.count() <= 4 * 100


def test_an_error_after_the_request_does_not_say_that_nothing_was_sent(
    emulator: Emulator, sqlite: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone writes a wrong id into the record while the send is in doubt."""
    connect(monkeypatch, emulator, CONN_ID)
    store = SqlSendStore(BaseHook.get_hook(sqlite), sqlite)
    store.identity = Identity("dag/run/task", -1, CONN_ID)
    emulator.fault("createCampaign", effect="fin", phase="before_commit", times=1)

    def write_by_hand(seconds: float) -> None:
        BaseHook.get_hook(sqlite).run(f"UPDATE {TABLE} SET campaign_id = 'x', settled = 1")
        time.sleep(seconds)

    plan = SendPlan(Campaign.read(CAMPAIGN), "somebody", settle_window=0.3)
    raises = pytest.raises(
        TruepushValidationError, match=r"campaign_id in the ledger.* The campaign may have been sent\."
    )
    with meaning(NOT_SENT), TruepushHook() as hook, raises:
        CampaignSending(hook, store, plan, sleep=write_by_hand).send()
