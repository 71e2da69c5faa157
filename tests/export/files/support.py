"""Sinks of files, and what lies in their folders."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.columns import FILE_COLUMNS
from airflow_provider_truepush.export.files.formats import file_format
from airflow_provider_truepush.export.files.names import Names
from airflow_provider_truepush.export.files.sink import FileSink
from airflow_provider_truepush.export.files.store import Store, store
from airflow_provider_truepush.export.rows import ExportRun, StatsRow
from tests.export.support import START, run_of

#: Every format and compression there is.
FORMATS = [("parquet", None), ("jsonl", None), ("jsonl", "gzip"), ("csv", None), ("csv", "gzip")]
DAY = date(2026, 11, 20)


def sink(
    path: Path | str | Store,
    run: ExportRun | None = None,
    *,
    made: str = "parquet",
    compression: str | None = None,
    resumes_from: datetime | None = None,
    **more: Any,
) -> FileSink:
    """The sink, as the operator makes it."""
    run = replace(run or run_of(), resumes_from=resumes_from)
    found = file_format(made, compression, run)
    names = Names(run.dag_id, "export", run.run_id, -1, run.load_id, DAY, found.extension)
    place = path if isinstance(path, Store) else store(str(path))
    return FileSink(place, names, found, run, **more)


def export(
    path: Path | str | Store, *batches: Batch | list[StatsRow], complete: bool = True, **given: Any
) -> dict[str, Any]:
    """An export of some rows, from beginning to end."""
    with closing(sink(path, **given)) as opened:
        opened.prepare()
        if given.get("resumes_from") is not None:
            opened.lookup(given.pop("ids", ()), done=True, unchanged=None)
        for batch in batches:
            opened.write(batch if isinstance(batch, Batch) else Batch(rows=batch))
        return dict(opened.finish(complete=complete).summary)


def resumed(
    path: Path | str | Store, ids: list[str], *batches: list[StatsRow], **given: Any
) -> tuple[set[str], dict[str, Any]]:
    """A further try that asks for the ids: which of them earlier tries have fetched, and the summary."""
    with closing(sink(path, resumes_from=given.pop("since", START), **given)) as opened:
        opened.prepare()
        known = opened.lookup(ids, done=True, unchanged=None)
        for rows in batches:
            opened.write(Batch(rows=rows))
        result = opened.finish(complete=True)
        return set(known), {**result.summary, "unlisted": result.unlisted}


def files(folder: Path) -> list[str]:
    """Every file below a folder, hidden ones too."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def read(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the file that a summary names, as plain values; its hash and size are as the summary says."""
    (told,) = summary["files"]
    content = Path(told["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == told["sha256"]
    assert len(content) == told["bytes"]
    rows = read_bytes(content, told["path"])
    assert len(rows) == told["rows"]
    return rows


def read_bytes(content: bytes, name: str) -> list[dict[str, Any]]:
    """The rows of a file."""
    if name.endswith(".gz"):
        content, name = gzip.decompress(content), name.removesuffix(".gz")
    if name.endswith(".parquet"):
        table = pq.read_table(io.BytesIO(content))
        assert table.column_names == list(FILE_COLUMNS)
        return list(table.to_pylist())
    text = content.decode("utf-8")
    if name.endswith(".jsonl"):
        assert text == "" or text.endswith("\n")
        return [json.loads(line) for line in text.split("\n")[:-1]]
    return list(csv.DictReader(io.StringIO(text, newline="")))
