"""Export statistics of campaigns into files, on a disk or in an object storage."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators.arguments import checked_at_parse, is_final
from airflow_provider_truepush.transfers import arguments
from airflow_provider_truepush.transfers.base import StatsTransfer

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.export.batches import Sink
    from airflow_provider_truepush.export.rows import ExportRun

__all__ = ["TruepushStatsToObjectStorageOperator"]


def _check_unchanged(field: str, value: Any) -> None:
    if arguments.count(field, value) is not None:
        refuse(field, value, "needs tables, because files have no record of earlier runs", "Omit it")


_CHECKS: dict[str, Callable[[str, Any], object]] = {
    "path": arguments.path,
    "format": lambda field, value: arguments.choice(field, value, arguments.FORMATS),
    "stop_after_unchanged": _check_unchanged,
}


class TruepushStatsToObjectStorageOperator(StatsTransfer):
    """Fetch the counters of campaigns and write them into one file per run: ``listCampaign``, ``campaignStats``.

    It writes below ``path``::

        campaign_stats/dt=2026-11-23/<dag>.<task>.<run>.<hash>.parquet
        campaign_stats/dt=2026-11-23/_<dag>.<task>.<run>.<hash>_manifest.json

    ``dt`` is the end of the run's data interval, or the run's ``run_after`` if it has none (UTC). All tries and re-runs
    of a run use the same names, and different runs use different names. A re-run replaces the whole file, but a late
    observation never replaces a newer one. The manifest is written last, and has the run, rows, hashes, columns, first
    and last ``observed_at``, and the campaigns without statistics. A file without a manifest is not complete. Several
    runs on one day have one file each, with the same campaigns: use the latest ``observed_at``.

    Columns: ``project, campaign_id, snapshot_key, observed_at, title, created_at``, the eight counters as 64-bit
    integers, ``raw`` (JSON text of counters without a column), ``logical_date, dag_id, run_id, past_interval``. All
    times are UTC. The rows are in the order in which they were fetched.

    The file is built on the worker's disk, which must have room for it, and appears when it is complete. Until then a
    try saves the fetched rows under ``campaign_stats/_parts``, every ten seconds and when it fails; the next try of
    the same execution fetches the rest. A worker that is killed loses up to ten seconds of fetching. When the task
    fails because of ``fail_if_missing_ratio``, its complete file is kept, and the next try fetches the missing
    campaigns.

    Before anything is fetched, the task checks that the format is available and that files can be written. Only one
    writer per run is supported: object storages have no lock, and two tries that complete at the same moment may leave
    the older one's file.

    Files have no record of earlier runs. So ``stop_after_unchanged`` is refused, ``refresh_for`` leaves out only
    campaigns whose id carries their age, and counters that fell are not flagged (``regressed`` is 0).
    ``TruepushStatsToSqlOperator`` supports all three.

    Returns a dict of ``rows, campaigns, missing, regressed, titles_replaced, resumed, left_out, project, snapshot_key,
    past_interval, min_observed_at, max_observed_at, manifest`` and ``files``, a list of ``path, rows, bytes, sha256``;
    and ``superseded`` if a newer observation of the same run exists and was kept.

    :param path: an absolute path, or a URL that ``ObjectStoragePath`` supports, such as
        ``s3://conn_id@bucket/prefix``. The provider of the storage must be installed.
    :param format: ``parquet`` (needs the extra ``parquet``), ``jsonl`` or ``csv`` (RFC 4180, UTF-8). CSV holds titles
        unchanged: if you do not trust them, do not open the file in a spreadsheet, which reads ``=1+1`` as a formula.
    :param compression: ``gzip`` for jsonl and csv; None for none. Parquet compresses its columns itself.
    :param campaign_ids: see :class:`~airflow_provider_truepush.transfers.base.StatsTransfer`, as for ``project``,
        ``refresh_for``, ``snapshot_key``, ``on_past_interval``, ``fail_if_missing_ratio`` and ``truepush_conn_id``.
    """

    template_fields: Sequence[str] = (*StatsTransfer.template_fields, "path", "format", "compression")

    def __init__(
        self,
        *,
        path: str,
        format: Literal["parquet", "jsonl", "csv"] = "parquet",  # noqa: A002 (the word for it)
        compression: Literal["gzip"] | None = None,
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
        super().__init__(
            campaign_ids=campaign_ids,
            project=project,
            refresh_for=refresh_for,
            stop_after_unchanged=stop_after_unchanged,
            snapshot_key=snapshot_key,
            on_past_interval=on_past_interval,
            fail_if_missing_ratio=fail_if_missing_ratio,
            ledger_conn_id=ledger_conn_id,
            sends=sends,
            truepush_conn_id=truepush_conn_id,
            **kwargs,
        )
        self.path = path
        self.format = format
        self.compression = compression
        self.check_constructor(kwargs, {name: getattr(self, name) for name in (*_CHECKS, "compression")})
        self._lineage: list[tuple[str, str]] = []

    @classmethod
    def checks(cls) -> dict[str, Callable[[str, Any], object]]:
        """Return the checks of the literals among the arguments."""
        return {**super().checks(), **_CHECKS}

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        super().check_arguments(given)
        if is_final(of_format := given.get("format", "jsonl")) and is_final(value := given.get("compression")):
            with checked_at_parse(cls.consequence, given.get("dag")):
                arguments.compression("compression", value, of_format)

    def open_sink(self, context: Context, run: ExportRun) -> Sink:
        """Check the arguments of the file, and return its sink."""
        from airflow_provider_truepush.export.files.formats import file_format
        from airflow_provider_truepush.export.files.names import TABLE, Names
        from airflow_provider_truepush.export.files.sink import FileSink
        from airflow_provider_truepush.export.files.store import store

        _check_unchanged("stop_after_unchanged", self.stop_after_unchanged)
        given = arguments.choice("format", self.format, arguments.FORMATS)
        file_writer = file_format(given, arguments.compression("compression", self.compression, given), run)
        place = store(arguments.path("path", self.path))
        ti = context["ti"]
        index = getattr(ti, "map_index", -1)
        names = Names(
            dag_id=ti.dag_id,
            task_id=ti.task_id,
            run_id=ti.run_id,
            map_index=-1 if index is None else index,
            load_id=run.load_id,
            day=_day(context),
            extension=file_writer.extension,
        )
        self._lineage = [place.dataset(TABLE)]
        return FileSink(
            place,
            names,
            file_writer,
            run,
            keeps_unlisted=not self._some_campaigns,
        )

    def lineage_outputs(self) -> Iterable[tuple[str, str]]:
        """Return the folder of the files."""
        return self._lineage


def _day(context: Context) -> date:
    dag_run = context["dag_run"]
    for moment in (context.get("data_interval_end"), getattr(dag_run, "run_after", None), context.get("logical_date")):
        if moment is not None:
            day: date = moment.astimezone(UTC).date()
            return day
    raise ValueError(
        "The run has no data interval, run_after or logical date, so the date of its files is unknown. Nothing was "
        "fetched. Run the task in a Dag run that has one of them."
    )
