"""Look up a connection from an event loop without blocking it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

# Here, not where it is caught: below Airflow 3 this searches the disk for airflow.sdk, each time.
from airflow.providers.common.compat.sdk import AirflowNotFoundException

if TYPE_CHECKING:
    from airflow_provider_truepush.api.connection.settings import Settings

#: Imported in a thread before the first look-up: Airflow and the client would import them in the event loop.
_HEAVY = (
    "airflow.providers.common.compat.connection",
    "airflow.sdk.execution_time.cache",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.observability.stats",
    "airflow_provider_truepush.api.protocol.calls",
    "airflow_provider_truepush.api.protocol.endpoints",
    "airflow_provider_truepush.api.protocol.wanted",
    "airflow_provider_truepush.client.shared",
    "airflow_provider_truepush.hooks.connection",
    "airflow_provider_truepush.hooks.lists",
    "asgiref.sync",
    "encodings.idna",  # of host names
    "stringprep",
)


async def look_up(conn_id: str, hook: Any) -> Settings:
    """Return a connection's settings.

    :param conn_id: id of the connection.
    :param hook: the hook, which some versions of Airflow need for the look-up.
    :raises TruepushConnectionLookupError: Airflow did not return it.
    """
    await asyncio.to_thread(_import_heavy)
    from airflow_provider_truepush.hooks.connection import settings_of

    connection, extra = await _connection(conn_id, hook)
    # In a thread: the database of time zones is read from files.
    settings = await asyncio.to_thread(settings_of, conn_id, connection, extra)
    if settings.rate_limit_conn_id is not None:
        from airflow_provider_truepush.hooks.rate_limit_connection import use_redis

        found = await _connection(settings.rate_limit_conn_id, hook)
        await asyncio.to_thread(use_redis, settings, *found)
    return settings


async def _connection(conn_id: str, hook: Any) -> tuple[Any, dict[str, Any]]:
    """Return Airflow's connection, and its extras."""
    from airflow.providers.common.compat.connection import get_async_connection, get_async_extra_dejson

    from airflow_provider_truepush.hooks.connection import lookup_error

    try:
        try:
            connection = await get_async_connection(conn_id, hook=hook)
        except AirflowNotFoundException:
            # dag.test() answers no asynchronous request, and the connection then seems to be missing: ask it in a
            # thread, as Airflow does by itself on older versions.
            connection = await get_async_connection(conn_id, hook=_InThread(hook))  # type: ignore[arg-type]
        return connection, await get_async_extra_dejson(connection)
    except Exception as error:
        raise lookup_error(conn_id, error) from None


class _InThread:
    """A hook without an asynchronous look-up, so that Airflow calls the blocking one in a thread."""

    def __init__(self, hook: Any) -> None:
        self._hook = hook

    def get_connection(self, conn_id: str) -> Any:
        """Look a connection up, blocking."""
        return self._hook.get_connection(conn_id)


def _import_heavy() -> None:
    for name in _HEAVY:
        with suppress(ImportError):  # of another Airflow
            import_module(name)
    from airflow_provider_truepush.client import metrics

    metrics.prepare()
