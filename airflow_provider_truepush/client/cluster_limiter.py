"""Carry out the steps of a cluster's rate limit, blocking or in an event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Protocol

from airflow_provider_truepush.client.cluster_rate import (
    Admission,
    Answer,
    ClusterRate,
    Command,
    Cooldown,
    Return,
    Sleep,
)
from airflow_provider_truepush.client.redacted import get_logger

log = get_logger(__name__)


class Leases(Protocol):
    """The store that counts the permits of all processes."""

    def ask(self, command: Command) -> Answer:
        """Return the answer to a command; raise any error when there is none."""

    def hide(self, text: str) -> str:
        """Return a text without the secrets of the store's connection."""


class ClusterLimiter:
    """Wait for the permits of one project in one process.

    :param conn_id: the connection of the store, for messages.
    :param rate: the part of this process in the limit.
    :param leases: the store.
    """

    def __init__(self, conn_id: str, rate: ClusterRate, leases: Leases) -> None:
        self.conn_id = conn_id
        self._rate = rate
        self._leases = leases
        #: Reentrant: a signal handler that cancels a campaign may interrupt its own thread inside of it.
        self._lock = threading.RLock()
        self._asking: set[int] = set()
        self._is_reported = False

    @property
    def is_limited(self) -> bool:
        """Return whether Truepush recently asked any process of the cluster to slow down."""
        return self._rate.is_limited

    @property
    def is_away(self) -> bool:
        """Return True while the store does not answer and the process keeps to its own share."""
        return self._rate.is_away

    def change(self, per_second: float, share: float | None = None) -> None:
        """Continue at another rate, or with another share."""
        with self._lock:
            self._rate.change(per_second, share)

    def enter(self, *, urgent: bool = False) -> None:
        """Wait until a request may be sent.

        :param urgent: go before the requests of all processes that are not urgent, and during a cooldown.
        """
        if threading.get_ident() in self._asking:
            return  # a signal handler, on top of a command of its own thread: its cancel must not wait for that
        steps = self._rate.admit(time.monotonic, urgent=urgent)
        step = self._next(steps)
        while step is not None:
            if isinstance(step, Sleep):
                time.sleep(step.seconds)
                step = self._next(steps)
            else:
                step = self._next(steps, self._ask(step))

    async def enter_async(self, *, urgent: bool = False) -> None:
        """Wait as :meth:`enter` does."""
        steps = self._rate.admit(time.monotonic, urgent=urgent)
        step = self._next(steps)
        while step is not None:
            if isinstance(step, Sleep):
                await asyncio.sleep(step.seconds)
                step = self._next(steps)
            else:
                step = self._next(steps, await asyncio.to_thread(self._ask, step))

    def cool_down(self, seconds: float, eased_after: float) -> None:
        """Hold the requests of all processes back, without waiting for the store.

        :param seconds: for how long.
        :param eased_after: seconds after which the rate begins to recover.
        """
        with self._lock:
            self._rate.drop()
        if not self._rate.is_away:
            threading.Thread(target=self._ask, args=(Cooldown(seconds, eased_after),), name="truepush-cooldown").start()

    def _next(self, steps: Admission, answer: Answer | None = None) -> Command | Sleep | None:
        with self._lock:
            try:
                return steps.send(answer)
            except StopIteration:
                return None

    def _ask(self, command: Command) -> Answer | None:
        thread = threading.get_ident()
        self._asking.add(thread)
        try:
            answer = self._leases.ask(command)
        except Exception as error:  # whatever its cause, requests continue
            with self._lock:
                is_reported, self._is_reported = self._is_reported, True
            if not is_reported:
                self._report(error)
            return None
        finally:
            self._asking.discard(thread)
        if isinstance(command, Return):
            self._is_reported = False
            log.info(
                "Redis (connection %r) answers again. The rate limit is shared again in %.1f s.",
                self.conn_id,
                answer.seconds,
            )
        return answer

    def _report(self, error: Exception) -> None:
        text = " ".join(self._leases.hide(str(error)).split()).rstrip(".")
        log.warning(
            "Redis (connection %r) did not answer (%s%s), so the rate limit is not shared with other processes. "
            "Until it answers, this process sends at most %.3g of %.3g requests per second (`rate_limit_share`). "
            "Check Redis and its connection.",
            self.conn_id,
            type(error).__name__,
            f": {text}" if text else "",
            self._rate.per_second * self._rate.share,
            self._rate.per_second,
        )
