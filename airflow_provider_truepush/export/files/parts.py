"""The parts of an execution: rows that a try fetched before the file was complete, for the next try."""

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

from airflow_provider_truepush.api.errors import TruepushStorageError
from airflow_provider_truepush.export.files.formats import Format
from airflow_provider_truepush.export.files.names import Names
from airflow_provider_truepush.export.files.store import Store

log = logging.getLogger(__name__)

#: What reading a damaged file may raise.
_DAMAGED = (ValueError, LookupError, EOFError, zlib.error, csv.Error, gzip.BadGzipFile)


@dataclass(slots=True)
class _Found:
    """A row of an earlier try."""

    part: str
    position: int
    observed_at: datetime
    wanted: bool = False


class Parts:
    """The parts of an execution.

    :param store: where they lie.
    :param names: of the run.
    :param made: its format.
    """

    def __init__(self, store: Store, names: Names, made: Format) -> None:
        self._store = store
        self._names = names
        self._format = made
        self._found: dict[str, _Found] = {}

    def try_out(self) -> None:
        """Write something and remove it again.

        :raises TruepushStorageError: when nothing can be written.
        """
        name = f"{self._names.parts}/{self._names.parts_prefix}{uuid.uuid4().hex}.probe"
        try:
            self._store.put_bytes(b"written to see whether it can be; may be removed\n", name)
        except Exception as error:
            said = " ".join(str(error).split())[:500]
            raise TruepushStorageError(
                f"Nothing can be written to {self._store.url}: {type(error).__name__}: {said}. Nothing was fetched."
            ) from error
        self._store.remove([name])

    def find(self, since: datetime, published: str | None) -> None:
        """Look for the parts of earlier tries of this execution. Parts of other executions are removed.

        :param since: rows that were observed before do not count.
        :param published: the file, when an earlier try of this execution has completed it.
        """
        ours = f"{self._names.parts}/{self._names.parts_prefix}"
        names = self._store.names(self._names.parts)
        self._store.remove(name for name in names if not name.startswith(ours))
        parts = [name for name in names if name.startswith(ours) and name.endswith(".part")]
        for name in [*parts, *([published] if published else [])]:
            self._read(name, since)
        if self._found:
            log.info("Earlier tries have fetched %s campaigns.", f"{len(self._found):,}")

    def _read(self, name: str, since: datetime) -> None:
        rows = []
        try:
            with self._loaded(name) as chunks:
                for chunk in chunks:
                    rows += self._format.known(chunk)
        except (FileNotFoundError, *_DAMAGED) as error:
            log.warning("%s cannot be read, its campaigns are fetched again: %s", self._store.address(name), error)
            return
        for position, (campaign_id, observed_at) in enumerate(rows):
            found = self._found.get(campaign_id)
            # Two tries that ran at the same time have both fetched it: the newer one is taken.
            if observed_at >= since and (found is None or found.observed_at < observed_at):
                self._found[campaign_id] = _Found(name, position, observed_at)

    def take(self, campaign_id: str) -> datetime | None:
        """When a campaign was observed by an earlier try, whose row is then used; None when it was not."""
        found = self._found.get(campaign_id)
        if found is None:
            return None
        found.wanted = True
        return found.observed_at

    def take_rest(self) -> list[datetime]:
        """Take what nobody has asked for, such as a campaign that is not listed any more; when each was observed."""
        rest = [found for found in self._found.values() if not found.wanted]
        for found in rest:
            found.wanted = True
        return [found.observed_at for found in rest]

    def taken(self) -> Iterator[Any]:
        """The rows that were taken, as chunks."""
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
        """Keep rows for a later try."""
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
