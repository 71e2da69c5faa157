"""Where a send is written down: a table in any SQL connection of Airflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.api.checks import object_id
from airflow_provider_truepush.api.errors import (
    SendStoreError,
    TruepushAmbiguousError,
    TruepushError,
    TruepushValidationError,
)
from airflow_provider_truepush.sending.record import SendRecord, idempotency_key
from airflow_provider_truepush.sending.store import SendStore

TABLE = "truepush_send_ledger"

#: In the column ``settled``, beside 0 for an intent and 1 for an outcome: an outcome that was cancelled again.
_CANCELLED = 2
#: Seconds by which the clocks of two workers may differ.
_CLOCK_ERROR = 3600.0

_COLUMNS = (
    "slot",
    "content",
    "title",
    "earlier",
    "attempt",
    "author",
    "made_at",
    "deadline",
    "settled",
    "campaign_id",
)
_CREATE = f"""
CREATE TABLE {TABLE} (
    project VARCHAR(250) NOT NULL,
    slot VARCHAR(64) NOT NULL PRIMARY KEY,
    content VARCHAR(64) NOT NULL,
    title TEXT NOT NULL,
    earlier TEXT NOT NULL,
    attempt VARCHAR(64) NOT NULL,
    author TEXT NOT NULL,
    made_at DOUBLE PRECISION NOT NULL,
    deadline DOUBLE PRECISION NOT NULL,
    settled INTEGER NOT NULL,
    campaign_id VARCHAR(64) UNIQUE
)
"""


class SqlSendStore(SendStore):
    """Keeps the record in a table, made on first use. Holds across Dag runs, and when Dag runs are deleted.

    The key is unique, so one INSERT of the intent succeeds: that is the fence. A campaign's id is unique too, so
    no two sends settle on the same campaign.

    :param hook: a ``DbApiHook``.
    :param conn_id: its connection, for messages.
    :param project: a stable name of the Truepush project.
    :param slot: see :func:`~airflow_provider_truepush.sending.record.idempotency_key`.
    """

    sees_others = True

    def __init__(self, hook: Any, conn_id: str, project: str, slot: str) -> None:
        if not hasattr(hook, "get_conn") or not hasattr(hook, "placeholder"):
            raise TruepushValidationError(
                f"ledger_conn_id: {conn_id!r} is no SQL connection ({type(hook).__name__}). Nothing was sent."
            )
        super().__init__(slot)
        #: Why an empty place proves nothing here, for a person; "" where it does prove that nothing was sent.
        self.unproven = ""
        self._hook = hook
        self._conn_id = conn_id
        self._project = project
        self._ready = False
        #: Where the newest try is noted, and the number of this one.
        self._visit: tuple[str, float] | None = None

    @override
    def read(self) -> SendRecord | None:
        columns = ", ".join(_COLUMNS)
        # Two rows can stand only where the database does not enforce its keys. One with an outcome tells more.
        rows = self._query(f"SELECT {columns} FROM {TABLE} WHERE slot = ? ORDER BY settled DESC", [self.key])
        if not rows and self.unproven:
            raise TruepushAmbiguousError(self.unproven)
        return _record(rows[0]) if rows else None

    @override
    def acquire(self, record: SendRecord) -> None:
        failed: SendStoreError | None = None
        try:
            self._insert(record)
        except SendStoreError as error:
            failed = error
        # The rows decide, not the answer: a commit can succeed and its answer be lost, and a database may only
        # declare its keys. Of two that were written both are seen by whoever looks last.
        rows = self._query(f"SELECT attempt, author FROM {TABLE} WHERE slot = ?", [self.key])
        others = [author for attempt, author in rows if attempt != record.attempt]
        if others:
            raise SendStoreError(
                f"Another try ({others[0]}) has written its intent to send this. Nothing was sent by this one."
            ) from failed
        if len(rows) != 1:
            raise failed or SendStoreError(f"{self} does not show the intent that was written to it. Nothing was sent.")

    @override
    def commit(self, record: SendRecord) -> None:
        self._change(
            f"UPDATE {TABLE} SET settled = ?, campaign_id = ? WHERE slot = ? AND attempt = ?",
            [_settled(record), record.campaign_id, record.key, record.attempt],
        )
        query = f"SELECT campaign_id FROM {TABLE} WHERE slot = ? AND attempt = ? AND settled > 0"
        kept = [row[0] for row in self._query(query, [self.key, record.attempt])]
        if kept != [record.campaign_id]:
            raise SendStoreError(f"{self} has no intent of {record.author} any more to write an outcome to.")
        if record.campaign_id is not None and self.taken([record.campaign_id]):
            raise SendStoreError(f"{self}: campaign {record.campaign_id} is the outcome of another send as well.")

    def visited(self, task: str) -> bool:
        """Whether the first try of a task has come here.

        :param task: Dag, run, task and map index.
        """
        return bool(self._query(f"SELECT slot FROM {TABLE} WHERE slot = ?", [self._visit_of(task)]))

    def note_visit(self, task: str, try_number: int = 1) -> None:
        """Note that a try of a task has come here: an empty place proves from now on that nothing was sent.

        :param task: as above.
        :param try_number: of this try, from 1; the newest one is kept, in the place of the moment.
        """
        slot, number = self._visit_of(task), float(try_number)
        note = SendRecord(slot, "", "", (), "visit", task, made_at=number, deadline=0.0, settled=True)
        try:
            if not self.visited(task):
                self._insert(note)
        except SendStoreError:
            if not self.visited(task):  # nor written by another process
                raise
        self._change(f"UPDATE {TABLE} SET made_at = ? WHERE slot = ? AND made_at < ?", [number, slot, number])
        self._visit = (slot, number)

    @override
    def is_superseded(self) -> bool:
        if self._visit is None:
            return True
        slot, number = self._visit
        try:
            rows = self._query(f"SELECT made_at FROM {TABLE} WHERE slot = ?", [slot])
        except SendStoreError:  # as in the task state store
            return True
        return not rows or float(rows[0][0]) > number

    def _visit_of(self, task: str) -> str:
        return idempotency_key(self._project, f"visit of {task}")

    @override
    def release(self, record: SendRecord) -> None:
        self._change(
            f"DELETE FROM {TABLE} WHERE slot = ? AND attempt = ? AND settled = 0", [record.key, record.attempt]
        )

    @override
    def taken(self, campaign_ids: list[str]) -> set[str]:
        found: set[str] = set()
        for campaign_id in campaign_ids:
            query = f"SELECT campaign_id FROM {TABLE} WHERE campaign_id = ? AND slot <> ?"
            found |= {row[0] for row in self._query(query, [campaign_id, self.key])}
        return found

    @override
    def has_rivals(self, record: SendRecord) -> bool:
        # Open lately, or out under an id that Truepush did not tell: the new campaign may be that one. In whatever
        # project: one project of Truepush's may have several connections.
        query = (
            f"SELECT slot FROM {TABLE} WHERE title = ? AND slot <> ? "
            "AND (settled = 0 OR campaign_id IS NULL) AND deadline >= ?"
        )
        return bool(self._query(query, [record.title, record.key, record.made_at - _CLOCK_ERROR]))

    def _insert(self, record: SendRecord) -> None:
        marks = ", ".join("?" * (len(_COLUMNS) + 1))
        insert = f"INSERT INTO {TABLE} (project, {', '.join(_COLUMNS)}) VALUES ({marks})"
        self._change(insert, [self._project, *_values(record)])

    def _query(self, sql: str, values: Sequence[Any]) -> list[Sequence[Any]]:
        with self._cursor() as (_, cursor):
            cursor.execute(self._dialect(sql), tuple(values))
            return list(cursor.fetchall())

    def _change(self, sql: str, values: Sequence[Any]) -> None:
        with self._cursor() as (connection, cursor):
            cursor.execute(self._dialect(sql), tuple(values))
            connection.commit()

    def _dialect(self, sql: str) -> str:
        return sql.replace("?", self._hook.placeholder)

    @contextmanager
    def _cursor(self) -> Iterator[tuple[Any, Any]]:
        """A connection for one statement. Whatever goes wrong with it is one error, with the driver's words."""
        try:
            with closing(self._hook.get_conn()) as connection:
                if not self._ready:
                    self._create_table(connection)
                    self._ready = True
                with closing(connection.cursor()) as cursor:
                    yield connection, cursor
        except TruepushError:
            raise
        except Exception as error:
            said = " ".join(str(error).split())[:300]
            raise SendStoreError(f"Ledger {TABLE} in {self._conn_id!r}: {type(error).__name__}: {said}") from error

    def _create_table(self, connection: Any) -> None:
        if self._exists(connection):
            return
        with suppress(Exception):  # another task may be making it at this moment; whether it is there decides
            with closing(connection.cursor()) as cursor:
                cursor.execute(_CREATE)
            connection.commit()
        connection.rollback()  # where the table was made by another, this transaction can only be ended
        if not self._exists(connection):
            raise SendStoreError(
                f"Ledger {TABLE} cannot be made in {self._conn_id!r}; nothing was sent. Make it: {_CREATE}"
            )

    @staticmethod
    def _exists(connection: Any) -> bool:
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(f"SELECT slot FROM {TABLE} WHERE 1 = 0")
                cursor.fetchall()
        except Exception:  # each driver has its own class for it
            connection.rollback()
            return False
        return True

    @override
    def __str__(self) -> str:
        return f"the ledger {TABLE} in {self._conn_id!r}, slot {self.key[:16]}…"

    @override
    def how_to_adopt(self, record: SendRecord) -> str:
        update = f"UPDATE {TABLE} SET settled = 1, campaign_id = '…' WHERE slot = '{record.key}'"
        return f"run `{update}` with its id in {self._conn_id!r}, and clear the task"

    @override
    def how_to_forget(self, record: SendRecord) -> str:
        delete = f"DELETE FROM {TABLE} WHERE slot = '{record.key}'"
        return f"run `{delete}` in {self._conn_id!r}, or give the task another `send_token`, and clear it"


def _values(record: SendRecord) -> list[Any]:
    return [
        record.key,
        record.content,
        record.title,
        json.dumps(record.before),
        record.attempt,
        record.author,
        record.made_at,
        record.deadline,
        _settled(record),
        record.campaign_id,
    ]


def _settled(record: SendRecord) -> int:
    return _CANCELLED if record.cancelled else int(record.settled)


def _record(row: Sequence[Any]) -> SendRecord:
    slot, content, title, earlier, attempt, author, made_at, deadline, settled, campaign_id = row
    return SendRecord(
        slot,
        content,
        title,
        tuple(json.loads(earlier)),
        attempt,
        author,
        float(made_at),
        float(deadline),
        bool(settled),
        # A person may have written it.
        None if campaign_id is None else object_id("campaign_id in the ledger", str(campaign_id).strip()).lower(),
        settled == _CANCELLED,
    )
