"""All change records of a mapped task that one try knows, and which of them are open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from airflow_provider_truepush.resources.change_record import ChangeRecord


class TaskChanges:
    """The records of a map index and those that its siblings have published.

    :param records: in any order; several map indexes may have the same one.
    """

    def __init__(self, records: Iterable[ChangeRecord]) -> None:
        #: All of them.
        self.all = tuple(records)

    @property
    def has_replaced(self) -> bool:
        """Report whether one of them deletes what existed before."""
        return any(record.old_ids for record in self.all)

    def completed(self, item: ChangeRecord) -> list[ChangeRecord]:
        """Return the completed changes of an item, the newest first."""
        done = [record for record in self.all if record.done and record.is_about_same(item)]
        return sorted(done, key=lambda record: record.order, reverse=True)

    def open(self) -> list[ChangeRecord]:
        """Return what was begun and not completed by anyone."""
        done: dict[str, list[ChangeRecord]] = {}
        for record in self.all:
            if record.done:
                done.setdefault(record.name, []).append(record)

        def is_completed(record: ChangeRecord) -> bool:
            return any(one.is_about_same(record) and one.order >= record.order for one in done.get(record.name, ()))

        return [record for record in self.all if not record.done and not is_completed(record)]

    def to_continue(self, item: ChangeRecord) -> ChangeRecord | None:
        """Return the newest open change of an item; it restores the status that the oldest one found."""
        open_ = [record for record in self.open() if record.is_about_same(item)]
        if not open_:
            return None
        newest = max(open_, key=lambda record: record.order)
        must_be_inactive = any(record.inactive for record in open_)
        return newest if newest.inactive == must_be_inactive else replace(newest, inactive=True)

    def dated(self, record: ChangeRecord) -> ChangeRecord:
        """Return the record of a change that begins, later than all others of its item: clocks of workers differ."""
        others = [other.made_at for other in self.all if other.is_about_same(record)]
        return replace(record, made_at=max(record.made_at, max(others, default=0.0) + 0.001))
