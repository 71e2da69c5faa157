"""Batches of results, and the interface of the sinks that write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_truepush.export.rows import StatsRow

#: Rows of a batch, and rows that wait for the next one: what bounds the memory of an export.
ROW_BUDGET = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of an export: the results of some campaigns.

    :param rows: campaigns with statistics.
    :param missing: ids that Truepush has no statistics of: not sent yet, or unknown.
    :param failed: ids whose fetch failed after all attempts, with the reason.
    """

    rows: list[StatsRow] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows) + len(self.missing) + len(self.failed)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a campaign in a sink, before it is fetched.

    :param done_at: ``observed_at`` of the row that an earlier try of this execution (same ``load_id``) has written;
        None when there is none.
    :param done_regressed: whether that row is flagged ``counter_regressed``.
    :param first_seen: when an export first had statistics of it (UTC).
    :param unchanged: how many of its last fetches in a row returned the same counters as the fetch before. Rows with
        the ``snapshot_key`` of this export do not count, so that a re-run decides as the first run did.
    """

    done_at: datetime | None = None
    done_regressed: bool = False
    first_seen: datetime | None = None
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class SinkResult:
    """What a sink reports at the end.

    :param summary: where the rows are, in JSON primitives; it joins the task's XCom.
    :param unlisted: when each row of an earlier try was observed that is kept although its campaign was not requested.
    :param regressed: rows with a counter that fell.
    :param titles_replaced: rows whose title is not stored as Truepush returned it.
    """

    summary: Mapping[str, Any] = field(default_factory=dict)
    unlisted: Sequence[datetime] = ()
    regressed: int = 0
    titles_replaced: int = 0


class Sink(Protocol):
    """The target of an export. All methods are called from one thread, in this order."""

    @property
    def row_budget(self) -> int:
        """Return the maximum number of campaigns per batch; called after :meth:`prepare`."""

    def prepare(self) -> None:
        """Get ready, before anything is fetched.

        :raises TruepushError: when nothing can be written there.
        """

    def lookup(self, campaign_ids: Sequence[str], *, done: bool, unchanged: int | None) -> Mapping[str, Checkpoint]:
        """Return the state of some campaigns, a few hundred at most; ids without any may be left out.

        :param done: look up what earlier tries of this execution have written.
        :param unchanged: count unchanged fetches up to this number; None to count none.
        """

    def write(self, batch: Batch) -> None:
        """Write a batch, as a whole or not at all."""

    def finish(self, *, complete: bool) -> SinkResult:
        """End the export, when nothing more comes.

        :param complete: False when campaigns are left for the next try; nothing goes to XCom then.
        """

    def close(self) -> None:
        """Release open resources. Called at the end, after errors too."""
