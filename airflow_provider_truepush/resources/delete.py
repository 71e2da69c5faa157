"""Delete one template, trigger or segment by its id or its name, over all tries of a task."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.checks.near_matches import shown
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources import change, mapped_changes
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
    :param sleep: waits between two looks at what they have published.
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
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._hook = hook
        self._kind: Literal["template", "trigger", "segment"] = kind
        self._row_id = row_id
        self._name = name
        self._name_field = name_field
        self._if_missing = if_missing
        self._records = records
        self._mapped = mapped
        self._sleep = sleep
        self._target = name if name is not None else str(row_id)

    def run(self) -> bool:
        """Delete it. Return True when this task deleted it, else False."""
        # With if_missing="ignore" the result does not depend on whether an earlier try deleted it: no record is needed.
        recorded = self._if_missing != "ignore" and not self._hook.settings.dry_run
        earlier = self._earlier() if recorded else None
        row_id = self._row_id if self._name is None else self._find()
        outcome: change.Outcome = "missing"
        record = None
        if row_id is not None:
            if recorded:
                record = self._records.new("delete", self._kind, self._target, (row_id,))
                if self._mapped is None:
                    self._records.write(record)
                else:
                    self._mapped.begin(record)
            outcome = change.delete(self._hook, self._kind, row_id)
        if outcome == "missing" and earlier is None and recorded:
            earlier = self._deleted_by_sibling()
        if outcome == "missing" and earlier is None:
            if record is not None:
                self._forget()
            return self._missing()
        record = record or earlier
        if record is not None:
            self._write(replace(record, done=True, run_began=self._records.run_began))
        if outcome == "missing" and earlier is not None:
            log.info("%s already deleted the %s %s.", earlier.author, self._kind, shown(self._target))
            return True
        if not self._hook.settings.dry_run:
            log.info("Deleted the %s %s (id %s).", self._kind, shown(self._target), row_id)
        return True

    def _earlier(self) -> ChangeRecord | None:
        """Return the deletion that an earlier try of this run began or completed."""
        if self._mapped is None:
            own = self._records.read("delete", self._kind)
            known = [] if own is None or own.name != self._target else [own]
            known = [record for record in known if self._records.is_same_project(record)]
        else:
            self._mapped.look()
            known = self._mapped.changes_of(self._target)
        began = self._records.run_began
        return next((record for record in known if not record.done or record.run_began == began), None)

    def _deleted_by_sibling(self) -> ChangeRecord | None:
        """Return the deletion by a map index that had this item before, after a wait for those that have just started.

        :raises AirflowException: it is unknown whether there was one.
        """
        if self._mapped is None:
            return None
        end = time.monotonic() + mapped_changes.WINDOW
        while unpublished := self._mapped.unpublished():
            if time.monotonic() >= end:
                raise AirflowException(
                    f"No {self._kind} {shown(self._target)} exists. It is unknown whether another map index of this "
                    f"task deleted it in this Dag run: the map indexes {unpublished} have not published what "
                    "they changed. Nothing was deleted by this try. Retry the task: the next try looks again."
                )
            self._sleep(mapped_changes.PAUSE)
            if (found := self._earlier()) is not None:
                return found
        return self._earlier()

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
