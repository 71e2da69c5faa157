"""Any JSON value in any field of lists and statistics, through everything that reads them.

Each ends with a result that can be stored, or with an error of this provider or of Airflow, in bounded time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException
from hypothesis import given, settings, strategies as st

from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.operators.campaign import (
    TruepushGetCampaignStatsOperator,
    TruepushListCampaignsOperator,
)
from airflow_provider_truepush.operators.segment import TruepushListSegmentsOperator
from airflow_provider_truepush.operators.template import TruepushListTemplatesOperator
from airflow_provider_truepush.operators.trigger import TruepushListTriggersOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger, TruepushNewCampaignsTrigger
from tests.api.support import COUNTERS, ID
from tests.client.fuzzing import EXAMPLES, as_json, counters, data, envelopes, fuzz, rows, values
from tests.client.peers import Peer
from tests.contract.driver import connect
from tests.export.databases import Database
from tests.sensors.context import context
from tests.transfers.tasks import Run, export

CONN_ID = "truepush_default"
LISTS = [
    TruepushListCampaignsOperator,
    TruepushListSegmentsOperator,
    TruepushListTemplatesOperator,
    TruepushListTriggersOperator,
]
#: Seconds that the slowest consumer of an example may take.
LONGEST = 20.0
few = settings(fuzz, max_examples=max(1, EXAMPLES // 4))
fewer = settings(fuzz, max_examples=max(1, EXAMPLES // 16))

END = b'{"status_code":204,"status":"ERROR","message":"No data","data":"NO-DATA"}'


def enveloped(inner: Any) -> bytes:
    return as_json({"status_code": 200, "status": "SUCCESS", "message": "Data", "data": inner})


#: Rows that are listed, whatever else they hold.
valid_rows = st.fixed_dictionaries(
    {"_id": st.integers(0, 40).map(lambda number: f"{0x6B0AAC00 + number // 2:08x}fe8548cb9095{number:04x}")},
    optional={"title": values, "name": values, "status": values, "more": values},
)
valid_pages = st.lists(valid_rows, min_size=1, max_size=6)
pages = valid_pages | st.lists(valid_rows | rows | values, max_size=6) | st.lists(rows, max_size=6) | data
lists = (
    st.lists(valid_pages.map(enveloped), min_size=1, max_size=3)
    | st.lists(pages.map(enveloped), min_size=1, max_size=3)
    | st.lists(pages.map(enveloped) | envelopes.map(as_json), max_size=3)
)
valid_counters = st.fixed_dictionaries(
    {name: st.integers(0, 10**6) for name in COUNTERS}, optional={"New": values, "\ud83d": values}
)
stats = (valid_counters | counters | data).map(enveloped) | envelopes.map(as_json)


class Answers:
    """What the server answers at present."""

    def __init__(self) -> None:
        self.pages: list[bytes] = []
        self.stats = END

    def of(self, path: str) -> bytes:
        """The body for a path, which ends in a page or an id."""
        last = path.rpartition("/")[2]
        if "campaignStats" in path:
            return self.stats
        number = int(last) if last.isdecimal() else 1
        return self.pages[number - 1] if 0 < number <= len(self.pages) else END


@pytest.fixture(scope="module")
def answers() -> Iterator[Answers]:
    """A server behind the connection ``truepush_default``; it answers what the test says."""
    told = Answers()

    def serve(peer: Peer, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while request := peer.read(connection):
            body = told.of(request.split(b" ", 2)[1].decode())
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    with Peer(serve) as peer, pytest.MonkeyPatch.context() as patch:
        # After a 429 a connection goes slowly for a while, as long as the process lives.
        patch.setattr("airflow_provider_truepush.client.rate_limit.FLOOR", 5000.0)
        connect(patch, peer.url, CONN_ID, max_attempts=1, retry_budget=0, timeout=5)
        yield told


@pytest.fixture(autouse=True)
def failures() -> Iterator[list[BaseException]]:
    """The errors that were logged instead of raised."""
    found: list[BaseException] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            record.getMessage().encode("utf-8", "strict" if record.levelno >= logging.INFO else "replace")
            told = record.args if isinstance(record.args, tuple) else ()
            found.extend(arg for arg in told if isinstance(arg, BaseException))
            if record.exc_info and record.exc_info[1] is not None:
                found.append(record.exc_info[1])

    logger = logging.getLogger("airflow_provider_truepush")
    handler = Collect()
    logger.addHandler(handler)
    yield found
    logger.removeHandler(handler)


def ended(consumer: Callable[[], Any], failures: list[BaseException]) -> Any:
    """Run a consumer; return its result, None after an error that may be."""
    failures.clear()
    began = time.monotonic()
    result = message = None
    try:
        result = consumer()
    except (TruepushError, AirflowException) as error:
        message = str(error)
    assert message is None or (message.encode() and len(message) < 10_000)
    assert time.monotonic() - began < LONGEST
    untyped = [error for error in failures if not isinstance(error, (TruepushError, AirflowException))]
    assert not untyped
    json.dumps(result, allow_nan=False, ensure_ascii=False).encode()
    return result


@few
@given(st.sampled_from(LISTS), lists)
def test_lists(answers: Answers, failures: list[BaseException], kind: Any, given_pages: list[bytes]) -> None:
    answers.pages = given_pages
    found = ended(lambda: kind(task_id="t").execute({}), failures)
    assert found is None or all(len(row["id"]) == len(ID) for row in found)


@few
@given(stats)
def test_counters(answers: Answers, failures: list[BaseException], given_stats: bytes) -> None:
    answers.stats = given_stats
    ended(lambda: TruepushGetCampaignStatsOperator(task_id="t", campaign_id=ID).execute({}), failures)


@fewer
@given(stats)
def test_a_sensor_in_poke_mode(answers: Answers, failures: list[BaseException], given_stats: bytes) -> None:
    answers.stats = given_stats
    sensor = TruepushCampaignStatsSensor(
        task_id="t",
        campaign_id=ID,
        thresholds={"delivered": 100},
        error_budget=timedelta(milliseconds=1),
        poke_interval=0.01,
        timeout=0.05,
        mode="poke",
        deferrable=False,
    )
    ended(lambda: sensor.execute(context()), failures)


@fewer
@given(stats)
def test_the_shared_poller(
    answers: Answers, failures: list[BaseException], loop: asyncio.AbstractEventLoop, given_stats: bytes
) -> None:
    answers.stats = given_stats
    goal = {"thresholds": {"delivered": 10**5}, "fail_if": {"unsubscribe_rate": 0.2}}

    async def run() -> Any:
        trigger = TruepushCampaignStatsTrigger(
            campaign_id=ID,
            truepush_conn_id=CONN_ID,
            goal={**goal, "error_budget": {"seconds": 0.001}},
            poke_interval=0.01,
            timeout=0.05,
            started_at=time.time(),
        )
        return [event.payload async for event in trigger.run()]

    events = ended(lambda: loop.run_until_complete(run()), failures)
    assert len(events) == 1


@fewer
@given(lists)
def test_the_watcher_of_new_campaigns(
    answers: Answers, failures: list[BaseException], loop: asyncio.AbstractEventLoop, given_pages: list[bytes]
) -> None:
    """It starts on an empty project, and never ends, whatever is listed."""

    async def run() -> Any:
        answers.pages = []
        trigger = TruepushNewCampaignsTrigger(poll_interval=0.01)
        trigger.event_spacing = 0.0
        events: list[Any] = []

        async def watch() -> None:
            async for event in trigger.run():
                json.dumps(event.payload, ensure_ascii=False).encode()
                events.append(event.payload)

        watching = asyncio.create_task(watch())
        done, _ = await asyncio.wait([watching], timeout=0.15)
        assert not done, watching.result()
        watching.cancel()
        await asyncio.wait([watching])
        return events

    async def change() -> Any:
        watching = asyncio.create_task(run())
        await asyncio.sleep(0.06)
        answers.pages = given_pages
        return await watching

    ended(lambda: loop.run_until_complete(change()), failures)


@fewer
@given(lists, stats, st.booleans())
def test_an_export_into_sqlite(
    answers: Answers,
    failures: list[BaseException],
    sqlite: Database,
    given_pages: list[bytes],
    given_stats: bytes,
    by_list: bool,
) -> None:
    answers.pages, answers.stats = given_pages, given_stats
    chosen = {"refresh_for": None} if by_list else {"campaign_ids": [ID]}
    summary = ended(lambda: export(Run(), **chosen), failures)
    assert summary is None or summary["rows"] + summary["missing"] <= summary["campaigns"]


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop for all examples."""
    with asyncio.Runner() as runner:
        yield runner.get_loop()
