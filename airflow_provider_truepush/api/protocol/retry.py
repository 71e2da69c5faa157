"""Decide whether a request is repeated, and after how many seconds."""

from __future__ import annotations

import random
from collections.abc import Callable

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushConnectionError,
    TruepushError,
    TruepushRateLimitError,
    TruepushServerError,
)
from airflow_provider_truepush.api.protocol.endpoints import Endpoint

_PASSING = (TruepushAmbiguousError, TruepushConnectionError, TruepushRateLimitError, TruepushServerError)

#: Transient errors that leave no doubt: nothing of the request was carried out.
NOTHING_CARRIED_OUT = (TruepushConnectionError, TruepushRateLimitError)
#: Seconds before the first repetition of a request; later ones wait longer.
FIRST_BACKOFF = 0.5
_LONGEST_BACKOFF = 30.0
_LONGEST_FOR_OTHERS = 5.0


def wait_before_repeat(
    endpoint: Endpoint[object],
    error: TruepushError,
    *,
    requests: int,
    waited: float,
    settings: Settings,
    jitter: Callable[[], float] = random.random,
) -> float | None:
    """Return the seconds to wait before the next request of a call; None to give up and raise the error.

    ``Retry-After`` is respected. When it, or the back-off, is longer than what remains of the retry budget, the call
    gives up at once: an earlier request would only prolong the limit.

    :param endpoint: what was called; a create is never repeated.
    :param error: the error of the last request.
    :param requests: how many were sent so far.
    :param waited: seconds this call has waited so far.
    :param settings: gives ``max_attempts`` and ``retry_budget``.
    :param jitter: a number from 0 to 1, so that callers that failed together do not return together.
    """
    if not endpoint.repeatable or not isinstance(error, _PASSING):
        return None
    return _wait(error, requests, waited, settings, jitter)


def wait_before_create(
    error: TruepushError,
    *,
    requests: int,
    waited: float,
    settings: Settings,
    jitter: Callable[[], float] = random.random,
) -> float | None:
    """Return the same for a create whose error proves that it was not carried out; None for every other error.

    The parameters are those of :func:`wait_before_repeat`.
    """
    if not isinstance(error, NOTHING_CARRIED_OUT):
        return None
    return _wait(error, requests, waited, settings, jitter)


def cooldown_for_others(error: TruepushRateLimitError, wait: float | None, settings: Settings) -> tuple[float, float]:
    """Return what a 429 means for other calls of the project: the seconds to slow down, and the longest wait.

    :param error: the error of one call.
    :param wait: seconds after which that call sends its next request; None if it gives up.
    :param settings: gives ``retry_budget``: no call waits for longer than that because of another.
    """
    if wait is not None:
        return wait, settings.retry_budget
    # That call has given up. Others may have a deadline, which must not pass while they wait for the same error.
    asked = FIRST_BACKOFF if error.retry_after is None else error.retry_after
    return asked, max(FIRST_BACKOFF, min(_LONGEST_FOR_OTHERS, settings.retry_budget))


def _wait(
    error: TruepushError, requests: int, waited: float, settings: Settings, jitter: Callable[[], float]
) -> float | None:
    if requests >= settings.max_attempts:
        return None
    asked = error.retry_after if isinstance(error, (TruepushRateLimitError, TruepushServerError)) else None
    if asked is not None:
        if waited + asked > settings.retry_budget:
            return None
        # The wait is spread over up to a tenth more than was asked for, and is never shorter.
        return max(asked, min(asked * (1 + 0.1 * jitter()), settings.retry_budget - waited))
    # After ten doublings the ceiling applies anyway, and a float would overflow.
    ceiling = min(_LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(requests - 1, 10))
    wait = ceiling * (0.5 + 0.5 * jitter())
    return wait if waited + wait <= settings.retry_budget else None
