"""Decide what a map index must know of the changes that its siblings have begun, before it changes something itself.

When a feed is reordered, an item comes to a map index that has no record of it. The record says, above all, whether a
Truepush trigger that was deleted had been inactive.
"""

from __future__ import annotations

from collections.abc import Callable

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.resources import mapped_refusals as refusals
from airflow_provider_truepush.resources.change_record import Action, ChangeRecord, ChangeRecords
from airflow_provider_truepush.resources.sibling_changes import (
    Entry,
    SiblingChanges,
    is_running,
    is_silent,
    is_unfinished,
)
from airflow_provider_truepush.resources.task_changes import TaskChanges

log = get_logger(__name__)


class MappedChanges:
    """The change records of one map index and of its siblings, for one kind of change.

    :param records: the own ones.
    :param siblings: the other map indexes.
    :param action: ``create`` or ``delete``.
    :param kind: ``template``, ``trigger`` or ``segment``.
    """

    def __init__(self, records: ChangeRecords, siblings: SiblingChanges, action: Action, kind: str) -> None:
        self._records = records
        self._siblings = siblings
        self._action: Action = action
        self._kind = kind
        #: The last change of this map index; once :meth:`resolve` has returned, of the item that it has now.
        self.own: ChangeRecord | None = None
        #: Changes of the items that this map index had before, completed ones too.
        self._set_aside: list[ChangeRecord] = []
        self._entries: tuple[Entry, ...] = ()

    def announce(self) -> None:
        """At the start, publish what earlier tries have begun: Airflow has deleted their XCom, and siblings wait."""
        self.own = self._records.read(self._action, self._kind)
        if self._siblings.is_later_try:
            self._set_aside = self._records.read_set_aside(self._action, self._kind)
        if self._siblings.is_later_try or self._siblings.was_cleared:
            self._records.check_current(self._action, self._kind)
            self._publish()

    def end(self) -> None:
        """Publish once more after an error, so that siblings know that this try has begun nothing else."""
        if self._records.is_superseded:
            return
        try:
            self._records.check_current(self._action, self._kind)
            self._publish(has_ended=True)
        except Exception as error:  # the error that ends the task matters more
            log.warning("%s", error)

    def look(self) -> None:
        """Read what the siblings have published. What exists in Truepush must be listed after this."""
        self._entries = self._siblings.look()

    def begin(self, record: ChangeRecord) -> None:
        """Record a change that begins, and publish it if it deletes something. If this raises, it must not begin."""
        self.write(self._changes.dated(record), is_shared=bool(record.old_ids))

    def write(self, record: ChangeRecord, *, is_shared: bool = True) -> None:
        """Record a change and publish it.

        :param record: the change.
        :param is_shared: False for a change that deletes nothing; it is published when it is completed or fails.
        """
        self._records.write(record)
        self.own = record
        if record.done and any(other.is_about_same(record) for other in self._set_aside):
            self._save_aside([other for other in self._set_aside if not other.is_about_same(record)])
        if is_shared or self._siblings.has_published:
            self._publish()

    def forget(self) -> None:
        """Delete the record of a change that has changed nothing."""
        self._records.forget(self._action, self._kind)
        self.own = None
        if self._siblings.has_published:
            self._publish()

    def completed(self, name: str) -> list[ChangeRecord]:
        """Return the changes of an item that this map index and its siblings have completed, the newest first."""
        return self._changes.completed(self._item(name))

    def set_aside_other(self, name: str) -> None:
        """Set aside the record of another item, which this map index had before, so that this one can be changed."""
        if self.own is not None and not self.own.is_about_same(self._item(name)):
            others = [other for other in self._set_aside if not other.is_about_same(self.own)]
            self._save_aside([*others, self.own])
            self._records.forget(self._action, self._kind)
            self.own = None
            self._publish()

    def changes_of(self, name: str) -> list[ChangeRecord]:
        """Return every change of an item that is known, except what a sibling has begun and is still doing."""
        item, busy = self._item(name), self.busy(name)
        doing = [change for entry in self._entries if entry.map_index in busy for change in entry.changes]
        changes = [record for record in self._changes.all if record.is_about_same(item)]
        return [record for record in changes if record.done or record not in doing]

    def busy(self, name: str) -> list[int]:
        """Return the map indexes that are changing this item at the moment, because the feed has it twice."""
        item = self._item(name)
        holders = [
            entry.map_index
            for entry in self._entries
            if entry.name == item.name
            and not entry.has_ended
            and entry.clear_number == self._siblings.clear_number
            and any(not change.done and change.is_about_same(item) for change in entry.changes)
        ]
        states = self._siblings.states() if holders else {}
        return [index for index in holders if is_running(states.get(index))]

    def unpublished(self) -> list[int]:
        """Return the siblings that have started and not ended, may have had this item, and have published nothing.

        Airflow deletes an XCom only when a try starts, and a deletion is published before its request.
        """
        silent = self._silent() if self._has_moved() else {}
        return sorted(index for index, state in silent.items() if is_running(state))

    def open_changes(self, name: str) -> list[ChangeRecord] | None:
        """Return every change of an item that was begun and not completed; None when a sibling may know of another."""
        if self._silent():
            return None
        item = self._item(name)
        own = [] if self.own is None else [self.own]
        return own + [record for record in self._changes.open() if record.is_about_same(item)]

    def resolve(
        self,
        name: str,
        needs_proof: Callable[[frozenset[str], bool], bool],
        is_new: Callable[[], bool],
        list_again: Callable[[], None],
    ) -> None:
        """Make the own record the one that this try continues, which may be that of a sibling that had the item.

        :param name: of the item.
        :param needs_proof: whether something could go wrong if a sibling has deleted an inactive trigger of the name,
            given the ids that this Dag run has created in a completed change, and whether it has replaced anything.
        :param is_new: whether nothing of the name exists, so that it may be another item under a new name.
        :param list_again: lists what has the name, after a wait for a sibling.
        :raises AirflowException: when it is unknown what the siblings have changed.
        """
        self.set_aside_other(name)
        self.wait(lambda: self._doubt(name, needs_proof, is_new), list_again)
        found = self._changes.to_continue(self._item(name))
        if found is not None and found != self.own:
            self._take_over(found)
        elif found is None and self.own is not None and not self.own.done:
            self.forget()  # a sibling has completed it since

    def begun_for_others(self, name: str) -> list[ChangeRecord]:
        """Return what was begun for inactive items by this map index, or by one that the feed no longer has.

        :param name: of the item that this map index has now.
        """
        mine = [record for record in self._changes.open() if record == self.own or record in self._set_aside]
        lost = [record for record in self._lost(name) if record not in mine]
        states = self._siblings.states() if lost else {}
        removed = [entry for entry in self._entries if states.get(entry.map_index) == "removed"]
        begun = [*mine, *(record for record in lost if any(record in entry.changes for entry in removed))]
        item = self._item(name)
        is_other = [record for record in begun if record.inactive and not record.is_about_same(item)]
        return [record for record in is_other if self._records.is_same_project(record)]

    def check_set_aside(self) -> None:
        """Fail when this map index began to replace another item that must be inactive, and nobody has completed it.

        That item was in the feed at this place before. Another map index may have it now.
        """
        try:
            self.wait(self._not_completed)
        finally:
            for record in self._still_open():
                log.warning("%s Check in Truepush whether %r exists.", refusals.begun(record), record.name)

    def wait(self, doubt: Callable[[], AirflowException | None], list_again: Callable[[], None] | None = None) -> None:
        """Look at what the siblings publish until nothing is in doubt; see :meth:`.SiblingChanges.wait`."""
        self._siblings.wait(doubt, self.look, list_again)

    # --- what is known

    def _item(self, name: str) -> ChangeRecord:
        """Return a record to compare others with."""
        fingerprint = self._records.fingerprint
        return ChangeRecord(self._action, self._kind, self._records.project, name, (), fingerprint=fingerprint)

    @property
    def _changes(self) -> TaskChanges:
        own = [] if self.own is None else [self.own]
        published = (change for entry in self._entries for change in entry.changes)
        return TaskChanges([*own, *self._set_aside, *published])

    def _doubt(
        self, name: str, needs_proof: Callable[[frozenset[str], bool], bool], is_new: Callable[[], bool]
    ) -> AirflowException | None:
        """Return the error for what is unknown; one that cannot be retried when no sibling can still resolve it."""
        item, changes = self._item(name), self._changes
        if (found := changes.to_continue(item)) is not None:
            busy = self.busy(name) if found != self.own else []
            return refusals.is_busy(self._kind, name, busy[0]) if busy else None
        created = frozenset(record.new_id for record in changes.completed(item) if record.new_id)
        if self._has_moved() and needs_proof(created, changes.has_replaced) and (unknown := self._silent()):
            can_end = any(map(is_unfinished, unknown.values()))
            return refusals.is_unknown(self._kind, name, sorted(unknown), can_end=can_end)
        if is_new() and (lost := self._lost(name)):
            can_end = any(map(is_unfinished, self._siblings.states().values()))
            return refusals.may_be_renamed(self._kind, name, lost[0], can_end=can_end)
        return None

    def _not_completed(self) -> AirflowException | None:
        """Return the error for an inactive item that was set aside and that nobody has completed."""
        inactive = [record for record in self._still_open() if record.inactive]
        if not inactive:
            return None
        key = self._records.aside_key(self._action, self._kind)
        can_end = any(map(is_unfinished, self._siblings.states().values()))
        return refusals.not_completed(inactive[0], key, can_end=can_end)

    def _has_moved(self) -> bool:
        """Report whether an item may have been at another place before."""
        if self._siblings.was_cleared or self._set_aside:
            return True
        return any(change.name != entry.name for entry in self._entries for change in entry.changes)

    def _silent(self) -> dict[int, str | None]:
        """Return the states of the map indexes that may have begun something and have published nothing."""
        published = {entry.map_index for entry in self._entries}
        states = self._siblings.states().items()
        return {index: state for index, state in states if index not in published and is_silent(state)}

    def _lost(self, name: str) -> list[ChangeRecord]:
        """Return what was begun for inactive items that no map index has now, as far as they have published theirs."""
        item = self._item(name)
        open_ = [record for record in self._changes.open() if record.inactive and not record.is_about_same(item)]
        open_ = [record for record in open_ if self._records.is_same_project(record)]
        states = self._siblings.states() if open_ else {}
        present = [entry for entry in self._entries if states.get(entry.map_index) != "removed"]
        return [record for record in open_ if not any(entry.has_item_of(record) for entry in present)]

    # --- what is recorded

    def _take_over(self, record: ChangeRecord) -> None:
        log.warning(
            "%s began to change the %s %r, which this map index has now. Completing that change%s.",
            record.author,
            self._kind,
            record.name,
            ": the old one was inactive, so the new one will be" if record.inactive else "",
        )
        self.write(record)

    def _save_aside(self, records: list[ChangeRecord]) -> None:
        self._records.write_set_aside(self._action, self._kind, records)
        self._set_aside = records

    def _still_open(self) -> list[ChangeRecord]:
        """Return what was set aside and not completed by anyone. What a sibling has completed is forgotten."""
        open_ = [record for record in self._changes.open() if record in self._set_aside]
        kept = [record for record in self._set_aside if record.done or record in open_]
        if len(kept) < len(self._set_aside):
            self._save_aside(kept)
            self._publish()
        return open_

    def _publish(self, *, has_ended: bool = False) -> None:
        own = [] if self.own is None else [self.own]
        records = self._records
        self._siblings.publish(
            [*own, *self._set_aside], project=records.project, fingerprint=records.fingerprint, has_ended=has_ended
        )
