"""Write an export into one file."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_provider_truepush.export.batches import ROW_BUDGET, Batch, Checkpoint, SinkResult
from airflow_provider_truepush.export.columns import FILE_COLUMNS
from airflow_provider_truepush.export.files.formats import Format, Writer
from airflow_provider_truepush.export.files.manifest import (
    FileSummary,
    describe_file,
    manifest,
    observed_until,
    read_manifest,
)
from airflow_provider_truepush.export.files.names import Names
from airflow_provider_truepush.export.files.parts import Parts
from airflow_provider_truepush.export.files.store import Store
from airflow_provider_truepush.export.rows import ExportRun

log = logging.getLogger(__name__)

#: Seconds between two parts. A killed worker loses at most this much work.
KEPT_EVERY = 10.0


class FileSink:
    """Write the rows to a file on the worker's disk, and copy it to its target when it is complete.

    Every few seconds the fetched rows are saved as a part next to the target, for a later try of the same execution.
    Until the file is complete, readers see the file of an earlier execution, or none.

    :param store: the folder or prefix.
    :param names: the names of the files.
    :param made: the format of the files.
    :param run: the values that all rows share.
    :param keeps_unlisted: keep rows of an earlier try whose campaigns were not requested. True when the list of
        campaigns is exported, which may have become shorter since that try.
    :param clock: a monotonic clock, in seconds.
    """

    row_budget = ROW_BUDGET

    def __init__(
        self,
        store: Store,
        names: Names,
        made: Format,
        run: ExportRun,
        *,
        keeps_unlisted: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._names = names
        self._format = made
        self._run = run
        self._keeps_unlisted = keeps_unlisted
        self._clock = clock
        self._parts = Parts(store, names, made)
        self._written = FileSummary()
        self._titles_replaced = 0
        self._unkept: list[Any] = []
        self._began_at = datetime.now(UTC)
        self._kept_at = clock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._writer: Writer | None = None

    def prepare(self) -> None:
        """Check that files can be written to the target, and read the parts of earlier tries."""
        self._folder = tempfile.TemporaryDirectory(prefix="truepush-", ignore_cleanup_errors=True)
        self._path = Path(self._folder.name) / "file"
        self._parts.try_out()
        if self._run.resumes_from is not None:
            former = self._former()
            ours = former.get("load") == self._load and self._names.file in _files(former)
            self._parts.find(self._run.resumes_from, self._names.file if ours else None)
        self._writer = self._format.writer(self._path)
        self._kept_at = self._clock()

    def lookup(self, campaign_ids: Sequence[str], *, done: bool, unchanged: int | None) -> Mapping[str, Checkpoint]:
        """Return the campaigns that earlier tries fetched. Files have no record of earlier runs."""
        known: dict[str, Checkpoint] = {}
        for campaign_id in campaign_ids if done else ():
            observed_at = self._parts.take(campaign_id)
            if observed_at is not None:
                known[campaign_id] = Checkpoint(done_at=observed_at)
                self._written.observed([observed_at])
        return known

    def write(self, batch: Batch) -> None:
        """Write a batch."""
        self._written.missing += batch.missing
        if batch.rows:
            chunk = self._format.encode(batch.rows)
            self._open.append(chunk)
            self._unkept.append(chunk)
            self._written.observed([row.observed_at for row in batch.rows])
            self._titles_replaced += sum(row.title_replaced for row in batch.rows)
        if self._clock() - self._kept_at >= KEPT_EVERY:
            self._keep()

    def finish(self, *, complete: bool) -> SinkResult:
        """Copy the file to its target; if campaigns are left, save the rows for the next try instead."""
        if not complete:
            self._keep()
            return SinkResult()
        rest = self._parts.take_rest() if self._keeps_unlisted else []
        if rest:
            self._written.observed(rest)
            log.info(
                "Kept the rows of %d campaigns that an earlier try fetched and that are no longer listed.", len(rest)
            )
        for chunk in self._parts.taken():
            self._open.append(chunk)
        self._open.close()
        former = self._former()
        if self._is_newer(former):
            log.warning(
                "Kept %s, which has newer observations of the same run. The rows of this export were discarded.",
                self._store.address(self._names.file),
            )
            self._parts.remove()
            return SinkResult({**self._summary(former), "superseded": True})
        return SinkResult(self._summary(self._publish(former)), unlisted=rest, titles_replaced=self._titles_replaced)

    def close(self) -> None:
        """Remove the files on the worker's disk."""
        with ExitStack() as all_of_it:
            if self._folder is not None:
                all_of_it.callback(self._folder.cleanup)
            if self._writer is not None:
                all_of_it.callback(self._writer.close)

    @property
    def _load(self) -> str:
        """Return the manifest's name of this execution."""
        return self._names.parts_prefix.rstrip("-")

    def _former(self) -> dict[str, Any]:
        return read_manifest(self._store.read(self._names.manifest))

    @property
    def _open(self) -> Writer:
        assert self._writer is not None, "call prepare() first"
        return self._writer

    def _keep(self) -> None:
        if self._unkept:
            self._parts.leave(self._unkept)
            self._unkept = []
        self._kept_at = self._clock()

    def _publish(self, former: dict[str, Any]) -> dict[str, Any]:
        file = describe_file(self._path, self._names.file, self._written.rows)
        # The old manifest is removed first: a manifest must never describe another file than the one beside it.
        self._store.put(self._path, self._names.file, removing=[self._names.manifest] if former else [])
        content = manifest(
            self._written,
            files=[file],
            columns=FILE_COLUMNS,
            run={
                "dag_id": self._run.dag_id,
                "run_id": self._run.run_id,
                "task_id": self._names.task_id,
                "map_index": self._names.map_index,
                "project": self._run.project,
                "snapshot_key": self._run.snapshot_key,
                "past_interval": self._run.past_interval,
                "load": self._load,
            },
            began_at=self._began_at,
        )
        self._store.put_bytes(content, self._names.manifest)
        # The former file has another name if the Dag had another format then.
        self._store.remove(name for name in _files(former) if name != self._names.file)
        self._parts.remove()
        return read_manifest(content)

    def _is_newer(self, former: dict[str, Any]) -> bool:
        until = observed_until(former)
        return until is not None and until > (self._written.max_observed_at or self._began_at)

    def _summary(self, read: dict[str, Any]) -> dict[str, Any]:
        files = [{"path": self._store.address(file["name"]), **file} for file in read["files"]]
        for file in files:
            del file["name"]
        return {"files": files, "manifest": self._store.address(self._names.manifest)}


def _files(read: dict[str, Any]) -> list[str]:
    return [file["name"] for file in read.get("files", ())]
