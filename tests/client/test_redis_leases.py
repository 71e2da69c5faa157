"""The script in Redis that counts the permits of all processes, on a real Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client.cluster_limiter import ClusterLimiter
from airflow_provider_truepush.client.cluster_rate import (
    CLUSTER_USED,
    Answer,
    ClusterRate,
    Command,
    Cooldown,
    Lease,
    Return,
)
from airflow_provider_truepush.client.rate_limit import USED, RateLimiter
from airflow_provider_truepush.client.redis_leases import RedisLeases, RedisStore, store_of
from airflow_provider_truepush.hooks.rate_limit_connection import use_redis
from tests.support.redis_server import RedisServer
from tests.support.tokens import SESSION_TOKEN

PASSWORD = "redis-password-of-a-test"


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), PASSWORD)
    yield server
    server.kill()


@pytest.fixture
def leases(redis: RedisServer, request: pytest.FixtureRequest) -> RedisLeases:
    """The leases of a project of this test alone."""
    return leases_of(redis, request.node.name)


def leases_of(redis: RedisServer, name: str) -> RedisLeases:
    leases = RedisLeases(store(redis, PASSWORD), Settings(f"http://{name}", SESSION_TOKEN))
    leases.ask(Return(0))  # connects
    return leases


def store(redis: RedisServer, password: str) -> RedisStore:
    connection = SimpleNamespace(conn_type="redis", host="127.0.0.1", port=redis.port, login=None, password=password)
    conn_id = f"redis-{redis.port}-{len(password)}"
    use_redis(Settings("http://x", "t", requests_per_second=5, rate_limit_conn_id=conn_id), connection, {})
    return store_of(conn_id)


class Counted:
    """Leases that count the commands."""

    def __init__(self, leases: RedisLeases) -> None:
        self.commands = 0
        self._leases = leases
        self.hide = leases.hide

    def ask(self, command: Command) -> Answer:
        self.commands += 1
        return self._leases.ask(command)


def spend(leases: RedisLeases, per_second: float, processes: int, seconds: float) -> tuple[list[float], list[int]]:
    """Send as fast as allowed; return the moments, and the commands of each process."""
    moments: list[float] = []
    counted = [Counted(leases) for _ in range(processes)]

    def run(one: Counted) -> None:
        limiter = ClusterLimiter("redis", ClusterRate(per_second, 0.1), one)
        own = RateLimiter(USED * per_second)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if wait := own.reserve(time.monotonic()):
                time.sleep(wait)
            limiter.enter()
            own.start(time.monotonic())
            moments.append(time.monotonic())

    threads = [threading.Thread(target=run, args=(one,)) for one in counted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(moments), [one.commands for one in counted]


def test_a_busy_process_asks_at_most_20_times_per_second(leases: RedisLeases) -> None:
    moments, commands = spend(leases, 1000, 1, 1.5)
    assert commands[0] <= 20 * 1.5
    assert len(moments) > 2 * commands[0]  # far more on a machine that is not busy


def test_several_processes_share_the_rate(leases: RedisLeases) -> None:
    moments, commands = spend(leases, 60, 5, 2)
    assert len(moments) <= 60 * (moments[-1] - moments[0]) + 3
    assert max(commands) <= 20 * 2


def test_tickets_are_served_in_order_and_urgent_requests_before_them(leases: RedisLeases) -> None:
    slow = 0.1  # so that a busy machine changes nothing
    gap = 1 / (CLUSTER_USED * slow)
    assert leases.ask(Lease(slow)).ticket is None
    tickets = [given.ticket for given in (leases.ask(Lease(slow)) for _ in range(4)) if given.ticket]
    dues = [float(ticket.due) for ticket in tickets]
    assert [later - earlier for earlier, later in pairwise(dues)] == pytest.approx([gap] * 3)
    urgent = leases.ask(Lease(slow, is_urgent=True))
    assert urgent.ticket is None
    assert gap - 5 < urgent.seconds <= gap  # the moment of the first ticket
    # All others wait one gap longer.
    again = [leases.ask(Lease(slow, ticket=ticket)).ticket for ticket in tickets]
    assert [float(ticket.due) for ticket in again if ticket] == pytest.approx([due + gap for due in dues])


def test_a_cooldown_holds_everybody_but_urgent_requests(leases: RedisLeases) -> None:
    assert leases.ask(Lease(1)).ticket is None
    waiting = leases.ask(Lease(1, permits=20))
    assert waiting.ticket is not None
    leases.ask(Cooldown(60, 60))
    held = leases.ask(Lease(1, ticket=waiting.ticket))
    assert held.seconds > 50
    assert held.is_limited
    assert leases.ask(Lease(1)).seconds > held.seconds
    assert leases.ask(Lease(1, is_urgent=True)).seconds < 5


def test_after_a_cooldown_the_rate_is_halved(leases: RedisLeases) -> None:
    spend(leases, 100, 1, 1.3)
    leases.ask(Cooldown(0.2, 0.2))
    moments, _ = spend(leases, 100, 2, 1.2)
    # About half of 90 per second at first, and 5% of that more in each second.
    assert len(moments) < 75


def test_a_clock_that_goes_back_stops_nobody(redis: RedisServer, leases: RedisLeases) -> None:
    leases.ask(Lease(5))
    key = redis.command("KEYS", "*").decode().split("\r\n")
    for name in (part for part in key if part.startswith("truepush:rate:")):
        for field in ("tail", "last", "seen", "hold"):
            redis.command("HINCRBYFLOAT", name, field, "86400")
    assert leases.ask(Lease(5)).seconds < 1


def test_keys_are_hashes_and_expire(redis: RedisServer, leases: RedisLeases) -> None:
    redis.command("FLUSHALL")  # a cooldown of another test makes its key stay longer
    leases.ask(Lease(5))
    keys = [part for part in redis.command("KEYS", "*").decode().split("\r\n") if "truepush" in part]
    assert all(len(key) == len("truepush:rate:") + 32 for key in keys)
    assert 0 < int(redis.command("TTL", keys[0]).decode().split("\r\n")[-2].removeprefix(":")) <= 62


def test_no_message_shows_the_password(redis: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    wrong = "password-that-is-wrong"
    limiter = ClusterLimiter(
        "redis_of_a_test", ClusterRate(50, 0.5), RedisLeases(store(redis, wrong), Settings("http://x", SESSION_TOKEN))
    )
    limiter.enter()
    limiter.enter()
    (record,) = [each for each in caplog.records if "did not answer" in each.getMessage()]
    assert "redis_of_a_test" in record.getMessage()
    assert "25 of 50 requests per second" in record.getMessage()
    assert wrong not in caplog.text
    assert SESSION_TOKEN not in caplog.text


def test_a_redis_that_does_not_answer_costs_a_second_once(redis: RedisServer, leases: RedisLeases) -> None:
    limiter = ClusterLimiter("redis", ClusterRate(1000, 0.5), leases)
    limiter.enter()
    time.sleep(0.15)  # the lease ends
    redis.pause()
    try:
        began = time.monotonic()
        limiter.enter()
        assert limiter.is_away
        assert 0.9 <= time.monotonic() - began < 20
    finally:
        redis.resume()
    deadline = time.monotonic() + 30
    while limiter.is_away and time.monotonic() < deadline:
        limiter.enter()
        time.sleep(0.05)
    assert not limiter.is_away


def test_another_connection_is_used_when_it_was_changed() -> None:
    opened: list[str] = []

    def connect(name: str) -> Any:
        opened.append(name)
        raise OSError(name)

    one = RedisStore()
    for name in ("a", "a", "b"):
        one.use(name, None, lambda name=name: connect(name))  # type: ignore[misc]
        with pytest.raises(OSError, match=name):
            one.run("key", [])
    assert opened == ["a", "a", "b"]


def test_a_store_without_a_connection_says_so() -> None:
    with pytest.raises(LookupError, match="was not looked up"):
        RedisStore().run("key", [])
