"""A row of exported statistics. No Airflow, no I/O."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airflow_provider_truepush.api.checks import created_at
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol.codes import COUNTERS

#: The counters' columns, in Truepush's order.
COUNTER_COLUMNS: tuple[str, ...] = tuple(COUNTERS.values())

#: The flat order of :func:`as_values`.
COLUMNS: tuple[str, ...] = (
    "project",
    "campaign_id",
    "snapshot_key",
    "observed_at",
    "title",
    "created_at",
    *COUNTER_COLUMNS,
    "raw",
    "logical_date",
    "dag_id",
    "run_id",
    "load_id",
    "past_interval",
    "counter_regressed",
)

#: The largest number that a signed column of 64 bits holds.
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Target:
    """A campaign to fetch.

    :param campaign_id: 24 hexadecimal digits, in lower case.
    :param title: None when only ids were given.
    """

    campaign_id: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class ExportRun:
    """What all rows of one export have in common.

    :param project: a stable name of the Truepush project; never its token.
    :param snapshot_key: names the snapshot; the rows of a re-run replace those with the same key.
    :param dag_id: the Dag.
    :param run_id: its run.
    :param load_id: names one execution of the task: the tries that go on with it share it, a person's clear
        begins another.
    :param logical_date: of the Dag run (UTC); None where it has none.
    :param past_interval: the rows belong to an interval that was long over when they were fetched.
    """

    project: str
    snapshot_key: str
    dag_id: str
    run_id: str
    load_id: str = ""
    logical_date: datetime | None = None
    past_interval: bool = False


@dataclass(frozen=True, slots=True)
class StatsRow:
    """The counters of one campaign, as of one moment.

    :param observed_at: the moment at which they were asked for (aware, UTC). They are at least as fresh as that.
    :param created_at: read off the id (UTC, to the second); None when the id carries none.
    :param stats: the eight counters; what this version does not know stands in ``extra`` and goes into ``raw``.
    :param counter_regressed: a counter is lower than at the observation before.

    The other fields are those of :class:`Target` and :class:`ExportRun`.
    """

    project: str
    campaign_id: str
    snapshot_key: str
    observed_at: datetime
    title: str | None
    created_at: datetime | None
    stats: CampaignStats
    logical_date: datetime | None
    dag_id: str
    run_id: str
    past_interval: bool = False
    counter_regressed: bool = False
    load_id: str = ""


def stats_row(run: ExportRun, target: Target, stats: CampaignStats, observed_at: datetime) -> StatsRow:
    """Put a row together.

    :param observed_at: aware, UTC.
    """
    return StatsRow(
        project=run.project,
        campaign_id=target.campaign_id,
        snapshot_key=run.snapshot_key,
        observed_at=observed_at,
        title=writable(target.title),
        created_at=created_at(target.campaign_id),
        stats=stats,
        logical_date=run.logical_date,
        dag_id=run.dag_id,
        run_id=run.run_id,
        past_interval=run.past_interval,
        load_id=run.load_id,
    )


def as_values(row: StatsRow) -> tuple[Any, ...]:
    """The row as flat values in the order of :data:`COLUMNS`: str, int, bool, aware datetimes (UTC), None.

    ``raw`` is JSON text of the counters that this version does not know; None when there are none.
    """
    stats = row.stats
    return (
        row.project,
        row.campaign_id,
        row.snapshot_key,
        row.observed_at,
        row.title,
        row.created_at,
        stats.reach,
        stats.sent,
        stats.delivered,
        stats.views,
        stats.clicks,
        stats.button0,
        stats.button1,
        stats.unsubscribers,
        raw(stats.extra),
        row.logical_date,
        row.dag_id,
        row.run_id,
        row.load_id,
        row.past_interval,
        row.counter_regressed,
    )


def raw(extra: Mapping[str, Any]) -> str | None:
    """Counters without a column, as JSON text with sorted keys."""
    return json.dumps(_storable(extra), sort_keys=True, separators=(",", ":")) if extra else None


def _storable(value: Any) -> Any:
    """JSON that every database takes: as text what is no number to them, and text as above."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {writable(str(key)): _storable(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_storable(inner) for inner in value]
    return value


def writable(text: str | None) -> str | None:
    """Text that every place takes: half of a surrogate pair, or a NUL, which JSON can carry, is replaced."""
    if text is None:
        return None
    text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def too_large(stats: CampaignStats) -> str | None:
    """The name of a counter that does not fit into 64 bits; None when all do."""
    return next((name for name, value in stats.as_dict().items() if value > LARGEST), None)
