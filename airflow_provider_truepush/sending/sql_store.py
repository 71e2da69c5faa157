"""The send store in a table of any SQL connection of Airflow: the ledger."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.api.checks import object_id
from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushSendStoreError
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord, idempotency_key
from airflow_provider_truepush.sending.sql_table import TABLE, SqlTable
from airflow_provider_truepush.sending.store import SendStore

__all__ = ["TABLE", "SqlSendStore"]

#: In the column ``settled``, beside 0 for an intent and 1 for an outcome: an outcome that was canceled again.
_CANCELED = 2
#: Seconds by which the clocks of two workers may differ.
_CLOCK_ERROR = 3600.0
#: In the column ``attempt``: a row that only leads to the record of a send, and one that only says who was here.
_ALIAS, _VISIT = "alias", "visit"
#: For how long sends with a certain outcome are kept: longer than a year, for what is sent once a year.
KEEP_FOR = timedelta(days=400)

#: The column ``project``: the connection's id, and the fingerprint of its project.
_PROJECT = re.compile(r"(.*)#([0-9a-f]{32})", re.DOTALL)

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
    "project",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM {TABLE}"


class SqlSendStore(SendStore):
    """Records sends in a table, created on first use. Holds across Dag runs, and when Dag runs are deleted.

    The key is unique, so one INSERT of the intent succeeds: that is the fence. A campaign's id is unique too, so
    no two sends are recorded with the same campaign. Rows of the kind ``alias`` lead to a send from a map index, and
    from a send token of a connection that was renamed.

    :param hook: a ``DbApiHook``.
    :param conn_id: its connection, for messages.
    """

    sees_others = True

    def __init__(self, hook: Any, conn_id: str) -> None:
        super().__init__()
        #: Why an absent record proves nothing here; "" where it proves that nothing was sent.
        self.unproven = ""
        self._table = SqlTable(hook, conn_id)
        self._conn_id = conn_id
        #: Where the newest try is recorded, and the number of this one.
        self._visit: tuple[str, float] | None = None

    @override
    def close(self) -> None:
        self._table.close()

    @override
    def read(self) -> SendRecord | None:
        identity = self._bound()
        found = self._rows([identity.key, identity.legacy_key, *self._token_keys(identity)])
        for key in (identity.key, identity.legacy_key, *self._token_keys(identity)):
            record = self._follow(found.get(key))
            # Under the key of a map index, other content is another item.
            if record is not None and not (identity.is_item and record.content not in ("", identity.content)):
                return record
        if identity.is_mapped and (sibling := self._same_item(identity)) is not None:
            return sibling
        if self.unproven and self._position_is_empty(identity):
            raise TruepushAmbiguousError(self.unproven)
        return None

    @staticmethod
    def _token_keys(identity: Identity) -> list[str]:
        """Return the further keys of a send that got its token after it was begun without one."""
        if identity.send_token is None:
            return []
        plain = Identity(identity.task, identity.map_index, identity.conn_id)
        return [identity.item_key] if identity.is_mapped else [plain.key, plain.legacy_key]

    def _same_item(self, identity: Identity) -> SendRecord | None:
        """Return the record of this content by any try of this task in this Dag run.

        An earlier version recorded it under the map index, and a token that was removed since under the token.
        """
        rows = self._table.query(f"{_SELECT} WHERE content = ? AND attempt <> ?", [identity.content, _ALIAS])
        for record in map(_record, rows):
            if not identity.is_author(record.author):
                continue
            if identity.send_token is None or record.key in self._keys_without_token(identity, record):
                return record
        return None

    @staticmethod
    def _keys_without_token(identity: Identity, record: SendRecord) -> set[str]:
        index = record.author.rpartition(" [")[2].rstrip("]")
        return {
            idempotency_key(conn_id, f"{identity.task}/{index}") for conn_id in (identity.conn_id, record.conn_id)
        } | {identity.item_key}

    @override
    def read_position(self) -> SendRecord | None:
        identity = self._bound()
        keys = [identity.position_key, Identity(identity.task, identity.map_index, identity.conn_id).legacy_key]
        if identity.send_token is not None:
            keys.append(identity.key)
        found = self._rows(keys)
        for key in keys:
            if (record := self._follow(found.get(key))) is not None:
                return record
        if self.unproven:
            raise TruepushAmbiguousError(self.unproven)
        return None

    def _position_is_empty(self, identity: Identity) -> bool:
        return not self._rows([identity.position_key, identity.legacy_key])

    @override
    def conflicting(self) -> SendRecord | None:
        identity = self._bound()
        if not identity.is_item:
            return None
        found = self._rows([identity.position_key, identity.legacy_key])
        for key in (identity.position_key, identity.legacy_key):
            record = self._follow(found.get(key))
            if record is not None and record.content != identity.content:
                return record
        return None

    @override
    def sees_run(self) -> bool:
        """Report whether the siblings of a mapped task have been recorded here since its first try in this run."""
        identity = self._bound()
        first = Identity(identity.task, 0, identity.conn_id)
        # A version before recorded only that each map index was here.
        return bool(self._rows([_run_key(identity.task), _legacy_visit_key(first)]))

    @override
    def acquire(self, record: SendRecord) -> None:
        self._acquired = record
        identity = self._bound()
        aliases = self._aliases(identity, record.key)
        for alias in aliases:
            self._point(alias, record)
        failed: TruepushSendStoreError | None = None
        try:
            self._insert(record)
        except TruepushSendStoreError as error:
            failed = error
        # The rows decide, not the answer: a commit can succeed and its answer be lost, and a database may only
        # declare its keys. Of two that were written both are seen by whoever looks last.
        found = self._table.query(f"SELECT attempt, author FROM {TABLE} WHERE slot = ?", [record.key])
        others = [author for attempt, author in found if attempt != record.attempt]
        if not others:
            others = self._others_over(aliases, record)
        if others:
            raise TruepushSendStoreError(
                f"Another try ({others[0]}) has recorded its intent to send {record.title!r} in {self}. Nothing was "
                "sent by this try. Airflow may retry the task; the next try reads what the other one has done."
            ) from failed
        if len(found) != 1:
            raise failed or TruepushSendStoreError(
                f"{self} does not show the intent that was written to it. Nothing was sent. Check that the table can "
                "be written and read."
            )

    @staticmethod
    def _aliases(identity: Identity, key: str) -> list[str]:
        aliases = [identity.position_key] if identity.is_mapped else []
        if identity.send_token is not None:
            aliases.append(identity.legacy_key)
        return [alias for alias in aliases if alias != key]

    def _point(self, alias: str, record: SendRecord) -> None:
        """Have an alias lead to a record. One that leads to another send of this map index is moved."""
        row = SendRecord(
            alias,
            record.content,
            "",
            (record.key,),
            _ALIAS,
            record.author,
            record.made_at,
            record.deadline,
            settled=True,
        )
        if alias in self._rows([alias]):
            self._table.change(
                f"UPDATE {TABLE} SET content = ?, earlier = ?, author = ?, made_at = ? WHERE slot = ? AND attempt = ?",
                [row.content, json.dumps([record.key]), row.author, row.made_at, alias, _ALIAS],
            )
            return
        try:
            self._insert(row)
        except TruepushSendStoreError:
            if alias not in self._rows([alias]):  # nor written by another process
                raise

    def _others_over(self, aliases: list[str], record: SendRecord) -> list[str]:
        """Return who else has begun the same send under another key: one token, and a connection with two names."""
        found = self._rows(aliases)
        rows = [found[alias] for alias in aliases if alias in found and found[alias].attempt == _ALIAS]
        return [row.author for row in rows if row.before != (record.key,) and self._follow(row) is not None]

    @override
    def commit(self, record: SendRecord) -> None:
        self._table.change(
            f"UPDATE {TABLE} SET settled = ?, campaign_id = ? WHERE slot = ? AND attempt = ?",
            [_settled(record), record.campaign_id, record.key, record.attempt],
        )
        query = f"SELECT campaign_id FROM {TABLE} WHERE slot = ? AND attempt = ? AND settled > 0"
        kept = [row[0] for row in self._table.query(query, [record.key, record.attempt])]
        if kept != [record.campaign_id]:
            raise TruepushSendStoreError(f"{self} has no intent of {record.author} any more to record an outcome for.")
        if record.campaign_id is not None and self._claimed([record.campaign_id], record.key):
            raise TruepushSendStoreError(f"{self}: campaign {record.campaign_id} is recorded for another send as well.")

    @override
    def release(self, record: SendRecord) -> None:
        self._table.change(
            f"DELETE FROM {TABLE} WHERE slot = ? AND attempt = ? AND settled = 0", [record.key, record.attempt]
        )

    @override
    def record_cancellation(self, campaign_id: str) -> None:
        try:
            super().record_cancellation(campaign_id)
        finally:
            self.close()

    @override
    def _candidates(self, campaign_id: str) -> Sequence[SendRecord]:
        found = [_record(row) for row in self._table.query(f"{_SELECT} WHERE campaign_id = ?", [campaign_id])]
        if not found and self._acquired is not None:
            rows = self._table.query(f"{_SELECT} WHERE attempt = ?", [self._acquired.attempt])
            found = [_record(row) for row in rows]
        return found

    def has_visited(self, identity: Identity) -> bool:
        """Report whether the first try of a task instance has come here."""
        return bool(self._rows([_visit_key(identity), _legacy_visit_key(identity)]))

    def record_visit(self, identity: Identity, try_number: int = 1, *, first_of_run: bool = False) -> None:
        """Record that a try of a task instance has come here: an absent record proves that nothing was sent.

        :param identity: the task instance.
        :param try_number: of this try, from 1; the newest one is kept, in the place of the moment.
        :param first_of_run: whether nothing of this Dag run was cleared before, so that no sibling has been
            recorded elsewhere.
        """
        key, number = _visit_key(identity), float(try_number)
        legacy = _legacy_visit_key(identity)
        if legacy in self._rows([legacy]):
            key = legacy
        now = time.time()
        self._insert_once(SendRecord(key, "", "", (), _VISIT, identity.position, number, now, settled=True))
        self._table.change(f"UPDATE {TABLE} SET made_at = ? WHERE slot = ? AND made_at < ?", [number, key, number])
        self._visit = (key, number)
        if first_of_run and identity.is_mapped:
            key = _run_key(identity.task)
            self._insert_once(SendRecord(key, "", "", (), _VISIT, identity.task, now, now, settled=True))

    def _insert_once(self, row: SendRecord) -> None:
        try:
            if row.key not in self._rows([row.key]):
                self._insert(row)
        except TruepushSendStoreError:
            if row.key not in self._rows([row.key]):  # nor written by another process
                raise

    @override
    def is_superseded(self) -> bool:
        if self._visit is None:
            return True
        key, number = self._visit
        try:
            rows = self._table.query(f"SELECT made_at FROM {TABLE} WHERE slot = ?", [key])
        except TruepushSendStoreError:  # as in the task state store
            return True
        return not rows or float(rows[0][0]) > number

    @override
    def taken(self, campaign_ids: list[str]) -> set[str]:
        return self._claimed(campaign_ids, self.key)

    def _claimed(self, campaign_ids: list[str], key: str) -> set[str]:
        found: set[str] = set()
        for campaign_id in campaign_ids:
            query = f"SELECT campaign_id FROM {TABLE} WHERE campaign_id = ? AND slot <> ?"
            found |= {row[0] for row in self._table.query(query, [campaign_id, key])}
        return found

    @override
    def has_rivals(self, record: SendRecord) -> bool:
        # Open lately, or out under an id that Truepush did not return: the new campaign may be that one. In whatever
        # project: one project of Truepush's may have several connections.
        query = (
            f"SELECT slot FROM {TABLE} WHERE title = ? AND slot <> ? "
            "AND (settled = 0 OR campaign_id IS NULL) AND deadline >= ?"
        )
        return bool(self._table.query(query, [record.title, record.key, record.made_at - _CLOCK_ERROR]))

    def prune(self, keep_for: timedelta = KEEP_FOR) -> None:
        """Delete what is older than anything that can be sent again. What is open is never deleted.

        :param keep_for: since when a send must have its outcome.
        """
        oldest = time.time() - keep_for.total_seconds()
        self._table.change(f"DELETE FROM {TABLE} WHERE settled > 0 AND deadline > 0 AND deadline < ?", [oldest])

    def _rows(self, keys: Sequence[str]) -> dict[str, SendRecord]:
        """Return the rows of some keys. Two of one key exist only where the database does not enforce its keys."""
        keys = list(dict.fromkeys(keys))
        if not keys:
            return {}
        marks = ", ".join("?" * len(keys))
        # The one with an outcome comes last, and is the one that counts.
        rows = self._table.query(f"{_SELECT} WHERE slot IN ({marks}) ORDER BY settled", keys)
        return {row[0]: _record(row) for row in rows}

    def _follow(self, row: SendRecord | None) -> SendRecord | None:
        """Return the record of a send that a row is or leads to."""
        if row is None or row.attempt == _VISIT:
            return None
        return self._rows(row.before).get(row.before[0]) if row.attempt == _ALIAS else row

    def _insert(self, record: SendRecord) -> None:
        marks = ", ".join("?" * len(_COLUMNS))
        self._table.change(f"INSERT INTO {TABLE} ({', '.join(_COLUMNS)}) VALUES ({marks})", _values(record))

    def _bound(self) -> Identity:
        assert self.identity is not None
        return self.identity

    @override
    def __str__(self) -> str:
        return f"the ledger {TABLE} in {self._conn_id!r}, key {self.key[:16]}…"

    @override
    def how_to_adopt(self, record: SendRecord) -> str:
        update = f"UPDATE {TABLE} SET settled = 1, campaign_id = '…' WHERE slot = '{record.key}'"
        return f"run `{update}` with its id in {self._conn_id!r}, and clear the task"

    @override
    def how_to_forget(self, record: SendRecord) -> str:
        delete = f"DELETE FROM {TABLE} WHERE slot = '{record.key}'"
        return f"run `{delete}` in {self._conn_id!r}, and clear the task"

    @override
    def how_to_allow_another(self) -> str:
        keys = ", ".join(f"'{key}'" for key in (self._bound().position_key, self._bound().legacy_key))
        delete = f"DELETE FROM {TABLE} WHERE attempt = '{_ALIAS}' AND slot IN ({keys})"
        return f"run `{delete}` in {self._conn_id!r}, and clear the task"


def _visit_key(identity: Identity) -> str:
    return idempotency_key("visit", identity.position)


def _legacy_visit_key(identity: Identity) -> str:
    return idempotency_key(identity.conn_id, f"visit of {identity.position}")


def _run_key(task: str) -> str:
    return idempotency_key("run", task)


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
        # The column holds 250 characters, and a connection's id may have as many.
        f"{record.conn_id[:200]}#{record.project}" if record.project else record.conn_id,
    ]


def _settled(record: SendRecord) -> int:
    return _CANCELED if record.cancelled else int(record.settled)


def _record(row: Sequence[Any]) -> SendRecord:
    key, content, title, earlier, attempt, author, made_at, deadline, settled, campaign_id, project = row
    named = _PROJECT.fullmatch(str(project))
    conn_id, fingerprint = named.groups() if named else (str(project), "")
    return SendRecord(
        key,
        content,
        title,
        tuple(json.loads(earlier)),
        attempt,
        author,
        float(made_at),
        float(deadline),
        bool(settled),
        # Someone may have written it by hand.
        None if campaign_id is None else object_id("campaign_id in the ledger", str(campaign_id).strip()).lower(),
        settled == _CANCELED,
        conn_id,
        fingerprint,
    )
