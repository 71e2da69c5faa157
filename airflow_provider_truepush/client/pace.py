"""The pace of a connection, shared by all threads and event loops of the process."""

from __future__ import annotations

import threading
import time

from airflow_provider_truepush.api.pacing import Pace
from airflow_provider_truepush.api.settings import Settings

#: The part of ``requests_per_second`` that is used: requests that the network bunches together stay below it as well.
_USED = 0.96

_lock = threading.Lock()
_shared: dict[tuple[str, str, float | None], SharedPace] = {}


class SharedPace:
    """A :class:`~airflow_provider_truepush.api.pacing.Pace` on the monotonic clock, for many callers.

    :param per_second: requests per second; None for no limit.
    """

    def __init__(self, per_second: float | None) -> None:
        self._pace = Pace(None if per_second is None else _USED * per_second)
        self._lock = threading.Lock()

    @property
    def free(self) -> bool:
        """Whether nothing is held back at present."""
        return self._pace.free

    def reserve(self) -> float:
        """Take the next free moment; returns the seconds to sleep until it."""
        with self._lock:
            return self._pace.reserve(time.monotonic())

    def start(self) -> None:
        """To be called when a request leaves that had to wait for its moment."""
        with self._lock:
            self._pace.start(time.monotonic())

    def hold(self, seconds: float) -> None:
        """Let nobody start before that many seconds have passed, and then at half the rate for a while."""
        with self._lock:
            now = time.monotonic()
            self._pace.slow_down(now, now + seconds)


def pace_for(settings: Settings) -> SharedPace:
    """The one pace of a project in this process."""
    key = (settings.base_url, settings.token, settings.requests_per_second)
    with _lock:
        if key not in _shared:
            _shared[key] = SharedPace(settings.requests_per_second)
        return _shared[key]
