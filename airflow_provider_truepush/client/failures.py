"""Words for what went wrong on the way, taken from the innermost exception."""

from __future__ import annotations

import builtins


def reason(error: BaseException, timeout: float, address: str) -> str:
    """What happened, in one sentence without a full stop.

    :param error: what requests or aiohttp raised.
    :param timeout: the timeout that was set, in seconds.
    :param address: scheme, host and port that were to be reached.
    """
    innermost = _innermost(error)
    name = type(error).__name__
    if name in ("ConnectTimeout", "ConnectionTimeoutError"):
        return f"no connection to {address} within {timeout:g} s ({name})"
    if type(error) is builtins.TimeoutError and error.errno is None:
        # aiohttp raises it bare for the limit of a whole request only; the two others have classes of their own.
        return too_long(timeout)
    if (_is_timeout(error) or _is_timeout(innermost)) and not getattr(innermost, "errno", None):
        return f"no byte moved for {timeout:g} s ({name})"
    text = " ".join(str(innermost).split()).rstrip(".")
    return f"{type(innermost).__name__}{': ' + text if text else ''} ({address})"


def too_long(timeout: float) -> str:
    """The words for a request that passed the limit for all of it, which is three times the timeout."""
    return f"not over within {3 * timeout:g} s in all"


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
