"""Create something unless its name exists. The create is sent once; after a lost answer, the list is searched."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources.change_record import CLOCK_SKEW, ChangeRecord, ChangeRecords
from airflow_provider_truepush.resources.decision import manual_decision
from airflow_provider_truepush.resources.mapped_changes import MappedChanges
from airflow_provider_truepush.resources.names import find_named
from airflow_provider_truepush.resources.send_create import send_create

log = get_logger(__name__)

IfExists = Literal["fail", "reuse", "replace"]


class CreateByName:
    """One create, and the rows that had its name before.

    :param kind: ``template`` or ``trigger``.
    :param name: its name, compared letter by letter.
    :param hook: the project.
    :param records: what earlier tries recorded.
    :param content: hash of what is created.
    :param mapped: what the map indexes of a mapped task have changed; None for a task that is not mapped.
    :param sleep: waits before a request is repeated that is known not to have been carried out.
    """

    def __init__(
        self,
        kind: Literal["template", "trigger"],
        name: str,
        hook: TruepushHook,
        records: ChangeRecords,
        content: str,
        mapped: MappedChanges | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._kind: Literal["template", "trigger"] = kind
        self.name = name
        self._hook = hook
        self.records = records
        self._content = content
        self._sleep = sleep
        self._mapped = None if hook.settings.dry_run else mapped
        #: The record of a task that is not mapped.
        self._own: ChangeRecord | None = None
        #: When the last create before this try may have been sent; 0 when there was none, None when unknown.
        self._sent_before: float | None = 0.0
        if self._mapped is not None:
            self._mapped.look()
        elif not hook.settings.dry_run:
            self._own = records.read("create", kind)
        self.rows: list[Any] = []
        self._list()

    def _list(self) -> None:
        self.rows = find_named(self._hook, self._kind, self.name)

    @property
    def recorded(self) -> ChangeRecord | None:
        """Return the last change that this task recorded, by an earlier try or this one."""
        return self._own if self._mapped is None else self._mapped.own

    @property
    def begun(self) -> ChangeRecord | None:
        """Return the change that was begun and is not completed; None when there is none."""
        return self.recorded if self.recorded is not None and not self.recorded.done else None

    @property
    def old(self) -> list[Any]:
        """Return the rows that had the name before the change began."""
        return [row for row in self.rows if self.begun is None or row.id in self.begun.old_ids]

    @property
    def new(self) -> list[Any]:
        """Return the rows that an earlier try of this change created."""
        return [row for row in self.rows if self.begun is not None and row.id not in self.begun.old_ids]

    def begun_for_others(self) -> list[ChangeRecord]:
        """Return the changes of inactive items that this task began, does not have now, and nobody has completed."""
        if self._mapped is not None:
            return self._mapped.begun_for_others(self.name)
        begun = self.begun
        is_other = begun is not None and begun.name != self.name
        return [begun] if begun and begun.inactive and is_other and self.records.is_same_project(begun) else []

    def check_record(
        self, needs_proof: Callable[[frozenset[str], bool], bool] = lambda created, has_replaced: False
    ) -> None:
        """Fail when an earlier try began to replace something else that must be inactive, and did not complete it.

        In a mapped task, another map index may have that item now, and may have begun to change this one before.

        :param needs_proof: see :meth:`.MappedChanges.resolve`.
        """
        if self._mapped is not None:
            self._mapped.resolve(self.name, needs_proof, lambda: not self.rows, self._list)
            return
        begun = self.begun
        if begun is None or (begun.name == self.name and self.records.is_same_project(begun)):
            return
        what = (
            f"{begun.author} began to create the {self._kind} {begun.name!r} with the connection {begun.project!r} and "
            f"did not complete it; this try is for {self.name!r} with {self.records.project!r}."
        )
        if begun.inactive:
            raise manual_decision(
                f"{what} The old {begun.name!r} was inactive, and a new one may be active. Nothing was changed by "
                f"this try. Check {begun.name!r} in Truepush, then delete the task's state key "
                f"truepush_create_{self._kind} and clear the task."
            )
        log.warning("%s Check in Truepush whether %r exists.", what, begun.name)
        self._own = None

    def completed_by_this_run(self) -> str | None:
        """Return the id that an earlier try of the same run created, or another map index with the same content.

        Clearing a finished run moves the start of the run, so that the cleared task replaces it again.
        """
        ids = [row.id for row in self.rows]
        for done in self._completed():
            is_ours = done == self.recorded or done.content == self._content
            if done.new_id is not None and done.new_id in ids and is_ours and done.run_began == self.records.run_began:
                self._keep(done.new_id, done)
                return done.new_id
        return None

    def _completed(self) -> list[ChangeRecord]:
        if self._mapped is not None:
            return self._mapped.completed(self.name)
        done = self.recorded
        is_item = done is not None and done.done and done.name == self.name and self.records.is_same_project(done)
        return [done] if done is not None and is_item else []

    def adopt(self) -> str | None:
        """Return the id that an earlier try of this change created; None when it created nothing.

        :raises AirflowFailException: when several rows match, and none can be attributed to the earlier try.
        """
        begun, new = self.begun, self.new
        if begun is None or not new:
            return None
        began = datetime.fromtimestamp(begun.made_at, UTC) - CLOCK_SKEW
        ours = [row for row in new if (at := created_at(row.id)) is None or at >= began]
        if len(new) > 1 or not ours:
            raise manual_decision(
                f"{begun.author} began to create the {self._kind} {self.name!r}, and the list shows several new ones: "
                f"{', '.join(row.id for row in new)}. It is unknown which one that try created. "
                f"Nothing was changed by this try. Delete all but one of them in Truepush and clear the task."
            )
        self._keep(ours[0].id, begun)
        return str(ours[0].id)

    def is_overtaken(self) -> bool:
        """Report whether something else has created what has the name now, since this change created nothing.

        Only changes of inactive triggers record when their creates may have been sent.
        """
        begun = self.begun
        if begun is None or not begun.inactive or not self.new or self.old:
            return False
        changes = [begun] if self._mapped is None else self._mapped.open_changes(self.name)
        return changes is not None and not any(
            change.may_have_created(row.id, if_unknown=True) for change in changes for row in self.new
        )

    def adopt_late(self, refusal: TruepushError) -> str | None:
        """List again after a refusal, and return the id that an earlier try created meanwhile; None for none.

        :param refusal: Truepush's answer to the create of this try.
        :raises AirflowException: when the list cannot be read; the next try looks again.
        """
        try:
            self._list()
        except TruepushError as error:
            raise AirflowException(
                f"{refusal} An earlier try may have created the {self._kind} {self.name!r} meanwhile, and looking for "
                f"it failed: {error} Retry the task. It looks again, and keeps the one that was created."
            ) from error
        return self.adopt()

    def _keep(self, row_id: str, record: ChangeRecord) -> None:
        log.warning("The %s %r exists already: %s created it (id %s).", self._kind, self.name, record.author, row_id)
        if record.content != self._content:
            log.warning(
                "This try would create it with other content; the existing one was kept. To replace it, clear the "
                "task after the run has finished, with if_exists='replace'."
            )

    def may_be_of_this_run(self, run_began: datetime | None) -> list[Any]:
        """Return the rows that an earlier try of this run may have created, judged by their ids' creation time."""
        if run_began is None:
            return []
        times = [(row, created_at(row.id)) for row in self.rows]
        return [row for row, at in times if at is None or at >= run_began - CLOCK_SKEW]

    def settle_existing(self, if_exists: IfExists) -> str:
        """Fail, or return the id of the only one that exists. Nothing is sent."""
        ids = ", ".join(row.id for row in self.rows)
        if if_exists == "fail":
            raise AirflowFailException(
                f"A {self._kind} named {self.name!r} exists already: {ids}. Nothing was created. "
                "Use if_exists='reuse' to keep it as it is, or if_exists='replace' to replace it."
            )
        if len(self.rows) > 1:
            raise AirflowFailException(
                f"{len(self.rows)} {self._kind}s are named {self.name!r}: {ids}. Nothing was created and none was "
                "reused, because it is unknown which one is meant. Delete all but one, or use if_exists='replace'."
            )
        log.warning(
            "Reusing the %s %r (id %s). Truepush's API cannot read its content%s, so it was not compared with this "
            "task's. If the task has changed since it was created, use if_exists='replace'.",
            self._kind,
            self.name,
            ids,
            " and schedule" if self._kind == "trigger" else "",
        )
        return str(self.rows[0].id)

    def begin(self, *, inactive: bool = False) -> None:
        """Record the change before its first request; one that an earlier try began is continued."""
        if self._hook.settings.dry_run:
            return
        if self.begun is not None:
            self._sent_before = self.begun.sent_at
            if self.begun.inactive:
                self._write(replace(self.begun, sent_at=time.time()))
            return
        old_ids = tuple(row.id for row in self.rows)
        record = self.records.new("create", self._kind, self.name, old_ids, inactive=inactive, content=self._content)
        if self._mapped is None:
            self._write(record)
        else:
            self._mapped.begin(record)

    def _write(self, record: ChangeRecord) -> None:
        if self._mapped is not None:
            self._mapped.write(record)
        else:
            self.records.write(record)
            self._own = record

    def record_not_created(self) -> None:
        """Record that this try has created nothing, so that nobody takes what is created later for its own."""
        if self.begun is None or not self.begun.inactive:
            return
        try:
            self._write(replace(self.begun, sent_at=self._sent_before))
        except TruepushError as error:  # the error that ends the task matters more
            log.warning("%s", error)

    def complete(self, new_id: str | None) -> None:
        """Record that the change is complete."""
        if self.begun is not None:
            self._write(self.begun.completed(new_id))

    def abandon(self) -> None:
        """Delete the record of a change that has changed nothing."""
        if self.begun is None:
            return
        if self._mapped is not None:
            self._mapped.forget()
        else:
            self.records.forget("create", self._kind)
            self._own = None

    def check_set_aside(self) -> None:
        """Fail when this map index began to replace another item before, and nobody has completed that."""
        if self._mapped is not None:
            self._mapped.check_set_aside()

    def send(self, create: Callable[[], str | None], consequence: str = "") -> str | None:
        """Send the create once; see :func:`.send_create`."""
        return send_create(
            create,
            self._kind,
            self.name,
            self.find_new,
            self._hook.settings,
            self._sleep,
            consequence=consequence,
            is_recorded=self.records.are_kept,
        )

    def find_new(self) -> list[Any]:
        """List the rows that have the name now and did not have it before."""
        old = {row.id for row in self.old} | set(self.begun.old_ids if self.begun else ())
        return [row for row in find_named(self._hook, self._kind, self.name) if row.id not in old]
