"""Snowflake: each batch is one transaction; a large batch is loaded from a file."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.export.sql import merge_text
from airflow_provider_truepush.export.sql.engine import Row
from airflow_provider_truepush.export.sql.merge import MergeEngine, as_object
from airflow_provider_truepush.export.sql.merge_dialects import SNOWFLAKE
from airflow_provider_truepush.export.sql.tables import Tables

#: Batches with more rows are loaded from a file, which is then faster than a statement with JSON.
BULK_FROM = 2000


class SnowflakeEngine(MergeEngine):
    """Send small batches as JSON in the text of the MERGE; load large ones by PUT and COPY INTO a temporary table.

    The file is in the stage of that table and is dropped with it, so a killed worker leaves nothing behind.

    :param hook: a ``SnowflakeHook``.
    """

    row_budget = 10_000

    def __init__(self, hook: Any) -> None:
        super().__init__(hook, SNOWFLAKE)

    @override
    def _lock(self, cursor: Any, tables: Tables) -> None:
        # A CREATE statement would commit the transaction, so the stage is created before.
        cursor.execute("BEGIN TRANSACTION")
        cursor.execute(merge_text.locking(self.name_of(tables.lock), self.quote))

    @override
    def _staged(self, cursor: Any, rows: Sequence[Row]) -> Generator[tuple[Any, ...]]:
        if len(rows) <= BULK_FROM:
            self.described = SNOWFLAKE
            yield from super()._staged(cursor, rows)
            return
        self.described = replace(SNOWFLAKE, staging="variant")
        stage = self.described.stage
        cursor.execute(f"CREATE OR REPLACE TEMPORARY TABLE {stage} (j VARIANT)")
        with tempfile.TemporaryDirectory(prefix="truepush-") as folder:
            path = Path(folder) / "batch.json.gz"
            with gzip.open(path, "wt", encoding="utf-8", compresslevel=1) as file:
                file.writelines(f"{as_object(row)}\n" for row in rows)
            cursor.execute(f"PUT 'file://{path}' @%{stage} AUTO_COMPRESS = FALSE SOURCE_COMPRESSION = GZIP")
        cursor.execute(f"COPY INTO {stage} FROM @%{stage} FILE_FORMAT = (TYPE = JSON) PURGE = TRUE")
        yield ()
