"""Create or replace a template. The new one is created before the old ones are deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources.change import delete
from airflow_provider_truepush.resources.change_record import ChangeRecords
from airflow_provider_truepush.resources.create_by_name import CreateByName, IfExists
from airflow_provider_truepush.resources.mapped_changes import MappedChanges

log = get_logger(__name__)


class CreateTemplate:
    """One create of a template, over all tries of the task.

    :param hook: the project.
    :param name: the template's name.
    :param send: sends the create.
    :param content: hash of what is created.
    :param if_exists: ``fail``, ``reuse`` or ``replace``.
    :param records: what earlier tries recorded.
    :param run_began: start of the Dag run; None outside of one.
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
        run_began: datetime | None,
        mapped: MappedChanges | None = None,
    ) -> None:
        self._hook = hook
        self._name = name
        self._send = send
        self._if_exists = if_exists
        self._records = records
        self._run_began = run_began
        self._create = CreateByName("template", name, hook, records, content, mapped)

    def run(self) -> str | None:
        """Create the template, keep the existing one, or complete what an earlier try began."""
        self._create.check_record()
        template_id = self._create_or_keep()
        self._create.check_set_aside()
        return template_id

    def _create_or_keep(self) -> str | None:
        create = self._create
        if create.begun is not None and (new_id := create.adopt()) is not None:
            return self._complete(new_id)
        if create.begun is None and (existing_id := create.completed_by_this_run()) is not None:
            return existing_id
        if create.rows and self._if_exists != "replace":
            if self._records.is_blind and self._if_exists == "fail" and (existing_id := self._made_by_an_earlier_try()):
                return existing_id
            create.abandon()
            return create.settle_existing(self._if_exists)
        old = ", ".join(row.id for row in create.old)
        create.begin()
        try:
            new_id = create.send(self._send, f"The old template {old} still exists." if old else "")
        except TruepushError:
            create.abandon()
            raise
        return self._complete(new_id)

    def _made_by_an_earlier_try(self) -> str | None:
        ours = self._create.may_be_of_this_run(self._run_began)
        if len(ours) != 1 or len(self._create.rows) != 1:
            return None
        log.warning(
            "The template %r (id %s) was created since this run started. It is assumed that an earlier try created it.",
            self._name,
            ours[0].id,
        )
        return str(ours[0].id)

    def _complete(self, new_id: str | None) -> str | None:
        if self._create.old:
            self._delete_old(new_id, [row.id for row in self._create.old])
        self._create.complete(new_id)
        return new_id

    def _delete_old(self, new_id: str | None, old_ids: Sequence[str]) -> None:
        if new_id is None:
            raise AirflowFailException(
                f"The new template {self._name!r} was created, but its id is unknown, so the old ones were kept: "
                f"{', '.join(old_ids)}. Delete the surplus in Truepush."
            )
        deleted, failures = [], []
        for old_id in old_ids:
            try:
                delete(self._hook, "template", old_id)
                deleted.append(old_id)
            except TruepushError as error:
                failures.append(f"{old_id} ({error})")
        if failures:
            raise AirflowFailException(
                f"The new template {new_id} {self._name!r} was created. Deleted old ones: "
                f"{', '.join(deleted) or 'none'}; could not confirm that these were deleted: {', '.join(failures)}. "
                "Delete them in Truepush, or clear the task later: it deletes every other template of the name."
            )
        if not self._hook.settings.dry_run:
            log.info("Replaced the template %s of the same name.", ", ".join(deleted))
