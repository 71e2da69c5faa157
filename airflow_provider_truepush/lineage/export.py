"""Asset events and OpenLineage datasets of an export."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.assets.truepush import SCHEME

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

    from airflow_provider_truepush.export.export import Outcome
    from airflow_provider_truepush.export.rows import ExportRun

log = logging.getLogger(__name__)


class ExportLineage:
    """Publish an export, for operators that export: the summary for XCom, asset events, and OpenLineage datasets.

    An ``Asset`` outlet's event gets the summary as its extra.
    """

    if TYPE_CHECKING:
        outlets: list[Any]

    _exported: dict[str, Any] | None = None

    def lineage_outputs(self) -> Iterable[tuple[str, str]]:
        """Return the namespace and name of each dataset that was written. OpenLineage needs them after the export."""
        return ()

    def publish_export(self, context: Context, run: ExportRun, outcome: Outcome) -> dict[str, Any]:
        """Create the summary, and attach it to the task's asset events.

        :return: JSON primitives.
        """
        summary: dict[str, Any] = {
            "rows": outcome.rows,
            "campaigns": outcome.campaigns,
            "missing": outcome.missing,
            "regressed": outcome.regressed + outcome.sink.regressed,
            "titles_replaced": outcome.sink.titles_replaced,
            "resumed": outcome.resumed,
            "left_out": outcome.left_out,
            "project": run.project,
            "snapshot_key": run.snapshot_key,
            "past_interval": run.past_interval,
            "min_observed_at": _iso(outcome.min_observed_at),
            "max_observed_at": _iso(outcome.max_observed_at),
        }
        # SQLAlchemy's names are strings of a special class, which Airflow refuses to send to its server.
        summary = json.loads(json.dumps(summary | dict(outcome.sink.summary)))
        self._exported = summary
        try:
            _attach(context, self.outlets, summary)
        except Exception as error:
            log.warning("Could not attach the export to the asset events: %s", error)
        return summary

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """Return the campaigns as input and the written datasets as output. OpenLineage's provider calls this."""
        summary = self._exported
        if summary is None:
            return None
        from airflow.providers.common.compat.openlineage.facet import Dataset
        from airflow.providers.openlineage.extractors import OperatorLineage

        source = Dataset(namespace=f"{SCHEME}://{summary['project']}", name="campaigns")
        outputs = []
        try:
            outputs = [Dataset(namespace=namespace, name=name) for namespace, name in self.lineage_outputs()]
        except Exception as error:
            log.warning("Could not determine the OpenLineage outputs: %s", error)
        return OperatorLineage(inputs=[source], outputs=outputs)


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _attach(context: Context, outlets: Iterable[Any], summary: dict[str, Any]) -> None:
    from airflow.providers.common.compat.sdk import Asset

    for outlet in outlets:
        if isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(summary)
