"""Build sessions for the synchronous client, by Airflow's http provider."""

from __future__ import annotations

from typing import Any

import requests
from airflow.providers.common.compat.sdk import Connection
from airflow.providers.http.hooks.http import HttpHook
from requests.adapters import HTTPAdapter

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client.network import proxies, verify


class _SessionHook(HttpHook):
    """Pass a connection to the session builder of the http provider.

    The connection has no extras, because the http provider sends those that it does not know as headers. It has no
    password, because the token is not used for basic authentication.
    """

    def __init__(self, settings: Settings, adapter: HTTPAdapter) -> None:
        super().__init__(method="GET", http_conn_id="", adapter=adapter)
        self._host = settings.base_url

    def get_connection(self, conn_id: str) -> Any:  # type: ignore[override]  # no look-up: the hook has made it
        return Connection(conn_id="truepush", conn_type="http", host=self._host)


def open_session(settings: Settings, adapter: HTTPAdapter) -> requests.Session:
    """Return a session that uses the adapter and, of the connection, only the proxies and TLS options."""
    session: requests.Session = _SessionHook(settings, adapter).get_conn(
        extra_options={
            "proxies": proxies(settings),
            "verify": verify(settings),
            "cert": settings.cert,
            # The environment has been asked already. Left on, a netrc file could replace the token.
            "trust_env": False,
        }
    )
    return session
