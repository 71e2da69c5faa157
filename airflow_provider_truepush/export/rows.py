"""A row of exported statistics, and the values that all rows of one export share. No Airflow, no I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from airflow_provider_truepush.api.checks.text import writable
from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.models.own_send import FIELDS, UNKNOWN, OwnSend
from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.export.storable import LARGEST, TextLimits, raw_json


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
    """The values that all rows of one export share.

    :param project: a stable name of the Truepush project; never its token.
    :param snapshot_key: names the snapshot; the rows of a re-run replace those with the same key.
    :param dag_id: the Dag.
    :param run_id: its run.
    :param load_id: identifies one execution of the task. Its tries share it; clearing the task begins another.
    :param logical_date: logical date of the Dag run (UTC); None if it has none.
    :param past_interval: whether the run was more than one interval late when the rows were fetched.
    :param resumes_from: for a later try of the execution, a time before its first try. Campaigns observed since then
        are not fetched again. None for the first try.
    """

    project: str
    snapshot_key: str
    dag_id: str
    run_id: str
    load_id: str = ""
    logical_date: datetime | None = None
    past_interval: bool = False
    resumes_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatsRow:
    """The counters of one campaign at one time.

    :param observed_at: when the request was sent (aware, UTC). The counters are at least as fresh as that.
    :param created_at: the creation time that the id carries (UTC, in seconds); None when it carries none.
    :param stats: the eight counters.
    :param counter_regressed: whether a counter is lower than in the observation before.
    :param raw: counters that this version does not know, as JSON text; None when there are none.
    :param title_replaced: whether the title is not stored as Truepush returned it; ``raw`` then has a flag.
    :param send: the details of the send, if this provider sent the campaign.

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
    raw: str | None = None
    title_replaced: bool = False
    send: OwnSend = UNKNOWN


def stats_row(run: ExportRun, target: Target, stats: CampaignStats, observed_at: datetime) -> StatsRow:
    """Build a row.

    :param observed_at: when the request was sent (aware, UTC).
    """
    title = None if target.title is None else writable(target.title)
    replaced = title != target.title
    return StatsRow(
        project=run.project,
        campaign_id=target.campaign_id,
        snapshot_key=run.snapshot_key,
        observed_at=observed_at,
        title=title,
        created_at=created_at(target.campaign_id),
        stats=stats,
        logical_date=run.logical_date,
        dag_id=run.dag_id,
        run_id=run.run_id,
        past_interval=run.past_interval,
        load_id=run.load_id,
        raw=raw_json(stats.extra, title_replaced=replaced),
        title_replaced=replaced,
    )


def fitted(row: StatsRow, limits: TextLimits) -> StatsRow:
    """Return a row whose texts a database can store; the same row when nothing has to change."""
    title = None if row.title is None else limits.fit_title(row.title)
    replaced = row.title_replaced or title != row.title
    raw = None if row.raw is None else raw_json(row.stats.extra, title_replaced=replaced, fit=limits.fit)
    if replaced and raw is None:
        raw = raw_json({}, title_replaced=True)
    dag_id, run_id, send = limits.fit(row.dag_id), limits.fit(row.run_id), _fitted_send(row.send, limits)
    if (title, raw, dag_id, run_id, send) == (row.title, row.raw, row.dag_id, row.run_id, row.send):
        return row
    return replace(row, title=title, raw=raw, title_replaced=replaced, dag_id=dag_id, run_id=run_id, send=send)


def _fitted_send(send: OwnSend, limits: TextLimits) -> OwnSend:
    if send == UNKNOWN:
        return send
    changes: dict[str, Any] = {}
    for name in FIELDS:
        if isinstance(text := getattr(send, name), str):
            changes[name] = limits.fit(text)
    return replace(send, **changes)


def too_large(stats: CampaignStats) -> str | None:
    """Return the name of a counter that does not fit into 64 bits; None when all fit."""
    return next((name for name, value in stats.as_dict().items() if value > LARGEST), None)
