"""Asset events and OpenLineage facets of a campaign that a task created."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_truepush.api.checks.values import created_at, is_dry_run_id
from airflow_provider_truepush.assets.truepush import SCHEME, campaign_uri, create_asset

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context
    from airflow.providers.openlineage.extractors import OperatorLineage

log = logging.getLogger(__name__)


class CampaignLineage:
    """Attach a campaign's id to asset events and OpenLineage facets, for operators that create campaigns.

    The operator calls :meth:`publish_campaign` after the send, in the process that ends the task. Airflow emits the
    events of the task's outlets when the task succeeds:

    - an ``Asset`` outlet's event gets ``campaign_id, title, created_at, project, uri`` as its extra, the keys of the
      payload of :class:`~airflow_provider_truepush.triggers.campaign.TruepushNewCampaignsTrigger`;
    - an ``AssetAlias`` outlet gets an event of the campaign's own asset, ``truepush://<project>/campaigns/<id>``.

    The project is that of a ``truepush://`` outlet, or else the connection's id.
    """

    if TYPE_CHECKING:
        outlets: list[Any]
        truepush_conn_id: str
        segment_id: str | None

    _published: dict[str, Any] | None = None

    def publish_campaign(self, context: Context, campaign_id: str | None, title: str) -> None:
        """Attach the campaign to the task's asset events. Raises nothing, because the campaign was sent already.

        :param context: Airflow's context.
        :param campaign_id: its id, a dry run's, or None when Truepush returned none.
        :param title: its title.
        """
        try:
            project = _project(self.outlets) or self.truepush_conn_id
            self._published = _description(project, campaign_id, title)
            _attach(context, self.outlets, self._published)
        except Exception as error:
            log.warning("Could not attach campaign %s to the asset events: %s", campaign_id, error)

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any] | None:
        """Return the campaign as an output dataset and its segment as an input. OpenLineage's provider calls this."""
        published = self._published
        if published is None or published["uri"] is None:
            return None
        from airflow.providers.common.compat.openlineage.facet import (
            Dataset,
            DocumentationDatasetFacet,
            LifecycleStateChange,
            LifecycleStateChangeDatasetFacet,
        )
        from airflow.providers.openlineage.extractors import OperatorLineage

        namespace = f"{SCHEME}://{published['project']}"
        facets = {
            "documentation": DocumentationDatasetFacet(description=published["title"]),
            "lifecycleStateChange": LifecycleStateChangeDatasetFacet(LifecycleStateChange.CREATE),
        }
        campaign = Dataset(namespace=namespace, name=f"campaigns/{published['campaign_id']}", facets=facets)
        segments = [Dataset(namespace=namespace, name=f"segments/{self.segment_id}")] if self.segment_id else []
        return OperatorLineage(inputs=segments, outputs=[campaign])


def _project(outlets: Iterable[Any]) -> str | None:
    for outlet in outlets:
        parts = urlsplit(str(getattr(outlet, "uri", "")))
        if parts.scheme == SCHEME and parts.netloc:
            return parts.netloc
    return None


def _description(project: str, campaign_id: str | None, title: str) -> dict[str, Any]:
    real = campaign_id is not None and not is_dry_run_id(campaign_id)
    created = created_at(campaign_id) if campaign_id else None
    return {
        "campaign_id": campaign_id,
        "title": title,
        "created_at": None if created is None else created.isoformat(),
        "project": project,
        "uri": campaign_uri(project, campaign_id) if real else None,
    }


def _attach(context: Context, outlets: Iterable[Any], described: dict[str, Any]) -> None:
    from airflow.providers.common.compat.sdk import Asset, AssetAlias

    for outlet in outlets:
        if isinstance(outlet, AssetAlias) and described["uri"]:
            asset = create_asset(project=described["project"], campaign_id=described["campaign_id"])
            context["outlet_events"][outlet].add(asset, extra=dict(described))
        elif isinstance(outlet, Asset):
            context["outlet_events"][outlet].extra.update(described)
