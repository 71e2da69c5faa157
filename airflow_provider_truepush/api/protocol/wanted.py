"""The rows that a caller wants from a list: since a moment, or with a name or an id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.models.refs import Ref


@dataclass(frozen=True, slots=True)
class Wanted:
    """The conditions for rows of a list. None means any.

    :param id: the row's id, in upper or lower case.
    :param label: the exact title or name of the row.
    :param since: the earliest creation time, according to the ids of Truepush. A row whose id has no time matches, but
        a walk that stops early may not reach it.
    """

    id: str | None = None
    label: str | None = None
    since: datetime | None = None

    @meaning("Nothing was fetched.")
    def __post_init__(self) -> None:
        if self.since is not None and self.since.tzinfo is None:
            refuse("since", self.since, "must be an aware datetime")

    @meaning("Nothing was fetched.")
    def require_something(self) -> None:
        """Refuse a search for nothing: a template that rendered to None must not match every row."""
        if self.id is None and self.label is None and self.since is None:
            refuse("name", None, "must be given, or the id")

    def matches(self, row: Ref) -> bool:
        """Return whether the row is wanted."""
        if self.id is not None and row.id.lower() != self.id.strip().lower():
            return False
        if self.label is not None and _label(row) != self.label:
            return False
        created = row.created_at
        return self.since is None or created is None or created >= self.since


def _label(row: Any) -> str | None:
    label: str | None = getattr(row, "title", None)
    return label if label is not None else getattr(row, "name", None)
