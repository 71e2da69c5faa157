"""The formats of files. A format encodes rows as chunks, and writes chunks to a file. No Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.export.rows import ExportRun, StatsRow

#: Some rows as a format encodes them.
Chunk = Any


class Writer(Protocol):
    """A file on the worker's disk that is being written."""

    def append(self, chunk: Chunk) -> None:
        """Add rows."""

    def close(self) -> None:
        """Complete the file."""


class Format(Protocol):
    """A format of files and of their parts."""

    #: The extension of the file's name, without a dot.
    extension: str

    def encode(self, rows: Sequence[StatsRow]) -> Chunk:
        """Encode rows of this run as a chunk."""

    def writer(self, path: Path) -> Writer:
        """Create a file and return its writer."""

    def load(self, path: Path) -> Iterator[Chunk]:
        """Read a file in chunks. A damaged file raises ValueError, LookupError, OSError, EOFError or zlib.error."""

    def known(self, chunk: Chunk) -> list[tuple[str, datetime]]:
        """Return ``campaign_id`` and ``observed_at`` (aware, UTC) of each row."""

    def only(self, chunk: Chunk, positions: Sequence[int]) -> Chunk:
        """Return the rows of a chunk at some positions."""


def file_format(name: Any, compression: Any, run: ExportRun) -> Format:
    """Return a format by its name.

    :param name: ``parquet``, ``jsonl`` or ``csv``.
    :param compression: None, or ``gzip`` for jsonl and csv.
    :param run: the values that all rows share.
    :raises TruepushValidationError: the format is unknown, or does not support the compression.
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
        refuse("compression", compression, "is for jsonl and csv", "Omit it: Parquet compresses its columns itself")
    try:
        from airflow_provider_truepush.export.files.parquet import ParquetFormat
    except ImportError as error:
        from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

        raise AirflowOptionalProviderFeatureException(
            "format: 'parquet' needs pyarrow, which is not installed. Nothing was fetched. Run "
            "pip install 'airflow-provider-truepush[parquet]', or set format to 'jsonl' or 'csv'."
        ) from error
    return ParquetFormat(run)
