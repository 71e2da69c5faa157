"""Create or replace a Truepush trigger. A trigger that was inactive stays inactive after a replacement.

Two triggers cannot have one name, so a replacement deletes the old one, creates the new one (Truepush creates it
active) and, if the old one was inactive, sets the new one inactive. What must be restored is recorded before that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
)
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources import keep_inactive
from airflow_provider_truepush.resources.change import delete
from airflow_provider_truepush.resources.change_record import ChangeRecords
from airflow_provider_truepush.resources.create_by_name import CreateByName, IfExists
from airflow_provider_truepush.resources.decision import manual_decision
from airflow_provider_truepush.resources.mapped_changes import MappedChanges
from airflow_provider_truepush.resources.taken_name import settle_taken

log = get_logger(__name__)


class CreateTrigger:
    """One create of a trigger, over all tries of the task.

    :param hook: the project.
    :param name: the trigger's name.
    :param send: sends the create.
    :param content: hash of what is created.
    :param if_exists: ``fail``, ``reuse`` or ``replace``.
    :param records: what earlier tries recorded.
    :param check_references: raises when the template or the segment does not exist; called before a deletion.
    :param mapped: what the map indexes of a mapped task have changed; None for a task that is not mapped.
    """

    def __init__(
        self,
        hook: TruepushHook,
        name: str,
        send: Callable[[], str | None],
        content: str,
        if_exists: IfExists,
        records: ChangeRecords,
        check_references: Callable[[], None],
        mapped: MappedChanges | None = None,
    ) -> None:
        self._hook = hook
        self._name = name
        self._send = send
        self._if_exists = if_exists
        self._records = records
        self._check_references = check_references
        self._create = CreateByName("trigger", name, hook, records, content, mapped)
        self._old_deleted = ""
        #: Ids of the old ones, deleted by this try or an earlier one.
        self._deleted: list[str] = []
        #: Whether an earlier try began this change, so that its create may still be carried out.
        self._continues = False

    def run(self) -> str | None:
        """Create the trigger, keep the existing one, or complete what an earlier try began."""
        others = [keep_inactive.of_another_item(self._hook, record) for record in self._create.begun_for_others()]
        self._create.check_record(self._needs_proof)
        trigger_id = self._create_or_keep()
        if failures := [failure for failure in others if failure is not None]:
            raise keep_inactive.failed(failures, can_retry=self._records.are_kept)
        self._create.check_set_aside()
        return trigger_id

    def _create_or_keep(self) -> str | None:
        create = self._create
        if create.begun is not None and self._if_exists == "replace" and create.is_overtaken():
            log.warning(
                "%s deleted an inactive %r and created none. %s was created by something else: its status counts.",
                create.begun.author,
                self._name,
                ", ".join(f"{row.id} ({row.status})" for row in create.rows),
            )
            create.abandon()
        if create.begun is not None:
            if (new_id := create.adopt()) is not None:
                return self._guarded(lambda: self._complete_adopted(new_id))
            if create.rows and self._if_exists != "replace":
                # The earlier try has deleted nothing, and the task no longer asks for it.
                create.abandon()
                return create.settle_existing(self._if_exists)
            return self._create_new()
        if (existing_id := create.completed_by_this_run()) is not None:
            return existing_id
        if self._records.is_blind and (existing_id := self._settle_without_record()) is not None:
            return existing_id
        if create.rows and self._if_exists != "replace":
            return create.settle_existing(self._if_exists)
        return self._create_new()

    def _needs_proof(self, created: frozenset[str], has_replaced: bool) -> bool:
        """Report whether this try would create an active trigger, though the old one may have been inactive.

        :param created: ids that completed changes of this Dag run have created; their status is right.
        :param has_replaced: whether this Dag run is known to have replaced anything.
        """
        rows = self._create.rows
        if not self._records.are_kept:
            return False  # then every later try is blind
        if self._if_exists != "replace":
            return not rows and has_replaced  # the others replace nothing either, unless the Dag was changed
        if not rows:
            return True
        recent = self._create.may_be_of_this_run(began) if (began := self._records.began) is not None else rows
        return any(_status(row) == "active" and row.id not in created for row in recent)

    def _settle_without_record(self) -> str | None:
        """Return the id that an earlier try of this run created; None when it changed nothing."""
        began = self._records.began
        ours = self._create.may_be_of_this_run(began)
        if self._if_exists == "fail":
            return self._keep(ours[0]) if len(ours) == 1 else None
        if self._if_exists == "reuse" or (self._create.rows and not ours and began is not None):
            return None
        if ours and all(_status(row) == "inactive" for row in ours):
            return self._keep(ours[0])
        seen = ", ".join(f"{row.id} ({row.status})" for row in self._create.rows) or "none"
        raise manual_decision(
            f"This is try {self._records.try_number}, and it is unknown whether {self._earlier} deleted an inactive "
            f"trigger {self._name!r} (the list now shows: {seen}): before Airflow 3.3 nothing records that. "
            "Nothing was changed by this try. "
            "This needs a manual decision: if the trigger must not send, set it inactive in Truepush and mark the task "
            "as success; otherwise replace it in a new Dag run."
        )

    @property
    def _earlier(self) -> str:
        return "an earlier try" if self._records.try_number > 1 else "another map index, before the run was cleared,"

    def _keep(self, row: Any) -> str:
        log.warning(
            "The trigger %r (id %s, %s) was created since this run started. It is assumed that an earlier try "
            "created it, so it was kept.",
            self._name,
            row.id,
            row.status,
        )
        return str(row.id)

    def _create_new(self) -> str | None:
        """Delete the triggers of the name, create the new one and restore the status."""
        create = self._create
        inactive = create.begun.inactive if create.begun is not None else self._old_is_inactive()
        if create.rows and not self._hook.settings.dry_run:
            # What Truepush would refuse after the deletion must be refused before it.
            self._check_references()
        self._continues = create.begun is not None
        create.begin(inactive=inactive)
        return self._guarded(self._change)

    def _old_is_inactive(self) -> bool:
        """Return whether the new trigger must be inactive."""
        statuses = {_status(row) for row in self._create.rows}
        if unknown := statuses - {"active", "inactive"}:
            raise AirflowFailException(
                f"The trigger {self._name!r} has the status {', '.join(map(repr, sorted(unknown)))}, which this "
                "version does not know. It was not replaced, because the new one would be active. "
                "Set it to active or inactive in Truepush and clear the task."
            )
        return statuses == {"inactive"}

    @property
    def _must_be_inactive(self) -> bool:
        return self._create.begun.inactive if self._create.begun is not None else self._old_is_inactive()

    def _change(self) -> str | None:
        try:
            self._delete_old()
        except (TruepushError, AirflowException):
            self._create.record_not_created()
            raise
        try:
            trigger_id = self._create.send(self._send, self._old_deleted + self._if_created)
        except TruepushError as error:
            # The name may be taken by what an earlier try created after this one had listed the triggers.
            may_be_late = self._continues and isinstance(error, TruepushBadRequestError)
            if may_be_late and (late_id := self._create.adopt_late(error)) is not None:
                return self._complete(late_id)
            if (trigger_id := self._settle_taken(error)) is None:
                self._end_without_create(error)
        if self._hook.settings.dry_run:
            return trigger_id
        if self._old_deleted:
            log.info("Replaced the trigger %s of the same name.", ", ".join(self._deleted))
        return self._complete(trigger_id)

    def _settle_taken(self, error: TruepushError) -> str | None:
        inactive, before = self._must_be_inactive, self._old_deleted
        return settle_taken(
            self._hook, self._create, error, if_exists=self._if_exists, inactive=inactive, consequence=before
        )

    def _delete_old(self) -> None:
        old = [row.id for row in self._create.old]
        for old_id in old:
            try:
                delete(self._hook, "trigger", old_id)
            except (TruepushAuthError, TruepushBadRequestError):
                raise
            except TruepushError as error:
                self._end_before_create(
                    f"Could not confirm that the old trigger {old_id} was deleted: {error} "
                    "The new one was not created.",
                    "It continues with the deletion.",
                    error,
                )
        begun = self._create.begun
        self._deleted = old or list(begun.old_ids if begun is not None else ())
        if self._deleted:
            was = ", which was inactive," if self._must_be_inactive else ""
            self._old_deleted = f"The old trigger {', '.join(self._deleted)}{was} has been deleted."

    @property
    def _if_created(self) -> str:
        if not self._must_be_inactive:
            return ""
        return " If the new one exists, it is active and may send: set it inactive in Truepush now."

    def _end_without_create(self, error: TruepushError) -> NoReturn:
        """Raise the error for a create that is known not to have been carried out."""
        if not self._old_deleted:
            self._create.abandon()
            raise error
        self._create.record_not_created()
        what = f"{error} {self._old_deleted} The new trigger {self._name!r} was not created"
        if isinstance(error, (TruepushAuthError, TruepushBadRequestError)):
            raise AirflowFailException(
                f"{what}, so this task's pushes are not scheduled. Correct the cause above and clear the task."
            ) from error
        self._end_before_create(f"{what}.", "It creates the trigger.", error)

    def _end_before_create(self, what: str, continues: str, error: TruepushError) -> NoReturn:
        """Raise the error that ends this try. It allows a retry only where a retry knows what to restore."""
        if self._records.are_kept or not self._must_be_inactive:
            raise AirflowException(f"{what} Retry the task. {continues}") from error
        raise manual_decision(
            f"{what} The old one was inactive, and before Airflow 3.3 a retry does not know that. "
            "This needs a manual decision: to have the trigger, create it in a new Dag run. It will be active.",
            error,
        )

    def _complete_adopted(self, trigger_id: str) -> str | None:
        if self._if_exists == "replace":
            self._delete_old()
        return self._complete(trigger_id)

    def _complete(self, trigger_id: str | None) -> str | None:
        if self._must_be_inactive:
            keep_inactive.as_the_old_one(self._hook, self._name, trigger_id, can_retry=self._records.are_kept)
        self._create.complete(trigger_id)
        return trigger_id

    def _guarded(self, change: Callable[[], str | None]) -> str | None:
        """Run a change. If a timeout or a signal interrupts it, set a trigger inactive that must not send."""
        try:
            return change()
        except (TruepushError, AirflowException):
            raise
        except BaseException as interruption:
            if self._must_be_inactive and not self._hook.settings.dry_run:
                keep_inactive.after_interruption(self._hook, self._name, self._create.find_new, interruption)
            raise


def _status(row: Any) -> str:
    return str(row.status).strip().lower()
