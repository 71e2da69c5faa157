"""What both hooks share: the connection type, and the sentence of the test button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import BaseHook

from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.connection import form

if TYPE_CHECKING:
    from airflow_provider_truepush.api.connection.settings import Settings


def answered(settings: Settings) -> str:
    """Return the text of a test button that worked.

    :param settings: the connection's settings.
    """
    from airflow_provider_truepush.hooks.connection import notes_on

    return " ".join([f"Truepush answered at {settings.base_url} and accepted the token.", *notes_on(settings)])


class ConnectionType(NamesArguments, BaseHook):
    """The attributes that Airflow reads from a hook's class."""

    conn_name_attr = "truepush_conn_id"
    default_conn_name = form.DEFAULT_CONNECTION
    conn_type = form.CONNECTION_TYPE
    hook_name = form.HOOK_NAME
    connection_extras = frozenset(extra.name for extra in form.EXTRAS)
