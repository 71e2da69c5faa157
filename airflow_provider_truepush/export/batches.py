"""Batches of results, and the interface of the sinks that write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from airflow_provider_truepush.export.rows import StatsRow

#: The maximum number of rows in a batch, and of rows that wait for the next batch. It bounds the memory of an export.
ROW_BUDGET = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of an export: the results of some campaigns.

    :param rows: campaigns with statistics.
    :param missing: ids of campaigns without statistics: Truepush has not sent them yet, or does not know them.
    :param failed: ids of campaigns whose fetch failed after all attempts, with the reason.
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
    :param first_seen: when an export first stored its statistics (UTC).
    :param unchanged: how many of its latest fetches in a row returned the same counters as the fetch before. Rows with
        the ``snapshot_key`` of this export do not count, so a re-run decides as the first run did.
    """

    done_at: datetime | None = None
    done_regressed: bool = False
    first_seen: datetime | None = None
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class SinkResult:
    """The report of a sink at the end of an export.

    :param summary: where the rows are, in JSON primitives. It is added to the task's XCom.
    :param unlisted: for each kept row of an earlier try, its ``observed_at``, if Truepush no longer lists the campaign.
    :param regressed: the number of rows with a counter that fell.
    :param titles_replaced: the number of rows whose title is not stored as Truepush returned it.
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
        """Prepare the target. Called before anything is fetched.

        :raises TruepushError: the target cannot be written to.
        """

    def lookup(self, campaign_ids: Sequence[str], *, done: bool, unchanged: int | None) -> Mapping[str, Checkpoint]:
        """Return the states of at most a few hundred campaigns. Campaigns without a state may be omitted.

        :param done: look up what earlier tries of this execution have written.
        :param unchanged: count unchanged fetches up to this number; None to count none.
        """

    def write(self, batch: Batch) -> None:
        """Write all of a batch, or nothing of it."""

    def finish(self, *, complete: bool) -> SinkResult:
        """End the export after the last batch.

        :param complete: False when campaigns are left for the next try. The result then does not go to XCom.
        """

    def close(self) -> None:
        """Release open resources. Called at the end, also after an error."""
