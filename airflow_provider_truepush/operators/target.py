"""What an operator works on: one resource, given by its id or by its name."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.checks import object_id, refuse, text
from airflow_provider_truepush.api.literals import is_literal
from airflow_provider_truepush.operators.arguments import checked_at_parse

#: What a template without a value renders to.
_EMPTY = ("", "None")


def check_target(operator: Any, id_field: str, name_field: str) -> None:
    """Check both arguments while the Dag file is parsed, and remember which was given.

    :param operator: has both as attributes; None is an argument that was not given.
    :param id_field: the argument with the id.
    :param name_field: the argument with the name.
    """
    row_id, name = getattr(operator, id_field), getattr(operator, name_field)
    operator.is_named = name is not None
    with checked_at_parse():
        if (row_id is None) == (name is None):
            given = "neither is" if row_id is None else "both are"
            refuse(id_field, row_id, f"set either this or {name_field}; {given} set")
        for field, value in ((id_field, row_id), (name_field, name)):
            if value is not None and is_literal(value):
                read_one(field, value, is_id=field == id_field)


def read_target(operator: Any, id_field: str, name_field: str) -> tuple[str | None, str | None]:
    """Return the id and the name as they were rendered, of which one is None."""
    if operator.is_named:
        return None, read_one(name_field, getattr(operator, name_field), is_id=False)
    return read_one(id_field, getattr(operator, id_field), is_id=True), None


def read_one(field: str, value: Any, *, is_id: bool) -> str:
    """Return an id or a name; one that was given and rendered to nothing is refused."""
    if value is None or (isinstance(value, str) and value.strip() in _EMPTY):
        refuse(field, value, "rendered to an empty value, but a value is required")
    return object_id(field, value) if is_id else text(field, value)
