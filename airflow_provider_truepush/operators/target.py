"""The resource that an operator works on, given by its id or by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, connection_id, is_empty
from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.checks.values import CHECK_SOURCE, object_id, refuse, text
from airflow_provider_truepush.api.errors import TruepushValidationError
from airflow_provider_truepush.operators.arguments import checked_at_parse

Check = Callable[[str, Any], object]


def target_checks(id_field: str, name_field: str) -> dict[str, Check]:
    """Return the checks of both arguments."""
    return {
        id_field: lambda field, value: read_one(field, value, is_id=True),
        name_field: lambda field, value: read_one(field, value, is_id=False),
        "truepush_conn_id": connection_id,
    }


def names_for_target(resource: str, id_field: str, name_field: str) -> dict[str, str]:
    """Return names that people try for either argument, and what to write instead.

    :param resource: the resource, such as ``trigger``.
    :param id_field: the argument with the id.
    :param name_field: the argument with the name or the title.
    """
    word = "title" if name_field.endswith("title") else "name"
    both = f"{id_field} for an id, or {name_field} for a {word}"
    names = {resource: both, "id": id_field, "name": name_field, word: name_field}
    return {name: right for name, right in names.items() if name != name_field}


def refuse_two(given: Mapping[str, Any], id_field: str, name_field: str) -> None:
    """Refuse an id and a name at once, whatever their values, and the lack of both where all arguments are known."""
    if all(given.get(name, NOT_GIVEN) is not NOT_GIVEN for name in (id_field, name_field)):
        raise TruepushValidationError(
            f"{id_field}: both {id_field} and {name_field} were given. It is unknown which one is meant. {outcome()} "
            "Set one of them."
        )
    if all(name in given and given[name] is NOT_GIVEN for name in (id_field, name_field)):
        raise TruepushValidationError(
            f"{id_field}: neither {id_field} nor {name_field} was given. {outcome()} Set one of them."
        )


def keep_target(operator: Any, **target: Any) -> tuple[str | None, str | None]:
    """Check in the constructor that one of two arguments was given, and remember which.

    :param operator: the operator.
    :param target: the argument with the id and the one with the name, in this order; NOT_GIVEN is their default.
    :return: their values; None for the one that was not given.
    """
    (id_field, row_id), (name_field, name) = target.items()
    operator.is_named = name is not NOT_GIVEN
    with checked_at_parse(operator.consequence):
        refuse_two(target, id_field, name_field)
    return (None, name) if operator.is_named else (row_id, None)


def read_target(operator: Any, id_field: str, name_field: str) -> tuple[str | None, str | None]:
    """Return the id and the name as they were rendered, of which one is None."""
    if operator.is_named:
        return None, read_one(name_field, getattr(operator, name_field), is_id=False)
    return read_one(id_field, getattr(operator, id_field), is_id=True), None


def read_one(field: str, value: Any, *, is_id: bool) -> str:
    """Return an id or a name; refuse one that rendered to an empty value."""
    if is_empty(value):
        refuse(field, value, "was given and is empty", CHECK_SOURCE)
    return object_id(field, value) if is_id else text(field, value)
