"""Decide whether an argument or field was given, in every form that it can have.

An argument that decides who gets a push, when, or whether, has :data:`NOT_GIVEN` as its default. This separates an
omitted argument, which is a choice, from a value that was given and is empty, which is an error: a template without a
value, an XCom of None, a mapped argument, a variable that is not set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.checks.values import CHECK_SOURCE, is_blank, is_missing, shown_value, text
from airflow_provider_truepush.api.errors import TruepushValidationError


class _NotGiven:
    """The single value that marks an omitted argument, in every process and after every copy."""

    _only: _NotGiven | None = None

    def __new__(cls) -> _NotGiven:
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __reduce__(self) -> tuple[type[_NotGiven], tuple[()]]:
        return (_NotGiven, ())

    def __deepcopy__(self, memo: object) -> _NotGiven:
        return self

    def __repr__(self) -> str:
        return "not given"


NOT_GIVEN: Any = _NotGiven()

#: For each argument that must not be empty: the consequence of its absence, and the effect of omitting it.
_MEANING = {
    "segment_id": (
        "Without a segment the {what} would go to every subscriber.",
        "omit segment_id to address every subscriber",
    ),
    "segment": (
        "Without a segment the {what} would go to every subscriber.",
        "omit segment to address every subscriber",
    ),
    "send_at": ("Without a time the {what} would go out at once.", "omit send_at to send at once"),
    "expires_in": (
        "Without it the {what} could be delivered weeks late.",
        "omit expires_in for Truepush's own limit",
    ),
    "send_token": (
        "Without its token the {what} cannot be distinguished from other sends of this task.",
        "omit send_token to identify the send by its task",
    ),
    "ledger_conn_id": (
        "Without the ledger it is unknown whether the {what} was sent before.",
        "omit ledger_conn_id to use the task's own store",
    ),
    "thresholds": ("Without thresholds the task would not wait for the {what}.", "omit thresholds if that is meant"),
    "fail_if": ("Without guardrails nothing would stop the task.", "omit fail_if if that is meant"),
    "settled_after": (
        "Without it the wait would end only by its thresholds or its timeout.",
        "omit settled_after if that is meant",
    ),
    "schedule_ahead": (
        "Without it the {what} would go out before duplicates could be canceled.",
        "omit schedule_ahead if that is meant",
    ),
    "max_lateness": (
        "Without it the {what} would be sent however late the run is.",
        "omit max_lateness if that is meant",
    ),
    "quiet_hours": ("Without them the {what} could go out at night.", "omit quiet_hours if that is meant"),
    "campaign_ids": (
        "Without ids the {what} would fetch every campaign.",
        "omit campaign_ids to export every campaign",
    ),
    "project": (
        "Without it the rows would be stored under another project.",
        "omit project to use the connection's id",
    ),
    "snapshot_key": (
        "Without it the rows would replace those of another snapshot.",
        "omit snapshot_key to name the snapshot by the run's data interval",
    ),
    "refresh_for": (
        "Without an age the {what} would fetch every campaign of the project.",
        "set refresh_for=None in the Dag file if that is meant",
    ),
    "stop_after_unchanged": (
        "Without it the {what} would fetch campaigns that no longer change.",
        "omit stop_after_unchanged if that is meant",
    ),
    "fail_if_missing_ratio": (
        "Without it the {what} would succeed even if all statistics are missing.",
        "omit fail_if_missing_ratio if that is meant",
    ),
    "schema": ("Without it the rows would go to another schema.", "omit schema to use the connection's own"),
    "export.ledger_conn_id": (
        "Without it the rows would lack the columns of own sends.",
        "omit ledger_conn_id to use a ledger in the target database, if there is one",
    ),
    "sends": ("Without them the rows would lack the columns of own sends.", "omit sends if that is intended"),
    "sql_conn_id": ("Without it the {what} has no database to write to.", "set it to the id of an SQL connection"),
    "truepush_conn_id": (
        "Without it the {what} would go to the project of another connection.",
        "omit truepush_conn_id to use truepush_default",
    ),
}


def is_empty(value: object) -> bool:
    """Return whether a missing value can render to this: None, NaN, NA, blank text, or ``None`` as text."""
    if isinstance(value, str):
        return is_blank(value) or is_missing(value)
    return value is None or _is_nan(value)


def is_nothing(value: object) -> bool:
    """Return whether a value is empty, or a mapping without entries, written as text too."""
    if isinstance(value, str):
        return is_empty(value) or "".join(value.split()) == "{}"
    return is_empty(value) or (isinstance(value, Mapping) and not value)


def _is_nan(value: object) -> bool:
    try:
        return bool(value != value)  # NaN of any type, and NaT
    except Exception:  # an array, or pandas' NA, which is neither equal nor unequal to itself
        return type(value).__name__ == "NAType"


def refuse_empty(field: str, value: object, what: str = "campaign") -> None:
    """Refuse a value that was given and is empty.

    :param field: name of the argument or field, such as ``campaign.segment_id``.
    :param value: the value.
    :param what: what it belongs to: ``campaign``, ``trigger``, ``notification``, ``export``.
    """
    if is_nothing(value):
        _refuse(field, value, what)


def refuse_copied(field: str, model: str) -> None:
    """Refuse None as the value of an object's field. It was given, or ``dataclasses.replace()`` has added it.

    :param field: name of the field.
    :param model: ``campaign`` or ``trigger``, an object that can be copied.
    """
    advice = f" If you copied it with dataclasses.replace(), use {model}.replace(), which keeps omitted fields omitted."
    _refuse(field, None, model, advice)


def connection_id(field: str, value: object, what: str = "request") -> None:
    """Check the id of a connection.

    :param field: name of the argument.
    :param value: the id.
    :param what: what needs the connection, as of :func:`refuse_empty`.
    """
    refuse_empty(field, value, what)
    text(field, value)


def refuse_empty_fields(model: str, given: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """Refuse a mapping in which one of the named fields is present and empty.

    :param model: ``campaign`` or ``trigger``.
    :param given: the fields that were given; :data:`NOT_GIVEN` counts as left out.
    :param names: the fields that must not be empty.
    """
    for name in names:
        if given.get(name, NOT_GIVEN) is not NOT_GIVEN:
            refuse_empty(f"{model}.{name}", given[name], model)


def refuse_two_segments(field: str, given: Mapping[str, Any]) -> None:
    """Refuse the id and the name of a segment at once, whatever their values.

    :param field: name of the field with the name, such as ``campaign.segment``.
    :param given: fields or arguments; :data:`NOT_GIVEN` counts as left out.
    """
    if all(given.get(name, NOT_GIVEN) is not NOT_GIVEN for name in ("segment", "segment_id")):
        raise TruepushValidationError(
            f"{field}: both segment and segment_id were given. It is unknown which one is meant. {outcome()} "
            "Set one of them."
        )


def _refuse(field: str, value: object, what: str, hint: str = "") -> NoReturn:
    name = field.rpartition(".")[2]
    meaning, leave_out = _MEANING.get(f"{what}.{name}") or _MEANING[name]
    raise TruepushValidationError(
        f"{field}: was given and is empty, got {shown_value(value)}. {meaning.format(what=what)} "
        f"{outcome()} {CHECK_SOURCE}; {leave_out}.{hint}"
    ) from None
