"""What an operator works on: one resource, given by its id or by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_provider_truepush.api.checks import object_id, refuse, text
from airflow_provider_truepush.api.given import is_empty
from airflow_provider_truepush.operators.arguments import checked_at_parse

Check = Callable[[str, Any], object]


def target_checks(id_field: str, name_field: str) -> dict[str, Check]:
    """Return the checks of both arguments; None is an argument that was not given."""

    def check_id(field: str, value: Any) -> None:
        if value is not None:
            read_one(field, value, is_id=True)

    def check_name(field: str, value: Any) -> None:
        if value is not None:
            read_one(field, value, is_id=False)

    return {id_field: check_id, name_field: check_name, "truepush_conn_id": text}


def check_target(operator: Any, id_field: str, name_field: str) -> None:
    """Check in the constructor that one of both was given, and remember which.

    :param operator: has both as attributes; None is an argument that was not given.
    :param id_field: the argument with the id.
    :param name_field: the argument with the name.
    """
    row_id, name = getattr(operator, id_field), getattr(operator, name_field)
    operator.is_named = name is not None
    if (row_id is None) == (name is None):
        with checked_at_parse():
            refuse(id_field, row_id, f"set either this or {name_field}; {'neither is' if name is None else 'both are'} set")


def read_target(operator: Any, id_field: str, name_field: str) -> tuple[str | None, str | None]:
    """Return the id and the name as they were rendered, of which one is None."""
    if operator.is_named:
        return None, read_one(name_field, getattr(operator, name_field), is_id=False)
    return read_one(id_field, getattr(operator, id_field), is_id=True), None


def read_one(field: str, value: Any, *, is_id: bool) -> str:
    """Return an id or a name; one that was given and came out empty is refused."""
    if is_empty(value):
        refuse(field, value, "was given and is empty. Check the template, XCom or variable it comes from")
    return object_id(field, value) if is_id else text(field, value)
