"""Compare the existing tables with those that an export needs, and find the columns to add."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column, Table

from airflow_provider_truepush.export.sql.engine import Engine, Found
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.tables import KINDS

EVOLVE, FREEZE = "evolve", "freeze"

#: Time columns that show which of two rows is newer. They cannot be added to existing rows.
_MOMENTS = ("observed_at", "last_seen", "first_seen")

#: Regular expressions that match definitions of the view by earlier versions, without blanks and quotes, and do not
#: match the present one. The earliest definition counted an unknown counter as 0.
EARLIER_VIEWS = (r"-coalesce\(lag\((h\.)?reach\b",)


def missing_columns(engine: Engine, table: Table, found: Found, contract: str) -> list[Column[Any]]:
    """Return the columns that a table lacks.

    :param engine: the table's database.
    :param table: the table that an export needs.
    :param found: the existing table.
    :param contract: ``evolve`` or ``freeze``.
    :return: the columns to add; always empty for ``freeze``.
    :raises TruepushSchemaError: adding nullable columns is not enough.
    """
    name = engine.name_of(table)
    if found.kind not in ("table", None):
        owner = f" of {found.owner}" if found.owner else ""
        raise _refused(name, f"is a {found.kind}{owner}", "Use another table_prefix or schema.")
    lacking = [column for column in table.c if column.name not in found.columns]
    wanted = {column.name for column in table.c}
    strangers = sorted(found.columns.keys() - wanted)
    if contract == FREEZE and (lacking or strangers):
        problems = [
            f"{what} {', '.join(names)}"
            for what, names in (("lacks", [c.name for c in lacking]), ("has the unknown columns", strangers))
            if names
        ]
        raise _refused(name, " and ".join(problems), "Change the table yourself, or set schema_contract to 'evolve'.")
    _check_key(name, table, found)
    _check_types(engine, name, table, found)
    required = [column for column in strangers if found.columns[column].required]
    if required:
        raise _refused(
            name,
            f"requires values for columns that an export does not fill: {', '.join(required)}",
            "Make these columns nullable, or give them a default.",
        )
    needed = [c.name for c in lacking if c.primary_key or c.name in _MOMENTS]
    if needed:
        raise _refused(
            name,
            f"lacks {', '.join(needed)}, which cannot be added to a table with rows",
            "Use another table_prefix, or change the table yourself.",
        )
    return lacking


def _check_key(name: str, table: Table, found: Found) -> None:
    key = frozenset(column.name for column in table.primary_key)
    if found.keys is None or key in found.keys:
        return
    columns = ", ".join(column.name for column in table.primary_key)
    raise _refused(
        name,
        f"has no unique key on exactly ({columns}), so a re-run would duplicate its rows",
        "Add the key, or use another table_prefix.",
    )


def _check_types(engine: Engine, name: str, table: Table, found: Found) -> None:
    if not engine.types:
        return
    for column in table.c:
        there = found.columns.get(column.name)
        if there is None or re.fullmatch(engine.types[KINDS[column.name]], there.type):
            continue
        wanted = engine.type_of(column)
        raise _refused(
            name,
            f"has the column {column.name} of type {there.type or 'none'}, but {wanted} is required",
            "Change the type of the column, or use another table_prefix.",
        )


def _refused(name: str, what: str, remedy: str) -> TruepushSchemaError:
    return TruepushSchemaError(f"Table {name} {what}. Nothing was fetched. {remedy}")


def is_earlier_view(definition: str) -> bool:
    """Return whether an earlier version created a view. The pattern allows for the database's own formatting."""
    bare = re.sub(r"[\s`\"]", "", definition).lower()
    return any(re.search(pattern, bare) for pattern in EARLIER_VIEWS)
