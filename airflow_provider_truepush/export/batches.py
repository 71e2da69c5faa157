"""What collecting hands over, and the places that take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_truepush.export.rows import StatsRow


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of an export: what became of some campaigns.

    :param rows: those with statistics.
    :param missing: ids that Truepush has no statistics of: not sent yet, or unknown.
    :param failed: ids whose fetch failed after all repeats, with the reason.
    """

    rows: list[StatsRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows) + len(self.missing) + len(self.failed)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a place knows of a campaign before it is fetched.

    :param done_at: ``observed_at`` of the row that an earlier try of this execution (same ``load_id``) has written;
        None when there is none.
    :param done_regressed: whether that row is flagged ``counter_regressed``.
    :param first_seen: when an export first had statistics of it (UTC).
    :param unchanged: how many of its last fetches in a row brought what the one before had brought. Those with the
        ``snapshot_key`` of this export are left out, so that a re-run decides as the first run did.
    """

    done_at: datetime | None = None
    done_regressed: bool = False
    first_seen: datetime | None = None
    unchanged: int = 0


class Sink(Protocol):
    """A place that takes an export. All methods are called from one thread, in the order given here."""

    def prepare(self) -> None:
        """Get ready, before anything is fetched. Raises when it could not be written to."""

    def lookup(self, campaign_ids: Sequence[str], *, done: bool, unchanged: int | None) -> Mapping[str, Checkpoint]:
        """What is known of some campaigns, a few hundred at the most; ids without anything may be left out.

        :param done: tell what earlier tries of this execution have written.
        :param unchanged: count unchanged fetches up to this number; None: do not count.
        """

    def write(self, batch: Batch) -> None:
        """Keep a batch, as a whole or not at all."""

    def finish(self, *, complete: bool) -> dict[str, Any]:
        """Called when nothing more comes; what it returns joins the XCom: the place, and what is told of it.

        ``kept`` is left out of that: when each row of an earlier try was observed that nobody asked for.

        :param complete: False when campaigns are left for the next try; nothing goes to XCom then.
        """

    def close(self) -> None:
        """Called at the end, whatever has happened."""
