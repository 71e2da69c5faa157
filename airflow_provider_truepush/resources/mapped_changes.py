"""Decide what a map index must know of the changes that its siblings have begun, before it changes something itself.

When a feed is reordered, an item comes to a map index that has no record of it. The record says, above all, whether a
Truepush trigger that was deleted had been inactive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

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

log = get_logger(__name__)

#: Seconds for which a map index waits for its siblings, and seconds between two looks.
WINDOW = 30.0
PAUSE = 1.0


class MappedChanges:
    """The change records of one map index and of its siblings, for one kind of change.

    :param records: the own ones.
    :param siblings: the other map indexes.
    :param action: ``create`` or ``delete``.
    :param kind: ``template``, ``trigger`` or ``segment``.
    """

    def __init__(self, records: ChangeRecords, siblings: SiblingChanges, action: Action, kind: str) -> None:
        self.records = records
        self._siblings = siblings
        self._action: Action = action
        self._kind = kind
        self._own: ChangeRecord | None = None
        #: Changes of other items that this map index has begun and not completed.
        self.set_aside: list[ChangeRecord] = []
        self._entries: tuple[Entry, ...] | None = None

    def announce(self) -> None:
        """At the start, publish what earlier tries have begun: Airflow has deleted their XCom, and siblings wait."""
        if self._siblings.is_later_try:
            self._own = self.records.read(self._action, self._kind)
            self.set_aside = self.records.read_set_aside(self._action, self._kind)
        if self._siblings.is_later_try or self._siblings.was_cleared:
            self._publish()

    def end(self) -> None:
        """Publish once more after an error, so that siblings know that this try has begun nothing else."""
        if self.records.is_superseded:
            return
        try:
            self._publish(has_ended=True)
        except Exception as error:  # the error that ends the task matters more
            log.warning("%s", error)

    def write(self, record: ChangeRecord, *, is_shared: bool = True) -> None:
        """Record a change and publish it. If this raises, the change must not begin.

        :param record: the change.
        :param is_shared: False for a change that deletes nothing; it is published only after an error.
        """
        self.records.write(record)
        self._own = record
        if record.done:
            self._forget_aside(record.name)
        if is_shared or self._siblings.has_published:
            self._publish()

    def forget(self) -> None:
        """Delete the record of a change that has changed nothing."""
        self.records.forget(self._action, self._kind)
        self._own = None
        if self._siblings.has_published:
            self._publish()

    def resolve(
        self, own: ChangeRecord | None, name: str, needs_proof: Callable[[frozenset[str]], bool], *, is_new: bool
    ) -> ChangeRecord | None:
        """Return the record that this try continues: the own one, or that of a sibling that had the item before.

        :param own: the own record.
        :param name: of the item.
        :param needs_proof: whether something could go wrong if a sibling has deleted an inactive trigger of the name,
            given the ids that this Dag run has created in a completed change.
        :param is_new: whether nothing of the name exists, so that it may be another item, renamed.
        :raises AirflowException: when it is unknown what the siblings have changed.
        """
        self._own = own
        if own is not None and not own.done and not self._is_item(own, name):
            self._put_aside(own)
            own = None
        end = self._siblings.clock() + WINDOW
        self._entries = self._known()
        while True:
            found = self._open(own, name)
            busy = self._busy(name) if found is not None and found is not own else []
            unknown: dict[int, str | None] = {}
            if found is None and self._has_moved(own, name) and needs_proof(self._created(own, name)):
                unknown = self._silent()
            lost = self._lost(name) if found is None and is_new else []
            if not busy and not unknown and not lost:
                break
            if self._siblings.clock() >= end:
                raise self._undecided(name, busy, unknown, lost)
            self._siblings.sleep(PAUSE)
            self._entries = self._siblings.look()
        if found is not None and found is not own:
            self._take_over(found)
        elif found is None and own is not None and not own.done:
            self.forget()  # a sibling has completed it since
            return None
        return found if found is not None else own

    def begun_for_others(self, own: ChangeRecord | None, name: str) -> list[ChangeRecord]:
        """Return what was begun for inactive items by this map index, or by one that the feed no longer has.

        :param own: the own record, if it is open.
        :param name: of the item that this map index has now.
        """
        self._entries = self._known()
        begun = self._uncompleted([*self.set_aside, *([] if own is None else [own])])
        lost = [record for record in self._lost(name) if record not in begun]
        states = self._siblings.states() if lost else {}
        removed = [entry for entry in self._entries if states.get(entry.map_index) == "removed"]
        begun += [record for record in lost if any(record in entry.changes for entry in removed)]
        is_other = [record for record in begun if record.inactive and record.name != name]
        return [record for record in is_other if self.records.is_same_project(record)]

    def check_set_aside(self) -> None:
        """Fail when this map index began to replace another item that must be inactive, and nobody has completed it.

        That item was in the feed at this place before. Another map index may have it now.
        """
        end = self._siblings.clock() + WINDOW
        while open_ := self._still_open():
            inactive = [record for record in open_ if record.inactive]
            can_end = any(map(is_unfinished, self._siblings.states().values())) if inactive else False
            if not can_end or self._siblings.clock() >= end:
                for record in open_:
                    log.warning("%s Check in Truepush whether %r exists.", refusals.begun(record), record.name)
                if inactive:
                    raise self._aside_error(inactive[0], can_end=can_end)
                return
            self._siblings.sleep(PAUSE)
            self._entries = self._siblings.look()

    # --- records of an item

    def _is_item(self, record: ChangeRecord, name: str) -> bool:
        is_change = (record.action, record.kind) == (self._action, self._kind)
        return is_change and record.name == name and self.records.is_same_project(record)

    def _known(self) -> tuple[Entry, ...]:
        return self._siblings.look() if self._entries is None else self._entries

    def _published(self) -> Iterable[ChangeRecord]:
        return (change for entry in self._known() for change in entry.changes)

    def _completed(self, own: ChangeRecord | None, name: str) -> list[ChangeRecord]:
        known = [*self._published(), *([] if own is None else [own])]
        return [record for record in known if record.done and self._is_item(record, name)]

    def _created(self, own: ChangeRecord | None, name: str) -> frozenset[str]:
        return frozenset(record.new_id for record in self._completed(own, name) if record.new_id)

    def _open(self, own: ChangeRecord | None, name: str) -> ChangeRecord | None:
        """Return the newest change of the item that was begun and not completed by anyone."""
        completed = max((record.made_at for record in self._completed(own, name)), default=float("-inf"))
        known = [*([] if own is None else [own]), *self.set_aside, *self._published()]
        open_ = [
            record for record in known if not record.done and self._is_item(record, name) and record.made_at > completed
        ]
        if not open_:
            return None
        newest = max(open_, key=lambda record: record.made_at)
        must_be_inactive = any(record.inactive for record in open_)
        return newest if newest.inactive == must_be_inactive else replace(newest, inactive=True)

    def _busy(self, name: str) -> list[int]:
        """Return the map indexes that are changing this item at the moment, because the feed has it twice."""
        holders = [
            entry.map_index
            for entry in self._known()
            if entry.name == name
            and not entry.has_ended
            and entry.clear_number == self._siblings.clear_number
            and any(not change.done and self._is_item(change, name) for change in entry.changes)
        ]
        states = self._siblings.states() if holders else {}
        return [index for index in holders if is_running(states.get(index))]

    def _has_moved(self, own: ChangeRecord | None, name: str) -> bool:
        """Report whether an item may have been at another place before."""
        if self._siblings.was_cleared or self.set_aside or (own is not None and own.name != name):
            return True
        return any(change.name != entry.name for entry in self._known() for change in entry.changes)

    def _silent(self) -> dict[int, str | None]:
        """Return the states of the map indexes that may have begun something and have published nothing."""
        published = {entry.map_index for entry in self._known()}
        return {
            index: state
            for index, state in self._siblings.states().items()
            if index not in published and is_silent(state)
        }

    def _lost(self, name: str) -> list[ChangeRecord]:
        """Return what was begun for inactive items that no map index has now, as far as they have published theirs."""
        open_ = self._uncompleted([*self.set_aside, *self._published()])
        open_ = [record for record in open_ if record.inactive and record.name != name]
        if not open_:
            return []
        states = self._siblings.states()
        present = {entry.name for entry in self._known() if states.get(entry.map_index) != "removed"}
        return [record for record in open_ if record.name not in present]

    def _uncompleted(self, records: Iterable[ChangeRecord]) -> list[ChangeRecord]:
        completed = [record for record in self._published() if record.done]
        return [
            record
            for record in records
            if not record.done
            and not any(
                done.name == record.name and _is_same_project(done, record) and done.made_at >= record.made_at
                for done in completed
            )
        ]

    def _take_over(self, record: ChangeRecord) -> None:
        log.warning(
            "%s began to change the %s %r, which this map index has now. Completing that change%s.",
            record.author,
            self._kind,
            record.name,
            ": the old one was inactive, so the new one will be" if record.inactive else "",
        )
        self.write(record)

    # --- what was begun for other items

    def _put_aside(self, record: ChangeRecord) -> None:
        """Keep the record of another item, so that this one can be changed."""
        others = [other for other in self.set_aside if (other.name, other.project) != (record.name, record.project)]
        self._save_aside([*others, record])
        self.records.forget(self._action, self._kind)
        self._own = None
        self._publish()

    def _forget_aside(self, name: str) -> None:
        if any(self._is_item(record, name) for record in self.set_aside):
            self._save_aside([record for record in self.set_aside if not self._is_item(record, name)])

    def _save_aside(self, records: list[ChangeRecord]) -> None:
        self.records.write_set_aside(self._action, self._kind, records)
        self.set_aside = records

    def _still_open(self) -> list[ChangeRecord]:
        """Return what was set aside and not completed by a sibling; the rest is forgotten."""
        open_ = self._uncompleted(self.set_aside)
        if len(open_) < len(self.set_aside):
            self._save_aside(open_)
            self._publish()
        return open_

    def _publish(self, *, has_ended: bool = False) -> None:
        own = [] if self._own is None else [self._own]
        self._siblings.publish([*own, *self.set_aside], has_ended=has_ended)

    # --- errors

    def _undecided(
        self, name: str, busy: list[int], unknown: dict[int, str | None], lost: list[ChangeRecord]
    ) -> AirflowException:
        if busy:
            return refusals.is_busy(self._kind, name, busy[0])
        if unknown:
            can_end = any(map(is_unfinished, unknown.values()))
            return refusals.is_unknown(self._kind, name, sorted(unknown), can_end=can_end)
        can_end = any(map(is_unfinished, self._siblings.states().values()))
        return refusals.may_be_renamed(self._kind, name, lost[0], can_end=can_end)

    def _aside_error(self, record: ChangeRecord, *, can_end: bool) -> AirflowException:
        key = self.records.aside_key(self._action, self._kind)
        return refusals.not_completed(record, key, can_end=can_end)


def _is_same_project(one: ChangeRecord, other: ChangeRecord) -> bool:
    return one.project == other.project or bool(one.fingerprint and one.fingerprint == other.fingerprint)
