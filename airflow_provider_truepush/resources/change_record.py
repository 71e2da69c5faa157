"""A record of a change that takes several requests, written before the first one.

A task can end between two requests: by a timeout, a signal, or with its worker. The next try reads the record and
finishes the change. Above all it knows whether a trigger that was replaced had been inactive.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_truepush.api.checks.cut import error_text
from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.task.state import TaskState, Verb

Action = Literal["create", "delete"]
#: The clocks of Airflow and Truepush may differ by this much.
CLOCK_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """The facts about a change that a later try needs.

    :param action: ``create`` (a replacement too) or ``delete``.
    :param kind: ``template``, ``trigger`` or ``segment``.
    :param project: id of the connection.
    :param name: name of what is created or deleted; its id when it has been deleted by id.
    :param old_ids: ids that had the name before the change began.
    :param inactive: True when the new trigger must be inactive, because the old one was.
    :param content: hash of what is created; empty for a deletion.
    :param made_at: when the record was written, in seconds since the epoch.
    :param author: the try that wrote it, in words.
    :param run_began: start of the Dag run; it moves when a finished run is cleared.
    :param done: True when the change is complete.
    :param new_id: id of what was created; None when it is unknown.
    :param fingerprint: of the project, which does not depend on the name of the connection; empty when unknown.
    :param clear_number: how often the Dag run had been cleared when the change began.
    :param sent_at: when the last create may have been sent; 0 when none can have been carried out, None when unknown.
    """

    action: Action
    kind: str
    project: str
    name: str
    old_ids: tuple[str, ...]
    inactive: bool = False
    content: str = ""
    made_at: float = 0.0
    author: str = ""
    run_began: str = ""
    done: bool = False
    new_id: str | None = None
    fingerprint: str = ""
    clear_number: int = 0
    sent_at: float | None = None

    @property
    def order(self) -> tuple[int, float]:
        """Return a key that sorts the changes of an item. Clocks of workers differ, so a clear counts first."""
        return self.clear_number, self.made_at

    def is_in(self, project: str, fingerprint: str) -> bool:
        """Return whether this is about a project, given by the id of its connection and its fingerprint."""
        return self.project == project or bool(self.fingerprint and self.fingerprint == fingerprint)

    def is_about_same(self, other: ChangeRecord) -> bool:
        """Return whether both are changes of one item."""
        change = (self.action, self.kind, self.name)
        return change == (other.action, other.kind, other.name) and self.is_in(other.project, other.fingerprint)

    def may_have_created(self, row_id: str, *, if_unknown: bool | None = None) -> bool:
        """Return whether this change may have created something, judged by the time when it may have sent its creates.

        :param row_id: the id, which says when it was created.
        :param if_unknown: the answer for a record without that time, which an earlier version wrote; None to take the
            time at which the record was written.
        """
        if self.sent_at == 0:
            return False
        if self.sent_at is None and if_unknown is not None:
            return if_unknown
        at = created_at(row_id)
        first, last = self.made_at, self.made_at if self.sent_at is None else self.sent_at
        return at is None or _moment(first) - CLOCK_SKEW <= at <= _moment(last) + CLOCK_SKEW

    def completed(self, new_id: str | None) -> ChangeRecord:
        """Return the record of the completed change."""
        return replace(self, done=True, new_id=new_id)

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON primitives."""
        return {**asdict(self), "old_ids": list(self.old_ids)}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> ChangeRecord:
        """Read the record; keys of later versions are ignored."""
        values = {field.name: given[field.name] for field in fields(cls) if field.name in given}
        return cls(**{**values, "old_ids": tuple(given["old_ids"])})


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def content_hash(payload: Mapping[str, Any]) -> str:
    """Return a hash of a request's body that does not depend on the order of its fields."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


class ChangeRecords:
    """The records of one task instance, in the task state store of Airflow 3.3 and later.

    A superseded try reads nothing there and its writes fail, so it begins no change.

    :param store: ``context["task_state_store"]``; None where Airflow has none. Then nothing is recorded.
    :param project: id of the connection.
    :param try_number: number of this try, from 1.
    :param author: this try, in words.
    :param run_began: start of the Dag run.
    :param has_moved: whether another map index may have had the item of this one in an earlier try.
    :param began: the earliest moment at which the Dag run may have begun; a clear does not move it. None when unknown.
    :param clear_number: how often something of the Dag run was cleared; 0 when unknown.
    """

    def __init__(
        self,
        store: Any,
        project: str,
        *,
        try_number: int = 1,
        author: str = "",
        run_began: str = "",
        has_moved: bool = False,
        began: datetime | None = None,
        clear_number: int = 0,
    ) -> None:
        self._state = None if store is None else TaskState(store, _store_error)
        self.project = project
        self.try_number = try_number
        self.author = author
        self.run_began = run_began
        self.began = began
        self._clear_number = clear_number
        self._has_moved = has_moved
        #: Of the project, once the connection has been read.
        self.fingerprint = ""
        #: Whether a write has failed, as it does when Airflow has started another try of the task.
        self.is_superseded = False

    @property
    def are_kept(self) -> bool:
        """Return whether a later try can read what is recorded."""
        return self._state is not None

    @property
    def is_blind(self) -> bool:
        """Return whether an earlier try may have begun a change that nothing recorded."""
        return self._state is None and (self.try_number > 1 or self._has_moved)

    def is_same_project(self, record: ChangeRecord) -> bool:
        """Return whether a record is about the project of this try."""
        return record.is_in(self.project, self.fingerprint)

    def new(self, action: Action, kind: str, name: str, old_ids: tuple[str, ...], **more: Any) -> ChangeRecord:
        """Return a record of this try, not yet written."""
        now = time.time()
        return ChangeRecord(
            action,
            kind,
            self.project,
            name,
            old_ids,
            made_at=now,
            author=self.author,
            run_began=self.run_began,
            fingerprint=self.fingerprint,
            clear_number=self._clear_number,
            sent_at=now,
            **more,
        )

    def read(self, action: Action, kind: str) -> ChangeRecord | None:
        """Return the record of an earlier try; None when there is no record."""
        key = _key(action, kind)
        stored = self._get(key)
        return None if stored is None else _read(key, kind, stored)

    def write(self, record: ChangeRecord) -> None:
        """Write a record. If this raises, the change must not begin."""
        self._set(_key(record.action, record.kind), record.as_dict())

    def forget(self, action: Action, kind: str) -> None:
        """Delete a record."""
        self._delete(_key(action, kind))

    def check_current(self, action: Action, kind: str) -> None:
        """Fail when Airflow has started another try of the task: only a write shows that."""
        self._set(f"{_key(action, kind)}_try", self.try_number)

    def read_set_aside(self, action: Action, kind: str) -> list[ChangeRecord]:
        """Return the records of a map index about items that it no longer has."""
        key = self.aside_key(action, kind)
        stored = self._get(key)
        if not isinstance(stored, list | None):
            raise _unreadable(key, kind, TypeError("not a list"))
        return [_read(key, kind, one) for one in stored or ()]

    def write_set_aside(self, action: Action, kind: str, records: list[ChangeRecord]) -> None:
        """Write the records of a map index about items that it no longer has."""
        key = self.aside_key(action, kind)
        if records:
            self._set(key, [record.as_dict() for record in records])
        else:
            self._delete(key)

    @staticmethod
    def aside_key(action: Action, kind: str) -> str:
        """Return the state key of the records about items that a map index no longer has."""
        return f"{_key(action, kind)}_set_aside"

    def _get(self, key: str) -> Any:
        return None if self._state is None else self._state.get(key)

    def _set(self, key: str, value: Any) -> None:
        if self._state is not None:
            with self._may_be_superseded():
                self._state.set(key, value)

    def _delete(self, key: str) -> None:
        if self._state is not None:
            with self._may_be_superseded():
                self._state.delete(key)

    @contextmanager
    def _may_be_superseded(self) -> Iterator[None]:
        try:
            yield
        except TruepushError:
            self.is_superseded = True
            raise


def _read(key: str, kind: str, stored: Any) -> ChangeRecord:
    try:
        return ChangeRecord.from_dict(stored)
    except (TypeError, KeyError, AttributeError) as error:
        raise _unreadable(key, kind, error) from error


def _unreadable(key: str, kind: str, error: Exception) -> TruepushError:
    return TruepushError(
        f"The task's state key {key} holds a record that cannot be read ({error!r}). "
        f"It is unknown how far an earlier try changed the {kind}, so nothing was changed. "
        "Check it in Truepush, then delete the state key and clear the task."
    )


def _key(action: Action, kind: str) -> str:
    return f"truepush_{action}_{kind}"


def _store_error(verb: Verb, key: str, error: Exception) -> TruepushError:
    return TruepushError(
        f"Could not {verb} the task's state key {key} in Airflow: {error_text(error, 300) or type(error).__name__} "
        "No change to Truepush was begun after this. "
        "Retry the task; if this continues, check the connection between the worker and the API server."
    )
