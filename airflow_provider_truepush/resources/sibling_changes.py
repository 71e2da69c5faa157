"""What the map indexes of one task publish for each other about the changes that they have begun.

The items of a mapped task move when its feed is reordered, grown or shrunk between tries and clears, and Airflow's
task state store shows a map index only its own records. So a map index publishes its records as an XCom that its
siblings can read. Airflow deletes the XComs of a task that starts again; such a task publishes its records again
before anything else. Until then a missing XCom proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_truepush.api.checks.cut import error_text
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.resources.change_record import ChangeRecord
from airflow_provider_truepush.task.map_indexes import MapIndexes

#: The XCom in which a map index publishes its change records.
XCOM_KEY = "truepush_changes"
#: Seconds for which a map index waits for its siblings, and seconds between two looks.
WINDOW = 30.0
PAUSE = 1.0

#: States of a task that has started and not ended.
_RUNNING = ("running", "deferred", "restarting")
#: States of a task that may still complete what it has begun.
_UNFINISHED = (*_RUNNING, None, "none", "scheduled", "queued", "up_for_retry", "up_for_reschedule")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a map index has published.

    :param map_index: the map index.
    :param name: of the item that it has now.
    :param clear_number: how often the run had been cleared when it was published; None if unknown.
    :param has_ended: whether the try that published it has ended.
    :param changes: the changes that it has begun or completed.
    :param project: id of the connection; empty when an earlier version has published it.
    :param fingerprint: of the project; empty when unknown.
    """

    map_index: int
    name: str
    clear_number: int | None
    has_ended: bool
    changes: tuple[ChangeRecord, ...]
    project: str = ""
    fingerprint: str = ""

    def has_item_of(self, record: ChangeRecord) -> bool:
        """Report whether the map index has the item that a record is about."""
        return self.name == record.name and (not self.project or record.is_in(self.project, self.fingerprint))


class SiblingChanges:
    """The other map indexes of a task in this Dag run.

    :param map_index: the own one.
    :param name: of the own item.
    :param try_number: of this try, from 1.
    :param clear_number: how often something of the Dag run was cleared; None when Airflow does not say.
    :param indexes: what all map indexes of the task show each other.
    :param sleep: waits between two looks.
    :param clock: seconds that never go back.
    """

    def __init__(
        self,
        map_index: int,
        name: str,
        *,
        try_number: int,
        clear_number: int | None,
        indexes: MapIndexes,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.map_index = map_index
        self.try_number = try_number
        self.clear_number = clear_number
        self._sleep = sleep
        self._clock = clock
        self._name = name
        self._indexes = indexes
        self.has_published = False
        self._entry: dict[str, Any] | None = None

    @property
    def is_later_try(self) -> bool:
        """Report whether an earlier try of this map index may have begun something."""
        return self.try_number > 1

    @property
    def was_cleared(self) -> bool:
        """Report whether the feed may have moved. Where Airflow does not count clears, any later try may be one."""
        return self.clear_number > 0 if self.clear_number is not None else self.is_later_try

    def publish(
        self, changes: Iterable[ChangeRecord], *, project: str, fingerprint: str, has_ended: bool = False
    ) -> None:
        """Publish all records of this map index, and its project. If this raises, no change may begin."""
        entry = {
            "map_index": self.map_index,
            "try": self.try_number,
            "clear": self.clear_number,
            "name": self._name,
            "project": project,
            "fingerprint": fingerprint,
            "ended": has_ended,
            "changes": [change.as_dict() for change in changes],
        }
        self._write(entry)
        self._entry = entry
        self.has_published = True

    def look(self) -> tuple[Entry, ...]:
        """Return what the other map indexes have published."""
        try:
            entries = self._indexes.published(XCOM_KEY)
        except Exception as error:
            raise _airflow_error("read", error) from error
        read = [_read(entry) for entry in entries]
        own = [entry for entry, known in zip(entries, read, strict=True) if known.map_index == self.map_index]
        if self._entry is not None and any(int(entry.get("try") or 1) < self.try_number for entry in own):
            # A write of an earlier try was under way when this one began, and has replaced what this one published.
            self._write(self._entry)
        return tuple(entry for entry in read if entry.map_index != self.map_index)

    def wait(
        self,
        doubt: Callable[[], AirflowException | None],
        look: Callable[[], None],
        list_again: Callable[[], None] | None = None,
    ) -> None:
        """Wait until nothing is in doubt, for at most :data:`WINDOW` seconds.

        :param doubt: returns the error for what is unknown, which is an ``AirflowFailException`` when no sibling can
            resolve it; None when nothing is unknown.
        :param look: reads what the siblings have published; called before each further question.
        :param list_again: lists what exists in Truepush. After a wait, nothing counts as known before that.
        :raises AirflowException: the doubt remains.
        """
        end = self._clock() + WINDOW
        is_listed = True
        while (error := doubt()) is not None or not is_listed:
            if error is None:
                assert list_again is not None
                list_again()
                is_listed = True
                continue
            if isinstance(error, AirflowFailException) or self._clock() >= end:
                raise error
            self._sleep(PAUSE)
            look()
            is_listed = list_again is None

    def _write(self, entry: Mapping[str, Any]) -> None:
        try:
            self._indexes.publish(XCOM_KEY, entry)
        except Exception as error:
            raise _airflow_error("write", error) from error

    def states(self) -> dict[int, str | None]:
        """Return the states of the other map indexes; empty where Airflow does not say."""
        try:
            states = self._indexes.states()
        except Exception as error:
            raise _airflow_error("read the states beside", error) from error
        return {index: state for index, state in states.items() if index != self.map_index}


def is_running(state: str | None) -> bool:
    """Report whether a task has started and not ended."""
    return state in _RUNNING


def is_unfinished(state: str | None) -> bool:
    """Report whether a task may still complete what it has begun."""
    return state in _UNFINISHED


def is_silent(state: str | None) -> bool:
    """Report whether a task of this state may have begun a change and not published it, if it has no XCom.

    A try that ends before it publishes leaves none, whatever state the task gets after that. One that has succeeded
    has completed its change.
    """
    return state != "success"


def _read(entry: Mapping[str, Any]) -> Entry:
    cleared = entry.get("clear")
    try:
        return Entry(
            int(entry.get("map_index", -1)),
            str(entry.get("name") or ""),
            cleared if isinstance(cleared, int) else None,
            bool(entry.get("ended")),
            tuple(ChangeRecord.from_dict(change) for change in entry.get("changes") or ()),
            str(entry.get("project") or ""),
            str(entry.get("fingerprint") or ""),
        )
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise TruepushError(
            f"The XCom {XCOM_KEY} of another map index of this task cannot be read ({error!r}). It is unknown what "
            "that map index has changed, so nothing was changed by this try. Check its triggers and templates in "
            "Truepush, delete the XCom and clear this task."
        ) from error


def _airflow_error(verb: str, error: Exception) -> TruepushError:
    return TruepushError(
        f"Could not {verb} the XCom {XCOM_KEY} in Airflow: {error_text(error, 300) or type(error).__name__} "
        "The map indexes of this task share there what they have begun to change. No change to Truepush was begun "
        "after this. Retry the task; if this continues, check the connection between the worker and the API server."
    )
