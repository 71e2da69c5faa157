"""Delete one template, trigger or segment by its id or its name, over all tries of a task."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.checks.near_matches import shown
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources import change, mapped_refusals as refusals
from airflow_provider_truepush.resources.change_record import ChangeRecord, ChangeRecords
from airflow_provider_truepush.resources.mapped_changes import MappedChanges
from airflow_provider_truepush.resources.names import advice, find_named, only_one

log = get_logger(__name__)


class Deletion:
    """One deletion. A retry knows whether an earlier try of the same run deleted it, at any place of a mapped feed.

    :param hook: the project.
    :param kind: what is deleted.
    :param row_id: its id; None when it is given by name.
    :param name: its name; None when it is given by id.
    :param name_field: the argument with the name, for errors.
    :param if_missing: ``ignore``, ``skip`` or ``fail``.
    :param records: what earlier tries recorded.
    :param mapped: what the map indexes of a mapped task have deleted; None for a task that is not mapped.
    """

    def __init__(
        self,
        hook: TruepushHook,
        kind: Literal["template", "trigger", "segment"],
        *,
        row_id: str | None,
        name: str | None,
        name_field: str,
        if_missing: str,
        records: ChangeRecords,
        mapped: MappedChanges | None = None,
    ) -> None:
        self._hook = hook
        self._kind: Literal["template", "trigger", "segment"] = kind
        self._row_id = row_id
        self._name = name
        self._name_field = name_field
        self._if_missing = if_missing
        self._records = records
        self._mapped = mapped
        self._target = name if name is not None else str(row_id)

    def run(self) -> bool:
        """Delete it. Return True when this task deleted it, else False."""
        # With if_missing="ignore" the result does not depend on whether an earlier try deleted it: no record is needed.
        recorded = self._if_missing != "ignore" and not self._hook.settings.dry_run
        earlier = self._first_look() if recorded else None
        row_id = self._row_id if self._name is None else self._find()
        outcome: change.Outcome = "missing"
        record = None
        if row_id is not None:
            record = self._begin(row_id) if recorded else None
            outcome = change.delete(self._hook, self._kind, row_id)
        if outcome == "missing":
            if record is not None and earlier is None:
                # The siblings are asked next: this try's own record must not count as an earlier deletion.
                self._forget()
            record = earlier or (self._deleted_by_sibling() if recorded else None)
            if record is None:
                return self._missing()
        if record is not None:
            self._write(replace(record, done=True, run_began=self._records.run_began))
        if outcome == "missing" and record is not None:
            log.info("%s already deleted the %s %s.", record.author, self._kind, shown(self._target))
        elif not self._hook.settings.dry_run:
            log.info("Deleted the %s %s (id %s).", self._kind, shown(self._target), row_id)
        return True

    def _begin(self, row_id: str) -> ChangeRecord:
        """Record the deletion before its request."""
        record = self._records.new("delete", self._kind, self._target, (row_id,))
        if self._mapped is None:
            self._records.write(record)
        else:
            self._mapped.begin(record)
        return record

    def _first_look(self) -> ChangeRecord | None:
        """Read what earlier tries and the other map indexes have recorded, and return an earlier deletion."""
        if self._mapped is not None:
            self._mapped.look()
            self._mapped.set_aside_other(self._target)
        return self._earlier()

    def _earlier(self) -> ChangeRecord | None:
        """Return the deletion that an earlier try of this run began or completed."""
        if self._mapped is None:
            own = self._records.read("delete", self._kind)
            known = [] if own is None or own.name != self._target else [own]
            known = [record for record in known if self._records.is_same_project(record)]
        else:
            known = self._mapped.changes_of(self._target)
        began = self._records.run_began
        return next((record for record in known if not record.done or record.run_began == began), None)

    def _deleted_by_sibling(self) -> ChangeRecord | None:
        """Return the deletion by a map index that had this item before, after a wait for those that run.

        :raises AirflowException: it is unknown whether there was one.
        """
        if self._mapped is None:
            return None
        self._mapped.look()
        self._mapped.wait(self._doubt)
        return self._earlier()

    def _doubt(self) -> AirflowException | None:
        """Return the error for not knowing whether a sibling has deleted this item."""
        assert self._mapped is not None
        if self._earlier() is not None:
            return None
        if busy := self._mapped.busy(self._target):
            return refusals.is_busy(self._kind, self._target, busy[0])
        if unpublished := self._mapped.unpublished():
            return refusals.may_be_deleted(self._kind, self._target, unpublished)
        return None

    def _write(self, record: ChangeRecord) -> None:
        if self._mapped is None:
            self._records.write(record)
        else:
            self._mapped.write(record)

    def _forget(self) -> None:
        if self._mapped is None:
            self._records.forget("delete", self._kind)
        else:
            self._mapped.forget()

    def _find(self) -> str | None:
        assert self._name is not None
        rows = find_named(self._hook, self._kind, self._name)
        row = only_one(self._kind, self._name, rows, field=self._name_field, consequence="Nothing was deleted.")
        return None if row is None else str(row.id)

    def _missing(self) -> bool:
        # In a dry run it may be one that this run would have created.
        if_missing = "ignore" if self._hook.settings.dry_run else self._if_missing
        message = f"No {self._kind} {shown(self._target)} exists. Nothing was deleted."
        if if_missing == "fail" and self._name is not None:
            message += f" {advice(self._hook, self._kind, self._name)}"
        return change.settle_missing(message, if_missing)
