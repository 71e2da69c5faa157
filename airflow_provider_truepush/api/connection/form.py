"""The fields of a ``truepush`` connection, declared once.

Airflow 3.2 and later read them from the provider info, earlier versions from the hook. The settings are read by the
same declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

CONNECTION_TYPE = "truepush"
HOOK_NAME = "Truepush"
DEFAULT_CONNECTION = "truepush_default"
HOOK_CLASS = "airflow_provider_truepush.hooks.truepush.TruepushHook"


@dataclass(frozen=True, slots=True)
class Extra:
    """One extra of the connection.

    :param name: its key.
    :param label: its label in the form.
    :param description: the text below it in the form.
    :param kind: its JSON type.
    :param default: the value when it is left out.
    :param above: the bound that a number must exceed.
    :param at_least: the smallest number, beside that bound; None for any.
    :param at_most: the largest number; None for any.
    """

    name: str
    label: str
    description: str
    kind: Literal["string", "boolean", "integer", "number"]
    default: str | int | float | bool | None = None
    above: float = 0
    at_least: float | None = None
    at_most: float | None = None


EXTRAS: tuple[Extra, ...] = (
    Extra(
        "timezone",
        "Time zone",
        "Time zone of the Truepush project, such as Europe/Berlin. Needed to schedule anything.",
        "string",
    ),
    Extra(
        "timeout",
        "Timeout",
        "Connect and read timeout, in seconds. A whole request may take three times as long.",
        "number",
        30,
        at_most=3600,
    ),
    Extra(
        "requests_per_second",
        "Requests per second",
        "Maximum requests per second of all tasks in one process together. Empty for no limit.",
        "number",
        at_least=0.001,
        at_most=1_000_000,
    ),
    Extra(
        "rate_limit_conn_id",
        "Rate limit connection",
        "Id of a Redis connection. All processes of the cluster then share `requests_per_second` and cooldowns.",
        "string",
    ),
    Extra(
        "rate_limit_share",
        "Rate limit share",
        "Part of `requests_per_second` that each process uses while Redis does not answer.",
        "number",
        0.1,
        at_most=1,
    ),
    Extra(
        "max_attempts",
        "Attempts",
        "Maximum attempts for repeatable requests. A create is always sent once.",
        "integer",
        5,
        at_most=1000,
    ),
    Extra(
        "retry_budget",
        "Retry budget",
        "Maximum seconds that one call waits between its attempts, in total.",
        "number",
        120,
        above=-1,
        at_most=86_400,
    ),
    Extra("dry_run", "Dry run", "Change nothing in Truepush; log what would have been sent.", "boolean", False),
    Extra(
        "require_segment",
        "Require a segment",
        "Refuse every campaign and trigger that would reach all subscribers of the project.",
        "boolean",
        False,
    ),
    Extra("verify", "Verify TLS", "true, false, or the path of a CA bundle.", "string", "true"),
    Extra("cert", "Client certificate", 'Path of a certificate, or ["certificate", "key"].', "string"),
    Extra(
        "proxies",
        "Proxies",
        'Address of an HTTP proxy, or {"https": "http://proxy:3128"}. SOCKS is not supported.',
        "string",
    ),
)

HIDDEN_FIELDS = ["login"]
RELABELING = {"password": "Token", "host": "Host", "schema": "Scheme"}
PLACEHOLDERS = {
    "password": "the project's authentication token",
    "host": "https://api.truepush.com",
    "schema": "https",
    "port": "",
}


def ui_field_behaviour() -> dict[str, Any]:
    """Return the standard fields, in the form of a hook's ``get_ui_field_behaviour``."""
    return {
        "hidden_fields": list(HIDDEN_FIELDS),
        "relabeling": dict(RELABELING),
        "placeholders": dict(PLACEHOLDERS),
    }


def conn_fields() -> dict[str, Any]:
    """Return the extras, in the form of the provider info's ``conn-fields``."""
    return {extra.name: _conn_field(extra) for extra in EXTRAS}


def _conn_field(extra: Extra) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [extra.kind, "null"]}
    if extra.default is not None:
        schema["default"] = extra.default
    if extra.kind in ("integer", "number"):
        schema["minimum"] = 1 if extra.kind == "integer" else extra.at_least or 0
    if extra.at_most is not None:
        schema["maximum"] = extra.at_most
    return {"label": extra.label, "description": extra.description, "schema": schema}


def connection_type() -> dict[str, Any]:
    """Return the entry of the provider info's ``connection-types``."""
    behaviour = ui_field_behaviour()
    return {
        "connection-type": CONNECTION_TYPE,
        "hook-class-name": HOOK_CLASS,
        "hook-name": HOOK_NAME,
        "ui-field-behaviour": {
            "hidden-fields": behaviour["hidden_fields"],
            "relabeling": behaviour["relabeling"],
            "placeholders": behaviour["placeholders"],
        },
        "conn-fields": conn_fields(),
    }
