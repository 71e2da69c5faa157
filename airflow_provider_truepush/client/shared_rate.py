"""The rate limit of a project, shared by all threads and event loops of the process."""

from __future__ import annotations

import threading
import time
from weakref import WeakValueDictionary

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client.rate_limit import USED, RateLimiter

#: Seconds after which the rate of a project without clients is forgotten.
_FORGET = 60.0
#: The rate comes back from this moment at the latest, in seconds, whatever Truepush asks for.
_LONGEST_COOLDOWN = 3600.0

#: A host and a token, which identify a project.
_Key = tuple[str, str]

#: Reentrant, as all locks here: a signal handler that cancels a campaign may interrupt its own thread inside of one.
_lock = threading.RLock()
_projects: dict[_Key, _Project] = {}
#: The project of each connection at its last look-up.
_known: dict[str, _Key] = {}


class _Project:
    """The rate limiter of a project, and the clients that use it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.rate_limiter = RateLimiter(None)
        #: By their ids. A signal handler may open or close a client at any moment, so no loop may run over them.
        self.clients: WeakValueDictionary[int, SharedRateLimiter] = WeakValueDictionary()
        self.per_second: float | None = None

    def settle(self) -> None:
        """Keep the slowest of the rates that its clients are given; needs the lock."""
        clients = [reference() for reference in self.clients.valuerefs()]  # a copy, made in one step
        wanted = min((client.per_second for client in clients if client and client.per_second), default=None)
        if wanted != self.per_second:
            self.per_second = wanted
            self.rate_limiter.change(None if wanted is None else USED * wanted)


class SharedRateLimiter:
    """A client's part in the :class:`~airflow_provider_truepush.client.rate_limit.RateLimiter` of its project.

    :param project: the project, with the rate limiter on the monotonic clock.
    :param per_second: requests per second that the client's connection allows; None for no limit.
    """

    __slots__ = ("__weakref__", "_project", "per_second")

    def __init__(self, project: _Project, per_second: float | None) -> None:
        self._project = project
        self.per_second = per_second
        with project.lock:
            project.clients[id(self)] = self
            project.settle()

    @property
    def free(self) -> bool:
        """Return whether no request is held back at present."""
        return self._project.rate_limiter.free

    @property
    def limited(self) -> bool:
        """Return whether Truepush recently asked to slow down."""
        return self._project.rate_limiter.limited

    def cooldown_left(self) -> float:
        """Return the seconds until the end of the cooldown."""
        return self._project.rate_limiter.cooldown_left(time.monotonic())

    def reserve(self, *, urgent: bool = False) -> float:
        """Take the next free moment; returns the seconds to sleep until it.

        :param urgent: do not wait for the end of a :meth:`cool_down`.
        """
        project = self._project
        with project.lock:
            if project.per_second is not None:
                project.settle()
            return project.rate_limiter.reserve(time.monotonic(), urgent=urgent)

    def start(self) -> None:
        """Record that a request leaves which had to wait for its moment."""
        with self._project.lock:
            self._project.rate_limiter.start(time.monotonic())

    def join(self) -> None:
        """Record that the client is used: its limit applies to the others as well."""
        project = self._project
        if id(self) in project.clients:
            return
        with project.lock:
            project.clients[id(self)] = self
            project.settle()

    def leave(self) -> None:
        """Record that the client is closed: its limit no longer applies to the others."""
        with self._project.lock:
            self._project.clients.pop(id(self), None)
            self._project.settle()

    def cool_down(self, seconds: float, at_most: float | None = None) -> None:
        """Start no request before that many seconds have passed, and then continue at half the rate for a while.

        :param seconds: for how long.
        :param at_most: the longest wait of others, in seconds; the rate is halved for the whole time.
        """
        with self._project.lock:
            now = time.monotonic()
            held = seconds if at_most is None else min(seconds, at_most)
            self._project.rate_limiter.slow_down(now, now + held, now + min(seconds, _LONGEST_COOLDOWN))


def rate_limiter_for(settings: Settings) -> SharedRateLimiter:
    """Return a client's part in the rate limiter that all clients of its project in this process share."""
    key = _key(settings)
    with _lock:
        if key not in _projects:
            _forget()
            _projects[key] = _Project()
        return SharedRateLimiter(_projects[key], settings.requests_per_second)


def note(conn_id: str, settings: Settings) -> None:
    """Record a look-up of a connection. If its token was rotated, its project keeps its rate limit and its cooldown.

    :param conn_id: id of the connection.
    :param settings: what it says.
    """
    key = _key(settings)
    with _lock:
        before, _known[conn_id] = _known.get(conn_id), key
        if before is not None and before[0] == key[0] and before in _projects:
            _projects.setdefault(key, _projects[before])


def _key(settings: Settings) -> _Key:
    return settings.base_url, settings.token


def _forget() -> None:
    # A project is kept for a while after its last client: the next hook continues at the rate of the one before.
    long_ago = time.monotonic() - _FORGET
    for key, project in list(_projects.items()):
        if not project.clients and project.rate_limiter.given_until < long_ago:
            del _projects[key]
