"""What the map indexes of one task publish for each other.

The items of a mapped task move when its feed is reordered, grown or shrunk between tries and clears, and Airflow's
task state store shows a map index only its own records. So each map index also publishes what it has sent, and which
item it has now, as an XCom that its siblings can read. A missing XCom proves nothing, because Airflow deletes it when
a task starts again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord, is_same_message
from airflow_provider_truepush.sending.sibling_view import SiblingSend, View, read_sends
from airflow_provider_truepush.task.map_indexes import MapIndexes

log = get_logger(__name__)

#: The XCom in which a map index publishes what it has sent.
XCOM_KEY = "truepush_sends"

#: States of a task that has started and not ended, of one whose last try has failed, and of one that will start.
_RUNNING = ("running", "deferred", "restarting")
_FAILED = ("failed", "up_for_retry")
_PENDING = (None, "none", "scheduled", "queued", "restarting")
#: Those of them that a deferred task never has when it comes back from its wait.
_RESET = (None, "none", "restarting")


class Siblings:
    """The other map indexes of a task in this Dag run.

    :param map_index: the own one; -1 for a task that is not mapped, which publishes nothing.
    :param clear_number: how often something of the Dag run was cleared; None when Airflow does not say.
    :param try_number: of this try, from 1.
    :param began: the earliest moment at which the Dag run may have begun; None when unknown.
    :param indexes: what all map indexes of the task show each other; None without XComs.
    """

    def __init__(
        self,
        map_index: int,
        *,
        clear_number: int | None,
        try_number: int,
        began: datetime | None,
        indexes: MapIndexes | None = None,
    ) -> None:
        self.map_index = map_index
        self.clear_number = clear_number
        self.try_number = try_number
        self.began = began
        #: The send of this try.
        self.identity: Identity | None = None
        self._indexes = indexes
        self._published: dict[str, dict[str, Any]] = {}
        #: Whether the siblings can read which item this map index has.
        self.has_published = False
        self._has_written = False

    @property
    def was_cleared(self) -> bool:
        """Report whether something of the Dag run was cleared. Where Airflow does not say, it may have been."""
        return self.clear_number != 0

    def announce(self) -> None:
        """Publish which item a retry has, before the store is read: its siblings still wait for what it has sent."""
        if self.try_number > 1 and not self.has_published:
            self._write(is_complete=False)

    def publish(self, records: Iterable[SendRecord]) -> None:
        """Publish what this map index has sent, or is about to send. This never fails the task."""
        for record in records:
            self._published[record.key] = {
                "key": record.key,
                "keys": self._keys(record),
                "content": record.content,
                "open": not record.settled,
                "campaign_id": record.campaign_id,
                "title": record.title,
                "cancelled": record.cancelled,
                "conn_id": record.conn_id,
                "project": record.project,
                **({} if record.settled else {"intent": record.shortened().as_dict()}),
            }
        self._write()

    def _keys(self, record: SendRecord) -> list[str]:
        """Return the keys of a record, whatever store it comes from."""
        own = [self.identity.key, self.identity.run_key] if self.identity is not None else []
        return list(dict.fromkeys([record.key, *(own if record.key in own else ())]))

    def withdraw(self, record: SendRecord) -> None:
        """Publish that this send did not happen."""
        if self._published.pop(record.key, None) is not None:
            self._write()

    def _write(self, *, is_complete: bool = True) -> None:
        if self._indexes is None or self.map_index < 0:
            return
        self.has_published = is_complete
        self._has_written = True
        try:
            self._indexes.publish(
                XCOM_KEY,
                {
                    "map_index": self.map_index,
                    "try": self.try_number,
                    "clear": self.clear_number,
                    "item": "" if self.identity is None else self.identity.content,
                    "complete": is_complete,
                    "sends": list(self._published.values()),
                },
            )
        except Exception as error:
            log.warning(
                "Could not publish the sends of map index %d to its siblings: %s. This send is not affected.",
                self.map_index,
                error,
            )

    def _restore(self, own: Mapping[str, Any] | None) -> None:
        """Publish again if a write of an earlier try, which was under way when this one began, has replaced it."""
        if own is not None and self._has_written and int(own.get("try") or 1) < self.try_number:
            self._write(is_complete=self.has_published)

    def look(self) -> View:
        """Return what the siblings have published, and which of them start again.

        Airflow marks a task as running before it deletes the XComs of its last try, so the XComs are read first.
        """
        entries = self._entries()
        self._restore(entries.pop(self.map_index, None))
        states = self._ask_states() if self.map_index >= 0 else {}
        sent = {index: read_sends(index, entry) for index, entry in entries.items()}
        complete = {index for index, entry in entries.items() if entry.get("complete", True)}
        unpublished = states.keys() - complete - {self.map_index}
        if states:
            again = self._starting_again(entries, {index for index, sends in sent.items() if sends}, states)
        else:
            # A new map index in a cleared run belongs to a feed that has grown, so its siblings were cleared as well.
            is_new = self.try_number <= 1 and bool(self.clear_number)
            again = {index for index, sends in sent.items() if sends and is_new and self._is_stale(entries[index])}
        return View(
            sends=tuple(send for sends in sent.values() for send in sends),
            items=tuple(
                (index, str(entry.get("item") or ""))
                for index, entry in entries.items()
                # What was published before the last clear, and not sent, may be the item of another index by now.
                if states.get(index, "") != "removed" and (sent[index] or not self._is_stale(entry))
            ),
            current=tuple(
                (index, str(entry.get("item") or ""))
                for index, entry in entries.items()
                if states.get(index, "") != "removed" and not self._is_stale(entry)
            ),
            gone=frozenset(
                index
                for index, entry in entries.items()
                if states.get(index, "") == "removed" or self._has_another(entry, sent[index])
            ),
            undecided=frozenset(entries.keys() - complete),
            silent=frozenset(index for index in unpublished if states[index] in _RUNNING),
            failed=frozenset(i for i in unpublished if self._is_doubtful(states[i], entries.get(i))),
            pending=frozenset(again),
            incomplete=frozenset(entries.keys() - complete if not states else ()),
            has_moved=any(
                entries[index].get("item") and not is_same_message(send.content, str(entries[index]["item"]))
                for index, sends in sent.items()
                for send in sends
            ),
            is_newer=any(int(entry.get("clear") or 0) > (self.clear_number or 0) for entry in entries.values()),
            was_restarted=bool(again)
            or any(sends and states.get(index, "") == "removed" for index, sends in sent.items())
            or any(int(entry.get("try") or 1) > 1 for entry in entries.values()),
        )

    def _starting_again(
        self, entries: Mapping[int, Mapping[str, Any]], senders: set[int], states: Mapping[int, str | None]
    ) -> set[int]:
        """Return which of those that have sent something start again, so that their item may be another one.

        A deferred task that comes back from its wait is scheduled and queued, too. A clear that Airflow has not counted
        takes all map indexes, so another one that is still in the try in which it has sent shows that there was none.
        """
        known = {index: states[index] for index in senders if states.get(index, "removed") != "removed"}
        stayed = any(
            state not in _PENDING and int(entries[index].get("try") or 1) == 1 for index, state in known.items()
        )
        pending = _RESET if stayed and self.clear_number == 0 else _PENDING
        return {index for index, state in known.items() if state in pending}

    def _is_doubtful(self, state: str | None, entry: Mapping[str, Any] | None) -> bool:
        """Report whether a sibling that does not run, and has not published its sends, may have sent this item.

        One without any XCom that waits to start may never have started, so it does not count.

        :param state: of the sibling.
        :param entry: what its retry published before it read its store; None for nothing.
        """
        if entry is None:
            return state in (*_FAILED, "success")
        if state in _PENDING:
            return True  # It may have been cleared, and have had another item then.
        item = str(entry.get("item") or "")
        is_alike = not item or self.identity is None or is_same_message(item, self.identity.content)
        return state in _FAILED and is_alike

    def _has_another(self, entry: Mapping[str, Any], sends: list[SiblingSend]) -> bool:
        """Report whether a sibling has, since the last clear, another item than those that it has sent."""
        item = str(entry.get("item") or "")
        is_decided = bool(item) and entry.get("complete", True) and not self._is_stale(entry)
        return is_decided and not any(send.is_open and is_same_message(send.content, item) for send in sends)

    def _is_stale(self, entry: Mapping[str, Any]) -> bool:
        return entry.get("clear") != self.clear_number

    def _entries(self) -> dict[int, Mapping[str, Any]]:
        if self._indexes is None:
            return {}
        try:
            entries = self._indexes.published(XCOM_KEY)
        except Exception as error:
            log.warning(
                "Could not read what other map indexes have sent: %s. They count as having published nothing.", error
            )
            return {}
        return {int(entry.get("map_index", -1)): entry for entry in entries}

    def _ask_states(self) -> dict[int, str | None]:
        if self._indexes is None:
            return {}
        try:
            return self._indexes.states()
        except Exception as error:
            log.warning(
                "Could not read the states of the other map indexes: %s. Only what they published counts.", error
            )
            return {}
