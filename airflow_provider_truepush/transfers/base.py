"""The base of the transfers of statistics: choose the campaigns, read the Dag run, publish the result."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_empty
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.lineage.export import ExportLineage
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.transfers import arguments, given
from airflow_provider_truepush.transfers.execution import default_snapshot_key, load_id_of, resumes_from
from airflow_provider_truepush.transfers.interval import is_past

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.export.batches import Sink
    from airflow_provider_truepush.export.export import Outcome
    from airflow_provider_truepush.export.rows import ExportRun
    from airflow_provider_truepush.export.selection import Selection
    from airflow_provider_truepush.export.sends import Ledger

#: The most ids that an error lists.
_NAMED = 50


def _check_campaign_ids(field: str, value: Any) -> None:
    from airflow_provider_truepush.export.selection import read_campaign_ids

    read_campaign_ids(value)


_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "campaign_ids": _check_campaign_ids,
    "project": given.filled(arguments.optional_name),
    "refresh_for": given.filled(arguments.age),
    "stop_after_unchanged": given.filled(arguments.count),
    "snapshot_key": given.filled(arguments.optional_name),
    "on_past_interval": lambda field, value: arguments.choice(field, value, arguments.ON_PAST_INTERVAL),
    "fail_if_missing_ratio": given.filled(arguments.ratio),
    "ledger_conn_id": given.connection,
    "sends": arguments.sends,
    "truepush_conn_id": given.connection,
}


class StatsTransfer(ExportLineage, TruepushOperator):
    """Base of the transfers. Fetches the counters of many campaigns concurrently, and writes them in batches.

    A try that fails keeps the rows that it has written, and the next try of the same execution fetches the rest. When
    someone clears the task, a new execution begins, which fetches everything again.

    It is an error if an argument is given and renders to an empty value: a template that rendered to None, an XCom of
    None, or a mapped None. A literal None in the Dag file has the meaning that is described below.

    :param campaign_ids: ids of campaigns: a list, rows of ``TruepushListCampaignsOperator``, or text with either, in
        JSON or as a Python literal. They are fetched whatever their age. None for every campaign that
        ``listCampaign`` returns, within ``refresh_for`` and ``stop_after_unchanged``.
    :param project: a stable name of the Truepush project in the rows; None for the connection's id.
    :param refresh_for: maximum age of the campaigns to fetch, from their creation to the start of the run. None for
        all. A campaign that was scheduled further ahead than this is never fetched.
    :param stop_after_unchanged: leave out campaigns whose counters did not change in this number of fetches in a row.
        None to leave out none.
    :param snapshot_key: name of the snapshot. An export replaces the rows that another one wrote with the same key.
        None for the end of the run's data interval, or for the run's ``run_after`` if it has none (ISO 8601, UTC).
    :param on_past_interval: what to do in a run that is more than one interval late, as in a backfill or a late
        catch-up. Truepush reports current counters only, so the counters of that time are lost. ``skip`` the task,
        ``flag`` the rows (``past_interval``), or ``fail``. The rows of manual runs, and of tries that continue an
        earlier try, are flagged in any case.
    :param fail_if_missing_ratio: fail when a larger share of the campaigns has no statistics, from 0 to 1. None to
        never fail.
    :param ledger_conn_id: id of an SQL connection with the ledger of sends (``ledger_conn_id`` of the operators that
        send). Rows of campaigns that this provider sent get ``link, segment_id, segment, tags`` and the Dag, run and
        task that sent them. None to use a ledger in the target database, if there is one.
    :param sends: the same columns for campaigns that no ledger has: a list of mappings with ``campaign_id`` and any of
        ``link, segment_id, segment, tags, dag_id, run_id, task_id``, or text with that list. It takes precedence over
        the ledger.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = (
        "campaign_ids",
        "project",
        "refresh_for",
        "stop_after_unchanged",
        "snapshot_key",
        "on_past_interval",
        "fail_if_missing_ratio",
        "ledger_conn_id",
        "sends",
        "truepush_conn_id",
    )
    needs_connection = "export"
    consequence = "Nothing was exported."
    never_empty_fields: ClassVar[tuple[str, ...]] = given.SHARED
    native_fields = ("campaign_ids", "refresh_for", "stop_after_unchanged", "fail_if_missing_ratio", "sends")

    def __init__(
        self,
        *,
        campaign_ids: Any = NOT_GIVEN,
        project: str | None = NOT_GIVEN,
        refresh_for: timedelta | None = timedelta(days=30),
        stop_after_unchanged: int | None = NOT_GIVEN,
        snapshot_key: str | None = NOT_GIVEN,
        on_past_interval: Literal["skip", "flag", "fail"] = "skip",
        fail_if_missing_ratio: float | None = NOT_GIVEN,
        ledger_conn_id: str | None = NOT_GIVEN,
        sends: Any = NOT_GIVEN,
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        arguments_given = {name: value for name, value in locals().items() if name in given.SHARED}
        never_empty = given.never_empty(arguments_given)
        super().__init__(**kwargs)
        self.campaign_ids = campaign_ids = None if campaign_ids is NOT_GIVEN else campaign_ids
        self.project = None if project is NOT_GIVEN else project
        self.refresh_for = refresh_for
        self.stop_after_unchanged = None if stop_after_unchanged is NOT_GIVEN else stop_after_unchanged
        self.snapshot_key = None if snapshot_key is NOT_GIVEN else snapshot_key
        self.on_past_interval = on_past_interval
        self.fail_if_missing_ratio = None if fail_if_missing_ratio is NOT_GIVEN else fail_if_missing_ratio
        self.ledger_conn_id = None if ledger_conn_id is NOT_GIVEN else ledger_conn_id
        self.sends = None if sends is NOT_GIVEN else sends
        self.truepush_conn_id = truepush_conn_id
        self._never_empty = never_empty
        # A template that rendered to None must not mean every campaign.
        self._some_campaigns = campaign_ids is not None
        self.check_constructor(kwargs, {name: getattr(self, name) for name in _CHECKS})

    @classmethod
    def checks(cls) -> dict[str, Callable[[str, Any], object]]:
        """Return the checks of the literals among the arguments."""
        return _CHECKS

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        may_be_none = [name for name in cls.never_empty_fields if name not in ("truepush_conn_id", "sql_conn_id")]
        filled = {name: value for name, value in given.items() if name not in may_be_none or value is not None}
        with checked_at_parse(cls.consequence, given.get("dag")):
            check_literals(filled, cls.checks(), template_fields=cls.template_fields)

    @abstractmethod
    def open_sink(self, context: Context, run: ExportRun) -> Sink:
        """Check the arguments of the target, and create the sink. Nothing is written yet."""

    def ledger(self, sink: Any) -> Ledger | None:
        """Return the ledger with the sends; None when there is none."""
        from airflow_provider_truepush.transfers.connections import open_ledger

        return None if self.ledger_conn_id is None else open_ledger(self.ledger_conn_id)

    def execute(self, context: Context) -> dict[str, Any]:
        """Export, and return a summary."""
        from airflow_provider_truepush.export.export import export
        from airflow_provider_truepush.export.sends import OwnSends

        with self.truepush() as hook:
            for name in self._never_empty:
                refuse_empty(name, getattr(self, name), "export")
            wanted = self._selection(context)
            ratio = arguments.ratio("fail_if_missing_ratio", self.fail_if_missing_ratio)
            run = self._run(context)
            given, sink = arguments.sends("sends", self.sends), self.open_sink(context, run)
            sends = OwnSends(given, self.ledger(sink))
            began = time.monotonic()
            outcome = export(hook, wanted, run, sink, sends=sends)
            _measure(outcome, time.monotonic() - began)
            self._judge(outcome, ratio)
        summary = self.publish_export(context, run, outcome)
        self.log.info(
            "Exported the statistics of %d of %d campaigns to %s as the snapshot %s; %d have no statistics yet.",
            outcome.rows,
            outcome.campaigns,
            summary.get("table") or summary.get("manifest"),
            run.snapshot_key,
            outcome.missing,
        )
        return summary

    def _selection(self, context: Context) -> Selection:
        from airflow_provider_truepush.export.selection import Selection, read_campaign_ids

        return Selection(
            targets=read_campaign_ids(self.campaign_ids) if self._some_campaigns else None,
            refresh_for=arguments.age("refresh_for", self.refresh_for),
            stop_after_unchanged=arguments.count("stop_after_unchanged", self.stop_after_unchanged),
            as_of=getattr(context["dag_run"], "start_date", None),
        )

    def _run(self, context: Context) -> ExportRun:
        from airflow_provider_truepush.export.rows import ExportRun

        arguments.choice("on_past_interval", self.on_past_interval, arguments.ON_PAST_INTERVAL)
        ti, dag_run = context["ti"], context["dag_run"]
        logical_date = context.get("logical_date")
        return ExportRun(
            project=arguments.optional_name("project", self.project)
            or arguments.name("truepush_conn_id", self.truepush_conn_id),
            snapshot_key=arguments.optional_name("snapshot_key", self.snapshot_key)
            or arguments.name("run_id", default_snapshot_key(context)),
            dag_id=ti.dag_id,
            run_id=ti.run_id,
            load_id=load_id_of(ti, self.retries),
            logical_date=logical_date.astimezone(UTC) if logical_date else None,
            past_interval=self._is_past(context, str(getattr(dag_run, "run_type", ""))),
            resumes_from=resumes_from(context, self.retries),
        )

    def _is_past(self, context: Context, run_type: str) -> bool:
        dag, dag_run = self.get_dag(), context["dag_run"]
        by_schedule = getattr(dag_run.run_type, "value", run_type) in ("scheduled", "backfill")
        interval_end = context.get("data_interval_end")
        if interval_end is None and by_schedule:
            interval_end = getattr(dag_run, "run_after", None)  # timetables of partitions give no interval
        past = is_past(
            interval_start=context.get("data_interval_start"),
            interval_end=interval_end,
            timetable=getattr(dag, "timetable", None),
            now=datetime.now(UTC),
        )
        if not past:
            return False
        # A manual run is meant to store the current counters, and a later try completes what an earlier one began.
        if not by_schedule or resumes_from(context, self.retries) is not None:
            self.log.warning("The rows are flagged past_interval: the run's interval ended at %s.", interval_end)
            return True
        message = (
            f"The interval of this run ended at {interval_end}, and the next interval has ended as well. Truepush "
            "reports current counters only, so they cannot be stored under this date. Nothing was fetched."
        )
        if self.on_past_interval == "fail":
            raise AirflowFailException(message)
        if self.on_past_interval == "skip":
            raise AirflowSkipException(message + " Set on_past_interval='flag' to export them and flag the rows.")
        self.log.warning("The rows are flagged past_interval: the run's interval ended at %s.", interval_end)
        return True

    def _judge(self, outcome: Outcome, ratio: float | None) -> None:
        """Fail if campaigns are left. The fetched rows are kept."""
        left = ""
        if outcome.failed:
            left = f"{outcome.failed} could not be fetched: {_some(list(outcome.reasons), outcome.failed)}"
        kept = f"{outcome.rows} rows were kept; the next try fetches the rest."
        if outcome.broken_by is not None:
            self.log.error("The export was interrupted. %s%s", kept, f" Campaigns so far: {left}." if left else "")
            raise outcome.broken_by
        if left:
            first = next(iter(outcome.reasons.values()))
            raise AirflowException(f"Of {outcome.campaigns} campaigns, {left}. The first error: {first} {kept}")
        if ratio is not None and outcome.missing > ratio * outcome.campaigns:
            raise AirflowException(
                f"{outcome.missing} of {outcome.campaigns} campaigns have no statistics, which is more than "
                f"fail_if_missing_ratio={ratio:g} allows: {_some(outcome.missing_ids, outcome.missing)}. {kept}"
            )


def _some(ids: list[str], number: int) -> str:
    shown = ", ".join(ids[:_NAMED])
    return f"{shown} and {number - _NAMED} more (see the log)" if number > _NAMED else shown


def _measure(outcome: Outcome, seconds: float) -> None:
    from airflow_provider_truepush.client import metrics

    metrics.count("truepush.exports.rows", outcome.rows)
    metrics.count("truepush.exports.missing", outcome.missing)
    metrics.count("truepush.exports.failed", outcome.failed)
    metrics.gauge("truepush.exports.rows_per_second", round(outcome.rows / max(seconds, 0.001), 1))
