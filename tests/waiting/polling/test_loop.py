"""The triggerer's loop is shared by all triggers: none holds it up, neither by work nor by waiting."""

from __future__ import annotations

import asyncio
import gc
import sys
from asyncio import Handle
from collections import Counter
from pathlib import Path
from traceback import extract_stack
from types import BuiltinFunctionType, FrameType
from typing import Any, Self

import pytest

import airflow_provider_truepush
from airflow_provider_truepush.client import aio
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.triggers.campaign import TruepushCampaignStatsTrigger, TruepushNewCampaignsTrigger
from airflow_provider_truepush.waiting.goal import Goal
from airflow_provider_truepush.waiting.polling import pool_size
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import own_emulator, plain_machine
from tests.sensors.modes import first_event
from tests.support.soon import soon
from tests.support.stats_trigger import trigger

__all__ = ["own_emulator", "plain_machine"]

# Functions in C that wait for something else than the loop's own selector, or that read files.
WAITING = {
    *("sleep", "getaddrinfo", "gethostbyname", "getnameinfo", "select", "system", "waitpid", "fsync"),
    *("open", "open_code", "stat", "listdir", "scandir", "create_dynamic", "load_verify_locations"),
}


class Steps:
    """What a loop does in one go, from one of its callbacks to the next: counted in calls, not in seconds.

    Seconds say how busy the machine is, and whether the garbage of other tests is being collected. Calls of other
    packages depend on what they have imported and read in this process already.

    :param folder: whose code is counted.
    """

    def __init__(self, folder: Path = Path(airflow_provider_truepush.__file__).parent) -> None:
        self.counted = str(folder)
        self.calls: list[Counter[str]] = [Counter()]
        self.waited: set[str] = set()

    def __enter__(self) -> Self:
        gc.collect()
        gc.disable()  # what other tests left is finalized by calls as well
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)
        gc.enable()

    def _note(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "call" and frame.f_code is Handle._run.__code__:
            self.calls.append(Counter())
        elif event in ("call", "c_call") and frame.f_code.co_filename.startswith(self.counted):
            self.calls[-1][frame.f_code.co_qualname] += 1
        if event == "c_call" and isinstance(function, BuiltinFunctionType) and function.__name__ in WAITING:
            stack = [(at.filename, at.lineno) for at in extract_stack(frame) if "importlib" not in at.filename]
            if any("/logging/" in filename or "/utils/log/" in filename for filename, _ in stack):
                return  # how Airflow writes a line is its own affair
            self.waited.add(f"{function.__name__} for {stack[-1]}, for {stack[-2]}")

    @property
    def longest(self) -> Counter[str]:
        """The functions of the longest step."""
        return max(self.calls, key=Counter.total)

    @property
    def total(self) -> int:
        """All calls."""
        return sum(map(Counter.total, self.calls))


def test_steps_see_work_and_waiting() -> None:
    async def held_up() -> None:
        await asyncio.sleep(0)
        sorted(range(1000), key=lambda number: -number)
        Path(__file__).read_bytes()  # noqa: ASYNC240

    async def main() -> Steps:
        with Steps(Path(__file__)) as steps:
            await held_up()
        return steps

    steps = asyncio.run(main())
    assert steps.longest.total() >= 1000
    assert {name.split()[0] for name in steps.waited} == {"open"}


async def test_a_long_list_is_read_a_page_a_step(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    own_emulator.add_campaigns(3000)
    own_emulator.set_dialect(page_size=500)
    connect(monkeypatch, own_emulator, timeout=60)
    watcher = TruepushNewCampaignsTrigger(truepush_conn_id=CONN_ID, poll_interval=0.05)
    with Steps() as steps:
        waiting = asyncio.create_task(first_event(watcher))
        await soon(lambda: own_emulator.count() >= 18)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    page = 50 * 500  # calls to read 500 rows, twice what they take
    assert steps.total > 3 * page, "nothing was read?"
    assert steps.longest.total() < page, steps.longest.most_common(9)
    assert steps.waited == set()


@pytest.mark.parametrize(
    "fault",
    [
        None,
        {"effect": "429", "retry_after": 0.1, "times": 2},
        {"effect": "status", "status": 503, "times": 5},
        {"effect": "outcome", "code": "TOKEN-NOT-FOUND", "times": 5},
        {"effect": "garbage", "times": 5},
        {"effect": "rst", "times": 5},
    ],
    ids=["well", "429", "503", "401", "garbage", "reset"],
)
async def test_the_look_up_and_the_polls_of_many_hold_nothing_up(
    fault: dict[str, Any] | None, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault:
        own_emulator.fault("campaignStats", **fault)
    connect(monkeypatch, own_emulator, timeout=60)
    goal = Goal(thresholds={"delivered": 10}).as_dict()
    waits: list[TruepushCampaignStatsTrigger] = [
        trigger(campaign_id=f"{number:024x}", poke_interval=0.5, goal=goal) for number in range(100)
    ]
    own_emulator.set_series(f"{0:024x}", [{"delivered": 10}])
    with Steps() as steps:
        tasks = [asyncio.create_task(first_event(one)) for one in waits]
        # After a 429 polls come slowly for a while.
        await soon(lambda: own_emulator.count() >= (40 if fault and fault["effect"] == "429" else 200))
        assert (await tasks[0])["state"] == "met"
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert steps.waited == set()
    # A poll takes some hundreds of calls; a step does that for a few of them, not for a hundred.
    assert steps.longest.total() < 5_000, steps.longest.most_common(9)
    assert steps.total > 5_000


async def test_many_that_are_due_together_begin_a_few_at_a_time(
    own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool_size, "FEWEST", 120)  # as if answers took long
    connect(monkeypatch, own_emulator, timeout=60)
    turn, begun = 0, Counter[int]()
    real = aio.AsyncClient.ask

    async def counted(self: aio.AsyncClient, call: Any) -> Any:
        begun[turn] += 1
        return await real(self, call)

    monkeypatch.setattr(aio.AsyncClient, "ask", counted)
    waits = [trigger(campaign_id=f"{number:024x}", poke_interval=1.0) for number in range(300)]
    tasks = [asyncio.create_task(first_event(one)) for one in waits]
    while begun.total() < 900:  # three times each; they become due in fours of a second
        turn += 1
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    # All whose time it is would be seventy-five. Who has an answer may go on with another poll in the same turn.
    assert max(begun.values()) < 60
