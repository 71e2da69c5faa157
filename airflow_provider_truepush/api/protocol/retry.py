"""Whether, and after how long, a request is sent again."""

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

#: Passing errors that leave no doubt: nothing of the request was carried out.
NOTHING_CARRIED_OUT = (TruepushConnectionError, TruepushRateLimitError)
_FIRST_BACKOFF = 0.5
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
    """Seconds to wait before the next request of a call; None to give up and raise the error.

    ``Retry-After`` is obeyed. When it, or the back-off, asks for more than the retry budget has left, the call
    gives up at once: asking earlier than told to would only prolong the limit.

    :param endpoint: what was called; a create is never repeated.
    :param error: what came of the last request.
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
    """The same for a create whose error proves that it was not carried out; None for every other error.

    The parameters are those of :func:`wait_before_repeat`.
    """
    if not isinstance(error, NOTHING_CARRIED_OUT):
        return None
    return _wait(error, requests, waited, settings, jitter)


def hold_for_others(error: TruepushRateLimitError, wait: float | None, settings: Settings) -> tuple[float, float]:
    """What a 429 means for other calls of the project: the seconds to slow down for, and those to wait at the most.

    :param error: what one call was told.
    :param wait: seconds after which that call asks again; None if it does not.
    :param settings: gives ``retry_budget``: no call waits for longer than that because of another.
    """
    if wait is not None:
        return wait, settings.retry_budget
    # It has given up. Others may have a deadline to keep, which is not to pass while they wait to be told the same.
    asked = _FIRST_BACKOFF if error.retry_after is None else error.retry_after
    return asked, max(_FIRST_BACKOFF, min(_LONGEST_FOR_OTHERS, settings.retry_budget))


def _wait(
    error: TruepushError, requests: int, waited: float, settings: Settings, jitter: Callable[[], float]
) -> float | None:
    if requests >= settings.max_attempts:
        return None
    asked = error.retry_after if isinstance(error, (TruepushRateLimitError, TruepushServerError)) else None
    if asked is not None:
        if waited + asked > settings.retry_budget:
            return None
        # Spread over the tenth after the moment asked for, never before it.
        return max(asked, min(asked * (1 + 0.1 * jitter()), settings.retry_budget - waited))
    # Beyond ten doublings the ceiling holds anyway, and no float would.
    ceiling = min(_LONGEST_BACKOFF, _FIRST_BACKOFF * 2 ** min(requests - 1, 10))
    wait = ceiling * (0.5 + 0.5 * jitter())
    return wait if waited + wait <= settings.retry_budget else None
