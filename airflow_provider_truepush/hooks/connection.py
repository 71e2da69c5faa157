"""Build settings from an Airflow connection, and the form fields that older Airflow reads from the hook."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_truepush.api.checks import cut
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import EXTRAS
from airflow_provider_truepush.api.connection.settings import Settings, read_settings
from airflow_provider_truepush.api.errors import TruepushConnectionLookupError, TruepushError
from airflow_provider_truepush.client.redacted import remember, remember_token
from airflow_provider_truepush.client.shared_rate import note, rate_limiter_for

log = logging.getLogger(__name__)

#: Characters of Airflow's message that an error shows.
_SHOWN = 500

#: Extras for which a warning was logged, by connection, because a watched connection is looked up repeatedly.
_warned_of: dict[str, tuple[str, ...]] = {}


def look_up(conn_id: str, get_connection: Callable[[str], Any]) -> Settings:
    """Return a connection's settings, blocking.

    :param conn_id: id of the connection.
    :param get_connection: returns Airflow's connection of an id.
    :raises TruepushConnectionLookupError: Airflow did not return it.
    """
    settings = settings_of(conn_id, *_connection(conn_id, get_connection))
    if settings.rate_limit_conn_id is not None:
        from airflow_provider_truepush.hooks.rate_limit_connection import use_redis

        use_redis(settings, *_connection(settings.rate_limit_conn_id, get_connection))
    return settings


def _connection(conn_id: str, get_connection: Callable[[str], Any]) -> tuple[Any, Mapping[str, Any]]:
    try:
        connection = get_connection(conn_id)
        return connection, connection.extra_dejson
    except Exception as error:
        raise lookup_error(conn_id, error) from None


def settings_of(conn_id: str, connection: Any, extra: Mapping[str, Any]) -> Settings:
    """Return a connection's settings.

    :param conn_id: id of the connection, for messages.
    :param connection: Airflow's connection.
    :param extra: its extras, which sync and async code read in different ways.
    :raises TruepushError: for a part that cannot be used, with the connection's id.
    """
    try:
        _check_extra(connection.extra)
        settings = read_settings(
            host=connection.host,
            scheme=connection.schema,
            port=connection.port,
            token=connection.password,
            extra=extra,
        )
    except TruepushError as error:
        remember_token(connection.password)  # what is logged about the failure may contain it
        # The same error, with the name of the connection to correct.
        raise type(error)(f"Connection {conn_id!r}: {error}") from None
    except Exception as error:  # a secrets backend may return parts of any type
        raise lookup_error(conn_id, error) from None
    note(conn_id, settings)
    remember(settings)
    warned_of, _warned_of[conn_id] = _warned_of.get(conn_id), settings.unknown_extras
    if settings.unknown_extras and settings.unknown_extras != warned_of:
        log.warning(
            "Connection %r has extras that this provider does not know; they are ignored: %s",
            conn_id,
            ", ".join(settings.unknown_extras),
        )
    return settings


def lookup_error(conn_id: str, error: Exception) -> TruepushConnectionLookupError:
    """Return the error for a connection that Airflow did not return.

    :param conn_id: id of the connection.
    :param error: what Airflow, or a secrets backend, raised.
    """
    text = cut.error_text(error, _SHOWN).rstrip(".")
    return TruepushConnectionLookupError(
        f"Connection {conn_id!r} could not be looked up ({type(error).__name__}{': ' + text if text else ''}). "
        "Nothing was sent to Truepush with it. Check that the connection exists and that Airflow's API server, "
        "or the secrets backend, answers."
    )


def notes_on(settings: Settings) -> list[str]:
    """Return the remarks to show after a successful test of a connection.

    :param settings: the connection.
    """
    notes = []
    if settings.rate_limit_conn_id is not None:
        notes.append(_note_on_sharing(settings, settings.rate_limit_conn_id))
    if settings.dry_run:
        notes.append("Dry run is ON: nothing that changes the project is sent.")
    if settings.require_segment:
        notes.append("Campaigns and triggers without a segment are refused.")
    if settings.timezone is None:
        notes.append("No time zone is set: nothing can be scheduled.")
    if settings.verify is False:
        notes.append("TLS certificates are NOT verified.")
    if settings.unknown_extras:
        notes.append(f"Unknown extras are ignored: {', '.join(settings.unknown_extras)}.")
    return notes


def _note_on_sharing(settings: Settings, conn_id: str) -> str:
    if rate_limiter_for(settings).is_shared:
        return f"The rate limit is shared through the Redis connection {conn_id!r}."
    return f"Redis (connection {conn_id!r}) did not answer, so the rate limit is NOT shared."


def _check_extra(text: Any) -> None:
    """Refuse extras that Airflow cannot read. Airflow itself only logs that and ignores all extras."""
    if not isinstance(text, str) or not text.strip():
        return
    try:
        valid = isinstance(json.loads(text), dict)
    except ValueError:
        valid = False
    if not valid:
        # The text may contain a password, so it is not shown.
        refuse("connection.extra", f"a text of {len(text)} characters", "must be a JSON object")


def form_widgets() -> dict[str, Any]:
    """Return the extras as the form fields of Airflow before 3.2."""
    from flask_appbuilder.fieldwidgets import BS3TextFieldWidget  # type: ignore[import-not-found]
    from wtforms import BooleanField, IntegerField, StringField  # type: ignore[import-untyped]
    from wtforms.validators import Optional  # type: ignore[import-untyped]

    classes = {"boolean": BooleanField, "integer": IntegerField}
    widgets = {}
    for extra in EXTRAS:
        kind = classes.get(extra.kind, StringField)
        options: dict[str, Any] = {"description": extra.description, "default": extra.default}
        if kind is not BooleanField:
            options |= {"widget": BS3TextFieldWidget(), "validators": [Optional()]}
        widgets[extra.name] = kind(extra.label, **options)
    return widgets
