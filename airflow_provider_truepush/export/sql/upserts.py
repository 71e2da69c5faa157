"""Build the upserts: a newer observation replaces an older one, never the reverse."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Table, case, func, or_
from sqlalchemy.sql import ClauseElement

from airflow_provider_truepush.export.columns import CAMPAIGN_SENDS

_if = getattr(func, "if")


def moment_column(table: Table) -> str:
    """Return the column that decides which of two rows is the newer one."""
    return "observed_at" if "observed_at" in table.c else "last_seen"


def on_conflict(insert: Any, table: Table) -> ClauseElement:
    """Return ``ON CONFLICT ... DO UPDATE`` for PostgreSQL, SQLite and DuckDB.

    :param insert: an insert of a SQLAlchemy dialect that has ``excluded``.
    """
    key = [column.name for column in table.primary_key]
    new = insert.excluded
    if "observed_at" in table.c:
        changes = {column.name: new[column.name] for column in table.c if column.name not in key}
        # An export by ids has no titles and must not erase stored ones.
        changes["title"] = func.coalesce(new.title, table.c.title)
        newer = or_(new.observed_at >= table.c.observed_at, table.c.observed_at.is_(None))
        statement: ClauseElement = insert.on_conflict_do_update(index_elements=key, set_=changes, where=newer)
        return statement
    old = table.c
    newer = or_(new.last_seen >= old.last_seen, old.last_seen.is_(None))
    changes = {
        "title": case((newer, func.coalesce(new.title, old.title)), else_=func.coalesce(old.title, new.title)),
        "first_seen": case((new.first_seen < old.first_seen, new.first_seen), else_=old.first_seen),
        "created_at": func.coalesce(old.created_at, new.created_at),
        "last_seen": case((newer, new.last_seen), else_=old.last_seen),
        **{name: func.coalesce(new[name], old[name]) for name in CAMPAIGN_SENDS},
    }
    updating: ClauseElement = insert.on_conflict_do_update(index_elements=key, set_=changes)
    return updating


def on_duplicate_key(insert: Any, table: Table) -> ClauseElement:
    """Return ``ON DUPLICATE KEY UPDATE`` for MySQL and MariaDB.

    Assignments run from left to right, and each sees the results of those before. So the time is assigned last.
    """
    key = {column.name for column in table.primary_key}
    new, old = insert.inserted, table.c
    moment = moment_column(table)
    newer = or_(new[moment] >= old[moment], old[moment].is_(None))
    if moment == "observed_at":
        changes = [
            (column.name, _if(newer, new[column.name], old[column.name]))
            for column in table.c
            if column.name not in {*key, moment, "title"}
        ]
        # An export by ids has no titles and must not erase stored ones.
        changes.append(("title", _if(newer, func.coalesce(new.title, old.title), old.title)))
    else:
        title = _if(newer, func.coalesce(new.title, old.title), func.coalesce(old.title, new.title))
        changes = [
            ("title", title),
            ("first_seen", func.least(old.first_seen, new.first_seen)),
            ("created_at", func.coalesce(old.created_at, new.created_at)),
            *((name, func.coalesce(new[name], old[name])) for name in CAMPAIGN_SENDS),
        ]
    changes.append((moment, func.coalesce(func.greatest(old[moment], new[moment]), new[moment])))
    statement: ClauseElement = insert.on_duplicate_key_update(changes)
    return statement
