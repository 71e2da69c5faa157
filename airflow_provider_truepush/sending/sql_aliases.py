"""The aliases of a send in the ledger: other keys that lead to its record."""

from __future__ import annotations

import json

from airflow_provider_truepush.api.errors import TruepushSendStoreError
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.sql_rows import ALIAS, Rows
from airflow_provider_truepush.sending.sql_table import TABLE, SqlTable


class Aliases:
    """Writes aliases, and finds who else has one of them.

    :param table: the table.
    :param rows: its rows.
    """

    def __init__(self, table: SqlTable, rows: Rows) -> None:
        self._table = table
        self._rows = rows

    def point(self, alias: str, record: SendRecord) -> None:
        """Make an alias lead to a record. One that leads to another send of this map index is changed."""
        row = SendRecord(
            alias,
            record.content,
            "",
            (record.key,),
            ALIAS,
            record.author,
            record.made_at,
            record.deadline,
            settled=True,
        )
        if alias in self._rows.get([alias]):
            self._table.change(
                f"UPDATE {TABLE} SET content = ?, earlier = ?, author = ?, made_at = ? WHERE slot = ? AND attempt = ?",
                [row.content, json.dumps([record.key]), row.author, row.made_at, alias, ALIAS],
            )
            return
        try:
            self._rows.insert(row)
        except TruepushSendStoreError:
            if alias not in self._rows.get([alias]):  # another process did not write it either
                raise

    def others(self, aliases: list[str], record: SendRecord) -> list[str]:
        """Return the authors that have begun the same send under another key.

        That happens when one token is used through two connections to the same project.
        """
        found = self._rows.get(aliases)
        rows = [found[alias] for alias in aliases if alias in found and found[alias].attempt == ALIAS]
        return [row.author for row in rows if row.before != (record.key,) and self._rows.follow(row) is not None]
