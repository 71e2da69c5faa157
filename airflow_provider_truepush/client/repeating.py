"""Retries: tenacity runs them, :mod:`airflow_provider_truepush.api.protocol.retry` decides on them."""

from __future__ import annotations

import logging
from typing import Any

from tenacity import RetryCallState, stop_never

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushError, TruepushRateLimitError
from airflow_provider_truepush.api.protocol.exchange import Exchange
from airflow_provider_truepush.api.protocol.retry import cooldown_for_others, wait_before_repeat
from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.shared_rate import SharedRateLimiter

log = logging.getLogger(__name__)

_TOO_MANY = 429


def slow_down(
    rate_limiter: SharedRateLimiter, error: TruepushRateLimitError, settings: Settings, wait: float | None = None
) -> None:
    """Slow down all requests of a project after Truepush asked one of them to.

    :param rate_limiter: the rate limiter of the project.
    :param error: the error of that request.
    :param settings: the connection.
    :param wait: seconds after which that request is repeated; None if it is not.
    """
    seconds, at_most = cooldown_for_others(error, wait, settings)
    rate_limiter.cool_down(seconds, at_most)
    metrics.count("truepush.rate_limited")
    metrics.timing("truepush.cooldown", min(seconds, at_most))


def slow_down_after(rate_limiter: SharedRateLimiter, error: TruepushError, settings: Settings) -> None:
    """Slow down all requests of a project if a create was answered HTTP 429, whether it is in doubt or not.

    :param rate_limiter: the rate limiter of the project.
    :param error: the error of the create.
    :param settings: the connection.
    """
    if isinstance(error, TruepushRateLimitError):
        slow_down(rate_limiter, error, settings)
    elif error.http_status == _TOO_MANY:
        slow_down(rate_limiter, TruepushRateLimitError(str(error)), settings)


class Repeats:
    """Decides, for tenacity, on the repeats of one call whose first request failed.

    The first request runs without tenacity, whose bookkeeping would cost a third of a call that succeeds.

    :param exchange: the call.
    :param first: the error of its first request, which tenacity gets as the outcome of its own first attempt.
    :param settings: the connection, with the limits.
    :param rate_limiter: slowed down when Truepush asks to, so that other callers slow down as well.
    :param level: the log level of each repeat.
    """

    def __init__(
        self,
        exchange: Exchange[Any],
        first: TruepushError,
        settings: Settings,
        rate_limiter: SharedRateLimiter,
        *,
        level: int = logging.WARNING,
    ) -> None:
        self._exchange = exchange
        self._first: TruepushError | None = first
        self._settings = settings
        self._rate_limiter = rate_limiter
        self._level = level
        self._waited = 0.0
        self._wait = 0.0

    def options(self) -> dict[str, Any]:
        """Return the arguments for ``tenacity.Retrying`` and ``tenacity.AsyncRetrying``."""
        return {"retry": self._again, "wait": self._next_wait, "stop": stop_never, "reraise": True}

    def start(self) -> None:
        """Begin an attempt of tenacity. The first one ends here, with the error of the first request."""
        first, self._first = self._first, None
        if first is not None:
            raise first

    def _again(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        if not isinstance(error, TruepushError):
            return False
        wait = wait_before_repeat(
            self._exchange.call.endpoint,
            error,
            requests=self._exchange.requests,
            waited=self._waited,
            settings=self._settings,
        )
        if isinstance(error, TruepushRateLimitError):
            slow_down(self._rate_limiter, error, self._settings, wait)
        if wait is None:
            return False
        self._wait = wait
        self._waited += wait
        attempts = self._settings.max_attempts
        log.log(
            self._level, "%s Attempt %d of %d. The next is in %.1f s.", error, self._exchange.requests, attempts, wait
        )
        return True

    def _next_wait(self, state: RetryCallState) -> float:
        return self._wait
