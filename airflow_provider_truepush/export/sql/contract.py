"""Check that the existing tables have the form that an export needs, and change them if the contract allows it."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Column, Table

from airflow_provider_truepush.export.sql.engine import Engine, Found
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.tables import KINDS

EVOLVE, FREEZE = "evolve", "freeze"

#: Without these columns, rows cannot be distinguished, nor a newer row from an older one.
_MOMENTS = ("observed_at", "last_seen", "first_seen")

#: Regular expressions for earlier definitions of the view, without blanks and quotes, that do not match the present
#: one. The first of those definitions counted an unknown counter as 0.
EARLIER_VIEWS = (r"-coalesce\(lag\((h\.)?reach\b",)


def missing_columns(engine: Engine, table: Table, found: Found, contract: str) -> list[Column[Any]]:
    """Compare a table with its required form.

    :param engine: its database.
    :param table: the required form.
    :param found: the existing table.
    :param contract: ``evolve`` or ``freeze``.
    :return: the columns to add; with ``freeze`` there are none.
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
            for what, names in (("lacks", [c.name for c in lacking]), ("has the unknown", strangers))
            if names
        ]
        raise _refused(
            name, " and ".join(problems), "schema_contract is 'freeze': change the table yourself, or use 'evolve'."
        )
    _check_key(name, table, found)
    _check_types(engine, name, table, found)
    required = [column for column in strangers if found.columns[column].required]
    if required:
        raise _refused(
            name,
            f"has columns that need a value which an export does not have: {', '.join(required)}",
            "Make them nullable or give them a default.",
        )
    needed = [c.name for c in lacking if c.primary_key or c.name in _MOMENTS]
    if needed:
        raise _refused(
            name,
            f"lacks {', '.join(needed)}, which cannot be added to existing rows",
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
        f"has no unique key of exactly ({columns})",
        "Without it a re-run would add rows a second time. Add it, or use another table_prefix.",
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
            f"has {column.name} as {there.type or 'a column without a type'}, not as {wanted}",
            "Change its type, or use another table_prefix.",
        )


def _refused(name: str, what: str, remedy: str) -> TruepushSchemaError:
    return TruepushSchemaError(f"Table {name} {what}. Nothing was fetched. {remedy}")


def is_earlier_view(definition: str) -> bool:
    """Return whether an earlier version created a view. Databases rewrite the definitions that they keep."""
    bare = re.sub(r"[\s`\"]", "", definition).lower()
    return any(re.search(pattern, bare) for pattern in EARLIER_VIEWS)
