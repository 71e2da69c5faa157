"""Writing the page: from the warehouse to a file."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from airflow_provider_truepush.report.errors import TruepushReportError
from airflow_provider_truepush.report.view_model import ReportView

log = logging.getLogger(__name__)

#: Campaigns on the page by default.
LAST = 20
#: The most campaigns on the page: a browser draws two plots for each.
MOST = 200


def write_report(
    sql_conn_id: str,
    path: str | os.PathLike[str],
    *,
    project: str | None = None,
    schema: str | None = None,
    table_prefix: str = "truepush_",
    last: int = LAST,
) -> str:
    """Write one HTML file with the funnel of each campaign (sent, delivered, views, clicks) and its growth over time.

    It reads the tables that ``TruepushStatsToSqlOperator`` fills and sends nothing to Truepush. The file is
    self-contained: it needs no network access. An existing file is replaced as a whole. From a task::

        @task
        def report() -> str:
            return write_report("warehouse", "/srv/reports/truepush.html", last=50)

    Needs the extra ``report``.

    :param sql_conn_id: id of the Airflow connection to the warehouse.
    :param path: the file; its folder must exist.
    :param project: only campaigns of this project; None for all.
    :param schema: schema of the tables; None for the connection's own.
    :param table_prefix: prefix of the tables' names.
    :param last: maximum number of campaigns on the page, the newest first; 1 to 200, by default 20.
    :returns: the file's path.
    :raises TruepushReportError: when the tables cannot be read, or ``last`` or ``path`` is not accepted.
    :raises AirflowOptionalProviderFeatureException: when plotly is not installed.
    """
    if type(last) is not int or not 1 <= last <= MOST:
        raise TruepushReportError(
            f"last is {last!r}. It must be a whole number from 1 to {MOST}. The report was not written."
        )
    target = Path(path).absolute()
    if target.is_dir() or not target.parent.is_dir():
        problem = "is a folder" if target.is_dir() else "is in a folder that does not exist"
        raise TruepushReportError(f"path is {str(path)!r}, which {problem}. The report was not written. Name a file.")
    _require_plotly()

    from airflow_provider_truepush.report.page import page
    from airflow_provider_truepush.report.reading import read

    campaigns, total, source = read(sql_conn_id, project=project, schema=schema, table_prefix=table_prefix, last=last)
    view = ReportView(campaigns=campaigns, total=total, written_at=datetime.now(UTC), source=source, project=project)
    replace_file(target, page(view))
    log.info("Wrote %d of %d campaigns to %s.", len(campaigns), total, target)
    return str(target)


def _require_plotly() -> None:
    from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

    try:
        import plotly.graph_objects  # noqa: F401
    except ImportError as error:
        raise AirflowOptionalProviderFeatureException(
            "The report needs plotly, which is not installed. The report was not written. "
            "Run: pip install 'airflow-provider-truepush[report]'"
        ) from error


def replace_file(target: Path, text: str) -> None:
    """Replace a file as a whole. A reader sees the old page or the new one, never a part of one."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
