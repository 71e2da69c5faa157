"""The send store in a table of any SQL connection of Airflow: the ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushSendStoreError
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.sql_aliases import Aliases
from airflow_provider_truepush.sending.sql_rows import ALIAS, VISIT, Rows, settled_column
from airflow_provider_truepush.sending.sql_table import TABLE, SqlTable
from airflow_provider_truepush.sending.sql_visits import Visits
from airflow_provider_truepush.sending.store import SendStore

__all__ = ["TABLE", "SqlSendStore"]
#: Seconds by which the clocks of two workers may differ.
_CLOCK_ERROR = 3600.0
#: For how long sends with a certain outcome are kept: longer than a year, for what is sent once a year.
KEEP_FOR = timedelta(days=400)


class SqlSendStore(SendStore):
    """Records sends in a table, which is created on first use. A record outlives its Dag run.

    The key is unique, so only one INSERT of an intent succeeds: that is the fence. A campaign's id is unique too, so
    no two sends are recorded with the same campaign. Rows of the kind ``alias`` lead to a send from a map index, and
    from a send token of a connection that was renamed or got another API token. The store deletes nothing by itself.
    Rows with an outcome may be deleted once nobody will clear their runs or use their tokens again, by :meth:`prune`
    or by ``DELETE FROM truepush_send_ledger WHERE settled > 0 AND deadline > 0 AND deadline < <400 days ago, in seconds
    since the epoch>``.

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
        self._rows = Rows(self._table)
        self._aliases = Aliases(self._table, self._rows)
        self._visits = Visits(self._table, self._rows)

    @override
    def close(self) -> None:
        self._table.close()

    @override
    def read(self) -> SendRecord | None:
        identity = self._bound()
        keys = [identity.key, identity.legacy_key, *self._token_keys(identity)]
        if identity.is_item:
            keys.append(identity.position_key)
        found = self._rows.get(keys)
        for key in keys:
            record = self._rows.follow(found.get(key))
            if record is not None and not (identity.is_item and not identity.is_message(record.content)):
                if identity.is_item and identity.position_key not in found:
                    self._aliases.point(identity.position_key, record)  # an equal item: this map index has it, too
                return record
        if (sibling := self._same_item(identity)) is not None:
            return sibling
        if self.unproven and not self._rows.get([identity.position_key, identity.legacy_key]):
            raise TruepushAmbiguousError(self.unproven)
        return None

    @staticmethod
    def _token_keys(identity: Identity) -> list[str]:
        """Return the further keys of a send with a token.

        An earlier try may have used a connection to the same project with another API token, or no send token.
        """
        if identity.send_token is None:
            return []
        plain = Identity(identity.task, identity.map_index, identity.conn_id)
        return [identity.place_key, *(identity.item_keys if identity.is_mapped else [plain.key, plain.legacy_key])]

    def _same_item(self, identity: Identity) -> SendRecord | None:
        """Return the record of this content by any try of this task in this Dag run.

        An earlier version recorded it under the map index. A record may also have a token that was removed since.
        """
        contents = [identity.content, *identity.legacy_contents]
        marks = ", ".join("?" * len(contents))
        for record in self._rows.where(f"content IN ({marks}) AND attempt <> ?", [*contents, ALIAS]):
            if not identity.is_author(record.author):
                continue
            if identity.send_token is None or record.key in identity.keys_without_token(record.author, record.conn_id):
                return record
        return None

    @override
    def read_position(self) -> SendRecord | None:
        identity = self._bound()
        keys = [identity.position_key, Identity(identity.task, identity.map_index, identity.conn_id).legacy_key]
        if identity.send_token is not None:
            keys.append(identity.key)
        found = self._rows.get(keys)
        for key in keys:
            if (record := self._rows.follow(found.get(key))) is not None:
                return record
        if self.unproven:
            raise TruepushAmbiguousError(self.unproven)
        return None

    @override
    def conflicting(self) -> SendRecord | None:
        identity = self._bound()
        if not identity.is_item:
            return None
        for row in self._rows.get([identity.position_key, identity.legacy_key]).values():
            record = self._rows.follow(row)
            if record is not None and not identity.is_message(record.content):
                return record
        return None

    @override
    def sent_in_run(self) -> list[SendRecord]:
        identity = self._bound()
        found = self._rows.where("author LIKE ? AND attempt NOT IN (?, ?)", [f"%{identity.task}%", ALIAS, VISIT])
        return [record for record in found if identity.is_author(record.author)]

    @override
    def sees_run(self) -> bool:
        return self._visits.sees_run(self._bound())

    @override
    def acquire(self, record: SendRecord) -> None:
        self._acquired = record
        identity = self._bound()
        aliases = identity.aliases(record.key)
        for alias in aliases:
            self._aliases.point(alias, record)
        failed: TruepushSendStoreError | None = None
        try:
            self._rows.insert(record)
        except TruepushSendStoreError as error:
            failed = error
        # The rows decide, not the answer: a commit can succeed although its answer is lost, and a database may not
        # enforce its keys. If two tries wrote, the one that reads last sees both rows.
        found = self._table.query(f"SELECT attempt, author FROM {TABLE} WHERE slot = ?", [record.key])
        others = [author for attempt, author in found if attempt != record.attempt]
        if not others:
            others = self._aliases.others(aliases, record)
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

    @override
    def commit(self, record: SendRecord) -> None:
        self._table.change(
            f"UPDATE {TABLE} SET settled = ?, campaign_id = ? WHERE slot = ? AND attempt = ?",
            [settled_column(record), record.campaign_id, record.key, record.attempt],
        )
        query = f"SELECT campaign_id FROM {TABLE} WHERE slot = ? AND attempt = ? AND settled > 0"
        kept = [row[0] for row in self._table.query(query, [record.key, record.attempt])]
        if kept != [record.campaign_id]:
            raise TruepushSendStoreError(
                f"{self} no longer has the intent of {record.author}, so the outcome was not recorded."
            )
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
        found = self._rows.where("campaign_id = ?", [campaign_id])
        if not found and self._acquired is not None:
            found = self._rows.where("attempt = ?", [self._acquired.attempt])
        return found

    def has_visited(self, identity: Identity) -> bool:
        """Report whether the first try of a task instance used this ledger."""
        return self._visits.has_visited(identity)

    def record_visit(self, identity: Identity, try_number: int = 1, *, first_of_run: bool = False) -> None:
        """Record that a try of a task instance uses this ledger: an absent record then proves that nothing was sent.

        :param identity: the task instance.
        :param try_number: of this try, from 1; the newest one is kept, in the place of the moment.
        :param first_of_run: whether nothing of the Dag run was cleared, so that no sibling was recorded elsewhere.
        """
        self._visits.record(identity, try_number, first_of_run=first_of_run)

    @override
    def is_current(self, record: SendRecord) -> bool:
        return super().is_current(record) and not self._visits.has_later()  # it may have another key

    @override
    def is_superseded(self) -> bool:
        return self._visits.is_superseded()

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
        # The new campaign may belong to a send that was open lately, or whose id Truepush did not return. Rows of all
        # connections count, because one project of Truepush may have several.
        query = (
            f"SELECT slot FROM {TABLE} WHERE title = ? AND slot <> ? "
            "AND (settled = 0 OR campaign_id IS NULL) AND deadline >= ?"
        )
        return bool(self._table.query(query, [record.title, record.key, record.made_at - _CLOCK_ERROR]))

    def prune(self, keep_for: timedelta = KEEP_FOR) -> None:
        """Delete the old records of sends that have an outcome. Open sends are never deleted.

        :param keep_for: the age from which a record is deleted.
        """
        oldest = time.time() - keep_for.total_seconds()
        self._table.change(f"DELETE FROM {TABLE} WHERE settled > 0 AND deadline > 0 AND deadline < ?", [oldest])

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
        delete = f"DELETE FROM {TABLE} WHERE attempt = '{ALIAS}' AND slot IN ({keys})"
        return f"run `{delete}` in {self._conn_id!r}, and clear the task"
