"""The rows of the ledger: records of sends, aliases that lead to one, and visits of tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from airflow_provider_truepush.api.checks.values import object_id
from airflow_provider_truepush.api.errors import TruepushSendStoreError
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.sql_table import DETAILS, TABLE, SqlTable

#: In the column ``attempt``: a row that only leads to the record of a send, and one that only records a visit.
ALIAS, VISIT = "alias", "visit"
#: In the column ``settled``, beside 0 for an intent and 1 for an outcome: an outcome that the task canceled.
_CANCELED = 2
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


class Rows:
    """Reads and writes rows.

    :param table: the table.
    """

    def __init__(self, table: SqlTable) -> None:
        self._table = table

    def get(self, keys: Sequence[str]) -> dict[str, SendRecord]:
        """Return the rows of some keys. Two rows have one key only where the database does not enforce keys."""
        keys = list(dict.fromkeys(keys))
        if not keys:
            return {}
        marks = ", ".join("?" * len(keys))
        # The row with an outcome comes last, and replaces the other one.
        return {record.key: record for record in self.where(f"slot IN ({marks}) ORDER BY settled", keys)}

    def where(self, condition: str, values: Sequence[Any]) -> list[SendRecord]:
        """Return the rows that meet a condition."""
        return [_record(row) for row in self._table.query(f"{_SELECT} WHERE {condition}", values)]

    def follow(self, row: SendRecord | None) -> SendRecord | None:
        """Return the record of a send that a row is or leads to."""
        if row is None or row.attempt == VISIT:
            return None
        return self.get(row.before).get(row.before[0]) if row.attempt == ALIAS else row

    def insert(self, record: SendRecord) -> None:
        """Write a row. Its key must be new."""
        columns, values = list(_COLUMNS), _values(record)
        if self._table.has_details():
            columns.append(DETAILS)
            values.append(record.details or None)
        marks = ", ".join("?" * len(columns))
        self._table.change(f"INSERT INTO {TABLE} ({', '.join(columns)}) VALUES ({marks})", values)

    def insert_once(self, row: SendRecord) -> None:
        """Write a row unless there is one of its key."""
        try:
            if row.key not in self.get([row.key]):
                self.insert(row)
        except TruepushSendStoreError:
            if row.key not in self.get([row.key]):  # another process did not write it either
                raise


def settled_column(record: SendRecord) -> int:
    """Return the value of the column ``settled`` for a record."""
    return _CANCELED if record.cancelled else int(record.settled)


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
        settled_column(record),
        record.campaign_id,
        # The column holds 250 characters, and a connection's id may have as many.
        f"{record.conn_id[:200]}#{record.project}" if record.project else record.conn_id,
    ]


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
