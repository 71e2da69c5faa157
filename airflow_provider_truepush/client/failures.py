"""Describe a network failure, from the innermost exception."""

from __future__ import annotations

import builtins
import ssl

from airflow_provider_truepush.api.checks.cut import beginning
from airflow_provider_truepush.api.protocol import limits


def reason(error: BaseException, timeout: float, address: str) -> str:
    """Return what happened, as a clause without a full stop.

    :param error: what requests raised.
    :param timeout: the timeout that was set, in seconds.
    :param address: scheme, host and port that were to be reached.
    """
    innermost = _innermost(error)
    if type(error).__name__ == "ConnectTimeout":
        return f"no connection to {address} within {timeout:g} s"
    if (_is_timeout(error) or _is_timeout(innermost)) and not getattr(innermost, "errno", None):
        return f"no data received for {timeout:g} s"
    return f"{describe(innermost)} ({address})"


def too_long(seconds: float) -> str:
    """Return the words for a request that passed the limit for all of it.

    :param seconds: the limit.
    """
    return f"did not complete within {seconds:g} s"


def total_timeout(timeout: float) -> float:
    """Return the seconds that a whole request may take.

    :param timeout: the connection's timeout, in seconds.
    """
    return limits.TOTAL_TIMEOUTS * timeout


def describe(error: BaseException) -> str:
    """Return an exception's class and text on one line, without a full stop.

    :param error: the exception.
    """
    text = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, ssl.SSLError) and error.reason:
        text = getattr(error, "verify_message", None) or error.reason.replace("_", " ").lower()
        return f"TLS failed: {text}"
    text = beginning(text, limits.MAX_QUOTED)  # the mark shows where a secret may have been parted
    return f"{type(error).__name__}{': ' + text if text else ''}"


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, builtins.TimeoutError) or "Timeout" in type(error).__name__


def _innermost(error: BaseException) -> BaseException:
    seen = {id(error)}
    while True:
        inner = getattr(error, "reason", None)
        if not isinstance(inner, BaseException):
            inner = next((arg for arg in error.args if isinstance(arg, BaseException)), None)
        if inner is None:
            inner = error.__cause__ or getattr(error, "os_error", None)
        if inner is None or id(inner) in seen:
            return error
        seen.add(id(inner))
        error = inner
