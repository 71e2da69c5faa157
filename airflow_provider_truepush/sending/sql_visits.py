"""Record which tries use a ledger. If all tries of a task do, an absent record proves that nothing was sent."""

from __future__ import annotations

import time

from airflow_provider_truepush.api.errors import TruepushSendStoreError
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord, idempotency_key
from airflow_provider_truepush.sending.sql_rows import VISIT, Rows
from airflow_provider_truepush.sending.sql_table import TABLE, SqlTable


class Visits:
    """Records the visits of tries, and compares them.

    :param table: the table.
    :param rows: its rows.
    """

    def __init__(self, table: SqlTable, rows: Rows) -> None:
        self._table = table
        self._rows = rows
        #: Where the newest try is recorded, and the number of this one.
        self._own: tuple[str, float] | None = None

    def has_visited(self, identity: Identity) -> bool:
        """Report whether the first try of a task instance used this ledger."""
        return bool(self._rows.get([_visit_key(identity), _legacy_visit_key(identity)]))

    def record(self, identity: Identity, try_number: int, *, first_of_run: bool) -> None:
        """Record that a try of a task instance uses this ledger; see ``SqlSendStore.record_visit``."""
        key, number, now = _visit_key(identity), float(try_number), time.time()
        legacy = _legacy_visit_key(identity)
        if legacy in self._rows.get([legacy]):
            key = legacy
        self._rows.insert_once(SendRecord(key, "", "", (), VISIT, identity.position, number, now, settled=True))
        self._table.change(f"UPDATE {TABLE} SET made_at = ? WHERE slot = ? AND made_at < ?", [number, key, number])
        self._own = (key, number)
        if first_of_run and identity.is_mapped:
            run_key = _run_key(identity.task)
            self._rows.insert_once(SendRecord(run_key, "", "", (), VISIT, identity.task, now, now, settled=True))

    def sees_run(self, identity: Identity) -> bool:
        """Report whether the siblings of a mapped task have used this ledger since the first try in this run."""
        # An earlier version recorded a visit of each map index only.
        first = Identity(identity.task, 0, identity.conn_id)
        return bool(self._rows.get([_run_key(identity.task), _legacy_visit_key(first)]))

    def is_superseded(self) -> bool:
        """Report whether a later try uses this ledger, as far as is known."""
        try:
            return self._own is None or self.has_later()
        except TruepushSendStoreError:  # A task that cannot reach the ledger may have been superseded.
            return True

    def has_later(self) -> bool:
        """Report whether a later try uses this ledger. It reads the records after it has recorded its visit."""
        if self._own is None:
            return False
        key, number = self._own
        rows = self._table.query(f"SELECT made_at FROM {TABLE} WHERE slot = ?", [key])
        return bool(rows) and float(rows[0][0]) > number


def _visit_key(identity: Identity) -> str:
    return idempotency_key("visit", identity.position)


def _legacy_visit_key(identity: Identity) -> str:
    return idempotency_key(identity.conn_id, f"visit of {identity.position}")


def _run_key(task: str) -> str:
    return idempotency_key("run", task)
