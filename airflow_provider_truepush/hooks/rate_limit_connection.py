"""Look up the Redis connection through which the processes of a cluster share a rate limit."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.client.redis_leases import store_of

if TYPE_CHECKING:
    from airflow_provider_truepush.api.connection.settings import Settings

#: Seconds that Redis may take to accept a connection, and to answer.
_TIMEOUT = 1.0


def use_redis(settings: Settings, connection: Any, extra: Mapping[str, Any]) -> None:
    """Use a Redis connection as it was looked up now.

    :param settings: the Truepush connection that names it.
    :param connection: Airflow's connection.
    :param extra: its extras, which sync and async code read in different ways.
    :raises TruepushValidationError: it cannot be used.
    """
    conn_id = settings.rate_limit_conn_id or ""
    if connection.conn_type != "redis":
        refuse("extra.rate_limit_conn_id", conn_id, f"must be a connection of type redis, not {connection.conn_type}")
    if find_spec("airflow.providers.redis") is None:
        refuse(
            "extra.rate_limit_conn_id",
            conn_id,
            "needs the Redis provider",
            "Install 'airflow-provider-truepush[redis]' and restart the workers and triggerers",
        )
    parts = SimpleNamespace(
        host=connection.host,
        port=connection.port,
        login=connection.login,
        password=connection.password,
        extra_dejson=dict(extra),
    )
    given = (parts.host, parts.port, parts.login, parts.password, repr(sorted(extra.items())))
    store_of(conn_id).use(given, parts.password, lambda: _connect(conn_id, parts))


def _connect(conn_id: str, parts: SimpleNamespace) -> Any:
    """Return a client of Redis. It connects at its first command."""
    from airflow.providers.redis.hooks.redis import RedisHook
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.retry import Retry

    class Hook(RedisHook):
        def get_connection(self, conn_id: str) -> Any:  # type: ignore[override]  # it was looked up
            return parts

    client: Any = Hook(conn_id).get_conn()  # type: ignore[no-untyped-call]
    if (pool := getattr(client, "connection_pool", None)) is not None:  # a client of a Redis cluster has one per node
        # One new attempt, for a kept connection that Redis has closed. The defaults of some versions wait for seconds.
        retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
        pool.connection_kwargs.update(socket_timeout=_TIMEOUT, socket_connect_timeout=_TIMEOUT, retry=retry)
    return client
