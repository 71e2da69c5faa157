"""One process's part in a rate that others share, while the store answers and while it does not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client.admission import AdmissionQueue
from airflow_provider_truepush.client.cluster_limiter import ClusterLimiter
from airflow_provider_truepush.client.cluster_rate import (
    PROBE,
    Answer,
    ClusterRate,
    Command,
    Cooldown,
    Lease,
    Return,
    Sleep,
    Ticket,
)
from airflow_provider_truepush.client.shared_rate import SharedRateLimiter, rate_limiter_for

NOW = Answer(0.0)


class Store:
    """Answers with what a function returns, and keeps the commands."""

    def __init__(self, answer: Callable[[Command], Answer] = lambda command: NOW) -> None:
        self.commands: list[Command] = []
        self.answer = answer

    def ask(self, command: Command) -> Answer:
        self.commands.append(command)
        return self.answer(command)

    def hide(self, text: str) -> str:
        return text


def away(command: Command) -> Answer:
    raise ConnectionError("no store")


class Clock:
    """A clock that the steps of an admission move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def admit(self, rate: ClusterRate, answer: Callable[[Command], Answer | None], *, urgent: bool = False) -> float:
        """Go through the steps of one admission; return the seconds that it waited."""
        began, steps, given = self.now, rate.admit(self, urgent=urgent), None
        while True:
            try:
                step = steps.send(given)
            except StopIteration:
                return self.now - began
            given = None
            if isinstance(step, Sleep):
                self.now += step.seconds
            else:
                given = answer(step)


def test_a_process_keeps_to_its_share_until_all_return_together() -> None:
    clock, rate = Clock(), ClusterRate(10, 0.5)
    asked: list[Command] = []

    def lost(command: Command) -> None:
        asked.append(command)

    for _ in range(40):
        clock.admit(rate, lost)
    assert rate.is_away
    assert clock.now >= 39 / (10 * 0.5)  # half of the rate
    assert sum(isinstance(command, Lease) for command in asked) == 1
    assert len(asked) - 1 <= clock.now / PROBE + 1

    rate.change(10, 0.25)
    began = clock.now
    for _ in range(10):
        clock.admit(rate, lost)
    assert clock.now - began >= 9 / (10 * 0.25)

    def back(command: Command) -> Answer:
        asked.append(command)
        return Answer(5.0) if isinstance(command, Return) else NOW

    returned_at = None
    while rate.is_away:
        clock.admit(rate, back)
        if returned_at is None and isinstance(asked[-1], Return):
            returned_at = clock.now
    assert returned_at is not None
    assert clock.now >= returned_at + 4  # not before the moment that all processes were given


def test_a_ticket_is_asked_for_again_until_its_turn() -> None:
    clock, rate, ticket = Clock(), ClusterRate(1, 1), Ticket("3", "0")
    answers = iter([Answer(60.0, ticket), Answer(1.0, ticket), Answer(0.5)])
    asked: list[Command] = []

    def answer(command: Command) -> Answer:
        asked.append(command)
        return next(answers)

    waited = clock.admit(rate, answer)
    assert [command.ticket for command in asked if isinstance(command, Lease)] == [None, ticket, ticket]
    assert waited == 5 + 1 + 0.5  # never long without a command: the store may lose its contents


@pytest.mark.parametrize("urgent", [False, True])
async def test_both_kinds_of_clients_wait_for_the_same_answers(urgent: bool) -> None:
    ticket = Ticket("1", "0")
    given = iter([Answer(0.01, ticket), NOW] * 2)
    store = Store(lambda command: next(given))
    limiter = ClusterLimiter("redis", ClusterRate(5, 0.5), store)
    await limiter.enter_async(urgent=urgent)
    await asyncio.to_thread(limiter.enter, urgent=urgent)
    leases = [command for command in store.commands if isinstance(command, Lease)]
    assert [(lease.ticket, lease.is_urgent) for lease in leases] == [(None, urgent), (ticket, urgent)] * 2


async def test_requests_continue_without_the_store(caplog: pytest.LogCaptureFixture) -> None:
    limiter = ClusterLimiter("redis", ClusterRate(1000, 0.5), Store(away))
    await limiter.enter_async()
    limiter.enter()
    assert limiter.is_away
    assert sum("did not answer" in record.getMessage() for record in caplog.records) == 1


def test_a_cancel_of_a_signal_handler_does_not_wait_for_a_question_of_its_own_thread() -> None:
    entered: list[int] = []

    def interrupted(command: Command) -> Answer:
        limiter.enter(urgent=True)  # as a handler of SIGTERM does, in the middle of the command
        entered.append(threading.get_ident())
        return NOW

    store = Store(interrupted)
    limiter = ClusterLimiter("redis", ClusterRate(5, 0.5), store)
    limiter.enter()
    assert entered == [threading.get_ident()]
    assert len(store.commands) == 1


def test_a_cooldown_is_told_to_the_others_only_while_the_store_answers() -> None:
    told = threading.Event()
    store = Store(lambda command: told.set() or NOW if isinstance(command, Cooldown) else NOW)
    limiter = ClusterLimiter("redis", ClusterRate(5, 0.5), store)
    limiter.enter()
    limiter.cool_down(9, 5)
    assert told.wait(10)
    assert store.commands[-1] == Cooldown(9, 5)

    store.answer = away
    limiter.enter()
    count = len(store.commands)
    limiter.cool_down(9, 5)
    assert limiter.is_away
    assert len(store.commands) == count


def limiter_of(name: str, store: Store) -> SharedRateLimiter:
    shared = rate_limiter_for(Settings(f"http://{name}", "t", requests_per_second=1000))
    shared.cluster = ClusterLimiter("redis", ClusterRate(1000, 0.5), store)
    return shared


async def test_an_urgent_request_does_not_wait_behind_one_that_waits_for_other_processes() -> None:
    free = threading.Event()

    def slow(command: Command) -> Answer:
        if isinstance(command, Lease) and not command.is_urgent:
            assert free.wait(30)
        return NOW

    queue = AdmissionQueue(limiter_of("urgent", Store(slow)))
    usual = [asyncio.create_task(queue.admit()) for _ in range(3)]
    try:
        await asyncio.wait_for(queue.admit(urgent=True), 20)
        assert not any(task.done() for task in usual)
        # Who is cancelled while it waits, in the store's queue or in that of the process, holds up nobody.
        usual[0].cancel()
        usual[1].cancel()
        free.set()
        await asyncio.wait_for(usual[2], 20)
        assert queue.waiting == 0
    finally:
        free.set()
        await asyncio.gather(*usual, return_exceptions=True)


async def test_a_cooldown_that_begins_while_a_request_waits_for_the_store_holds_it() -> None:
    shared = limiter_of("cooldown", Store())

    def limited(command: Command) -> Answer:
        if isinstance(command, Lease) and not command.is_urgent and len(store.commands) == 1:
            shared.cool_down(0.3)
        return NOW

    store = Store(limited)
    shared.cluster = ClusterLimiter("redis", ClusterRate(1000, 0.5), store)
    queue = AdmissionQueue(shared)
    began = asyncio.get_running_loop().time()
    await queue.admit()
    assert asyncio.get_running_loop().time() - began >= 0.25


def test_each_store_of_a_project_has_one_limiter_in_a_process() -> None:
    rates = {"redis-a": 8.0, "redis-b": 3.0}
    clients = [
        rate_limiter_for(Settings("http://slowest", "t", requests_per_second=rate, rate_limit_conn_id=conn_id))
        for conn_id, rate in rates.items()
    ]
    again = rate_limiter_for(Settings("http://slowest", "t", requests_per_second=8, rate_limit_conn_id="redis-a"))
    assert again.cluster is clients[0].cluster
    assert clients[0].cluster is not clients[1].cluster
    assert rate_limiter_for(Settings("http://slowest", "t", rate_limit_conn_id="redis-a")).cluster is None
    for client in [*clients, again]:
        client.leave()
