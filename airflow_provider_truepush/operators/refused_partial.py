"""Keep Airflow from warning that a refused mapped task was never mapped: the error says why it was not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any


class _Refused:
    """Base of a partial operator that was refused. It does not warn when it is deleted."""

    __slots__ = ()

    def __del__(self) -> None:
        # Airflow's method warns, and is not called.
        pass


@contextmanager
def silent_if_refused(partial: Any) -> Iterator[None]:
    """Let a partial operator be deleted without a warning if the code inside raises an error.

    :param partial: the object that Airflow's ``partial()`` returned. It can still be mapped.
    """
    try:
        yield
    except BaseException:
        if not isinstance(partial, _Refused):
            kind: Any = type(partial)
            partial.__class__ = _refused(kind)
        raise


@cache
def _refused(kind: Any) -> Any:
    return type(kind.__name__, (_Refused, kind), {"__slots__": (), "__module__": kind.__module__})
