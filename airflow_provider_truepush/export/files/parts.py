"""The parts of an execution: files with the rows that one try fetched, for the next try to continue from."""

from __future__ import annotations

import csv
import gzip
import logging
import tempfile
import uuid
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from airflow_provider_truepush.api.checks.cut import error_text
from airflow_provider_truepush.api.errors import TruepushStorageError
from airflow_provider_truepush.export.files.formats import Format
from airflow_provider_truepush.export.files.names import Names
from airflow_provider_truepush.export.files.store import Store

log = logging.getLogger(__name__)

#: Errors that reading a damaged file may raise.
_DAMAGED = (ValueError, LookupError, EOFError, zlib.error, csv.Error, gzip.BadGzipFile)


@dataclass(slots=True)
class _Found:
    """The position of a row that an earlier try fetched."""

    part: str
    position: int
    observed_at: datetime
    wanted: bool = False


class Parts:
    """The parts of an execution.

    :param store: the folder or prefix.
    :param names: the names of the run's files.
    :param made: the format of the files.
    """

    def __init__(self, store: Store, names: Names, made: Format) -> None:
        self._store = store
        self._names = names
        self._format = made
        self._found: dict[str, _Found] = {}

    def try_out(self) -> None:
        """Write a test file and remove it.

        :raises TruepushStorageError: the file could not be written.
        """
        name = f"{self._names.parts}/{self._names.parts_prefix}{uuid.uuid4().hex}.probe"
        try:
            self._store.put_bytes(b"written to test this folder; may be removed\n", name)
        except Exception as error:
            raise TruepushStorageError(
                f"Could not write to {self._store.url} ({type(error).__name__}: {error_text(error)}). Nothing was "
                "fetched. Check that the path exists or can be created, and that its connection has write access."
            ) from error
        self._store.remove([name])

    def find(self, since: datetime, published: str | None) -> None:
        """Read the parts of earlier tries of this execution, and remove parts of other executions.

        :param since: ignore rows that were observed earlier.
        :param published: the name of the file, if an earlier try of this execution has completed it.
        """
        ours = f"{self._names.parts}/{self._names.parts_prefix}"
        names = self._store.names(self._names.parts)
        self._store.remove(name for name in names if not name.startswith(ours))
        parts = [name for name in names if name.startswith(ours) and name.endswith(".part")]
        for name in [*parts, *([published] if published else [])]:
            self._read(name, since)
        if self._found:
            log.info("Earlier tries fetched %s campaigns, which are not fetched again.", f"{len(self._found):,}")

    def _read(self, name: str, since: datetime) -> None:
        rows = []
        try:
            with self._loaded(name) as chunks:
                for chunk in chunks:
                    rows += self._format.known(chunk)
        except (FileNotFoundError, *_DAMAGED) as error:
            log.warning("Could not read %s, so its campaigns are fetched again: %s", self._store.address(name), error)
            return
        for position, (campaign_id, observed_at) in enumerate(rows):
            found = self._found.get(campaign_id)
            # Two tries that ran at the same time may both have fetched the campaign; the newer row counts.
            if observed_at >= since and (found is None or found.observed_at < observed_at):
                self._found[campaign_id] = _Found(name, position, observed_at)

    def take(self, campaign_id: str) -> datetime | None:
        """Use the row of an earlier try. Return its ``observed_at``; None if no earlier try fetched the campaign."""
        found = self._found.get(campaign_id)
        if found is None:
            return None
        found.wanted = True
        return found.observed_at

    def take_rest(self) -> list[datetime]:
        """Use all other rows, such as those of campaigns that are no longer listed. Return their ``observed_at``."""
        rest = [found for found in self._found.values() if not found.wanted]
        for found in rest:
            found.wanted = True
        return [found.observed_at for found in rest]

    def taken(self) -> Iterator[Any]:
        """Yield the rows that are used, in chunks."""
        wanted: dict[str, set[int]] = {}
        for found in self._found.values():
            if found.wanted:
                wanted.setdefault(found.part, set()).add(found.position)
        for name, positions in wanted.items():
            with self._loaded(name) as chunks:
                begin = 0
                for chunk in chunks:
                    end = begin + len(chunk)
                    here = [position - begin for position in range(begin, end) if position in positions]
                    if here:
                        yield self._format.only(chunk, here)
                    begin = end

    def leave(self, chunks: Sequence[Any]) -> None:
        """Save rows for a later try."""
        with tempfile.TemporaryDirectory(prefix="truepush-") as folder:
            made = Path(folder) / "part"
            writer = self._format.writer(made)
            for chunk in chunks:
                writer.append(chunk)
            writer.close()
            self._store.put(made, f"{self._names.parts}/{self._names.parts_prefix}{uuid.uuid4().hex}.part")

    def remove(self) -> None:
        """Remove all parts, when the file is complete."""
        self._store.remove(self._store.names(self._names.parts))

    @contextmanager
    def _loaded(self, name: str) -> Iterator[Iterator[Any]]:
        with tempfile.TemporaryDirectory(prefix="truepush-") as folder:
            path = Path(folder) / "part"
            self._store.get(name, path)
            with closing(self._format.load(path)) as chunks:  # type: ignore[type-var]
                yield chunks
