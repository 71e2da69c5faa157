"""Words for what went wrong on the way, taken from the innermost exception."""

from __future__ import annotations

import builtins


def reason(error: BaseException, timeout: float) -> str:
    """What happened, in one sentence without a full stop.

    :param error: what requests or aiohttp raised.
    :param timeout: the timeout that was set, in seconds.
    """
    innermost = _innermost(error)
    if _is_timeout(error) or _is_timeout(innermost):
        return f"no answer within {timeout:g} s ({type(error).__name__})"
    text = " ".join(str(innermost).split()).rstrip(".")
    return f"{type(innermost).__name__}{': ' + text if text else ''}"


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
