"""The rate limit of a project, shared by all threads and event loops of the process."""

from __future__ import annotations

import threading
import time
from weakref import WeakValueDictionary

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client.cluster_limiter import ClusterLimiter
from airflow_provider_truepush.client.cluster_rate import ClusterRate
from airflow_provider_truepush.client.rate_limit import USED, RateLimiter
from airflow_provider_truepush.client.redis_leases import RedisLeases, store_of

#: Seconds after which the rate of a project without clients is forgotten.
FORGET = 60.0
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
        #: The limiters that connections of this project share with other processes, by the ids of their connections.
        self.clusters: dict[str, ClusterLimiter] = {}

    def cluster(self, settings: Settings) -> ClusterLimiter | None:
        """Return the limiter that a connection shares with other processes; needs the lock."""
        conn_id, per_second = settings.rate_limit_conn_id, settings.requests_per_second
        if conn_id is None or per_second is None:
            return None
        if (cluster := self.clusters.get(conn_id)) is None:
            rate = ClusterRate(per_second, settings.rate_limit_share)
            cluster = self.clusters[conn_id] = ClusterLimiter(conn_id, rate, RedisLeases(store_of(conn_id), settings))
        else:
            cluster.change(self.per_second or per_second, settings.rate_limit_share)
        return cluster

    def settle(self) -> None:
        """Keep the slowest of the rates that its clients are given; needs the lock."""
        clients = [reference() for reference in self.clients.valuerefs()]  # a copy, made in one step
        wanted = min((client.per_second for client in clients if client and client.per_second), default=None)
        if wanted != self.per_second:
            self.per_second = wanted
            self.rate_limiter.change(None if wanted is None else USED * wanted)
            if wanted is not None:
                for cluster in tuple(self.clusters.values()):
                    cluster.change(wanted)


class SharedRateLimiter:
    """A client's part in the :class:`~airflow_provider_truepush.client.rate_limit.RateLimiter` of its project.

    :param project: the project, with the rate limiter on the monotonic clock.
    :param per_second: requests per second that the client's connection allows; None for no limit.
    :param cluster: the limiter that other processes share; None when the rate is that of the process.
    """

    __slots__ = ("__weakref__", "_project", "cluster", "per_second")

    def __init__(self, project: _Project, per_second: float | None, cluster: ClusterLimiter | None = None) -> None:
        self._project = project
        self.per_second = per_second
        self.cluster = cluster
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
        return self._project.rate_limiter.limited or (self.cluster is not None and self.cluster.is_limited)

    @property
    def is_shared(self) -> bool:
        """Return whether other processes share the rate at present."""
        return self.cluster is not None and not self.cluster.is_away

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
            eased_after = min(seconds, _LONGEST_COOLDOWN)
            if self.is_shared:
                self._project.rate_limiter.cool_down(now + held)
            else:
                self._project.rate_limiter.slow_down(now, now + held, now + eased_after)
        if self.cluster is not None:
            self.cluster.cool_down(held, eased_after)


def rate_limiter_for(settings: Settings) -> SharedRateLimiter:
    """Return a client's part in the rate limiter that all clients of its project in this process share."""
    key = _key(settings)
    with _lock:
        if key not in _projects:
            _forget()
            _projects[key] = _Project()
        project = _projects[key]
        with project.lock:
            return SharedRateLimiter(project, settings.requests_per_second, project.cluster(settings))


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
    long_ago = time.monotonic() - FORGET
    for key, project in list(_projects.items()):
        if not project.clients and project.rate_limiter.given_until < long_ago:
            del _projects[key]
