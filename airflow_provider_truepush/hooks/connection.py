"""From an Airflow connection to settings, and to the form fields that older Airflow asks the hook for."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from airflow_provider_truepush.api.connection.form import EXTRAS
from airflow_provider_truepush.api.connection.settings import Settings, read_settings
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.shared_rate import note

log = logging.getLogger(__name__)

#: Extras that were warned of, by connection: it is looked up again and again where campaigns are watched.
_said: dict[str, tuple[str, ...]] = {}


def settings_of(conn_id: str, connection: Any, extra: Mapping[str, Any]) -> Settings:
    """Read a connection's parts.

    :param conn_id: for messages.
    :param connection: Airflow's connection.
    :param extra: its extras, which sync and async code read in different ways.
    """
    try:
        settings = read_settings(
            host=connection.host,
            scheme=connection.schema,
            port=connection.port,
            token=connection.password,
            extra=extra,
        )
    except TruepushError as error:
        # The same error, with the name of the connection to correct.
        raise type(error)(f"Connection {conn_id!r}: {error}") from None
    note(conn_id, settings)
    said, _said[conn_id] = _said.get(conn_id), settings.unknown_extras
    if settings.unknown_extras and settings.unknown_extras != said:
        log.warning(
            "Connection %r: extras without a meaning here are ignored: %s",
            conn_id,
            ", ".join(settings.unknown_extras),
        )
    return settings


def form_widgets() -> dict[str, Any]:
    """The extras as the form fields of Airflow before 3.2."""
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
