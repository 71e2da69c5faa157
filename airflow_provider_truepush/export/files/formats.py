"""The formats: rows become chunks, and chunks a file. No Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.export.rows import ExportRun, StatsRow

#: Some rows in the form in which a format writes them.
Chunk = Any


class Writer(Protocol):
    """A file that is being written, on the worker's disk."""

    def append(self, chunk: Chunk) -> None:
        """Add rows."""

    def close(self) -> None:
        """Complete the file."""


class Format(Protocol):
    """A format of files, and of the parts that become one."""

    #: Of the file, without a dot in front.
    extension: str

    def encode(self, rows: Sequence[StatsRow]) -> Chunk:
        """Return rows of this run as a chunk."""

    def writer(self, path: Path) -> Writer:
        """Begin a file."""

    def load(self, path: Path) -> Iterator[Chunk]:
        """Read a file. A damaged one raises ValueError, LookupError, OSError, EOFError or zlib.error."""

    def known(self, chunk: Chunk) -> list[tuple[str, datetime]]:
        """Return ``campaign_id`` and ``observed_at`` (aware, UTC) of each row."""

    def only(self, chunk: Chunk, positions: Sequence[int]) -> Chunk:
        """Return some rows of a chunk."""


def file_format(name: Any, compression: Any, run: ExportRun) -> Format:
    """Return the format of a name.

    :param name: ``parquet``, ``jsonl`` or ``csv``.
    :param compression: None, or ``gzip`` for the latter two.
    :param run: the values that all rows share.
    :raises TruepushValidationError: the format is unknown.
    :raises AirflowOptionalProviderFeatureException: pyarrow is not installed.
    """
    if name not in ("parquet", "jsonl", "csv"):
        refuse("format", name, "must be 'parquet', 'jsonl' or 'csv'")
    if compression not in (None, "gzip"):
        refuse("compression", compression, "must be None or 'gzip'")
    if name != "parquet":
        from airflow_provider_truepush.export.files.text import CsvFormat, JsonLinesFormat

        return (JsonLinesFormat if name == "jsonl" else CsvFormat)(gzipped=compression == "gzip")
    if compression is not None:
        refuse("compression", compression, "is for jsonl and csv; Parquet compresses its columns by itself")
    try:
        from airflow_provider_truepush.export.files.parquet import ParquetFormat
    except ImportError as error:
        from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

        raise AirflowOptionalProviderFeatureException(
            "format: 'parquet' needs pyarrow, which is not installed. Nothing was fetched. Run "
            "pip install 'airflow-provider-truepush[parquet]', or set format to 'jsonl' or 'csv'."
        ) from error
    return ParquetFormat(run)
