"""What a task that created a campaign tells Airflow and OpenLineage."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import Asset, AssetAlias, BaseOperator

from airflow_provider_truepush.lineage.campaign import CampaignLineage

CAMPAIGN = "5f8d407ad11b5a2c2c524f63"
TOLD = {
    "campaign_id": CAMPAIGN,
    "title": "Boots",
    "created_at": "2020-10-19T07:30:02+00:00",
    "project": "shop",
    "uri": f"truepush://shop/campaigns/{CAMPAIGN}",
}


class Create(CampaignLineage, BaseOperator):
    """An operator that calls what the provider's own one calls."""

    def __init__(self, *, truepush_conn_id: str = "shop", segment_id: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.truepush_conn_id = truepush_conn_id
        self.segment_id = segment_id


@pytest.fixture
def context() -> dict[str, Any]:
    """With Airflow's own events of outlets."""
    return {"outlet_events": pytest.importorskip("airflow.sdk.execution_time.context").OutletEventAccessors()}


def test_an_assets_event_names_the_campaign(context: dict[str, Any]) -> None:
    asset, other = Asset("truepush://shop/campaigns"), Asset(name="something else")
    task = Create(task_id="t", truepush_conn_id="truepush_default", outlets=[asset, other])
    task.publish_campaign(context, CAMPAIGN, "Boots")  # type: ignore[arg-type]
    assert context["outlet_events"][asset].extra == TOLD
    assert context["outlet_events"][other].extra == TOLD


def test_an_alias_gets_the_campaigns_own_asset(context: dict[str, Any]) -> None:
    alias = AssetAlias("campaigns")
    Create(task_id="t", outlets=[alias]).publish_campaign(context, CAMPAIGN, "Boots")  # type: ignore[arg-type]
    (event,) = context["outlet_events"][alias].asset_alias_events
    assert event.dest_asset_key.uri == TOLD["uri"]
    assert event.extra == TOLD


@pytest.mark.parametrize("campaign_id", ["dry-run-0123456789abcdef", None])
def test_what_has_no_id_of_truepush_has_no_asset(context: dict[str, Any], campaign_id: str | None) -> None:
    alias, asset = AssetAlias("campaigns"), Asset("truepush://shop/campaigns")
    task = Create(task_id="t", outlets=[alias, asset])
    task.publish_campaign(context, campaign_id, "Boots")  # type: ignore[arg-type]
    assert context["outlet_events"][alias].asset_alias_events == []
    assert context["outlet_events"][asset].extra == {
        **TOLD,
        "campaign_id": campaign_id,
        "created_at": None,
        "uri": None,
    }
    assert task.get_openlineage_facets_on_complete(None) is None


def test_without_outlets_nothing_happens(context: dict[str, Any]) -> None:
    Create(task_id="t").publish_campaign(context, CAMPAIGN, "Boots")  # type: ignore[arg-type]
    assert len(context["outlet_events"]) == 0


@pytest.mark.parametrize("broken", [{}, {"outlet_events": None}])
def test_it_never_fails_a_task_whose_campaign_is_out(broken: Any) -> None:
    task = Create(task_id="t", outlets=[Asset("truepush://shop/campaigns")])
    task.publish_campaign(broken, CAMPAIGN, "Boots")


def test_a_connection_whose_id_fits_no_uri_fails_nothing(context: dict[str, Any]) -> None:
    task = Create(task_id="t", truepush_conn_id="a/b", outlets=[AssetAlias("campaigns")])
    task.publish_campaign(context, CAMPAIGN, "Boots")  # type: ignore[arg-type]
    assert task.get_openlineage_facets_on_complete(None) is None


def test_a_task_that_created_nothing_has_no_openlineage_facets() -> None:
    assert Create(task_id="t").get_openlineage_facets_on_complete(None) is None


def test_openlineage_facets(context: dict[str, Any]) -> None:
    pytest.importorskip("airflow.providers.openlineage.extractors")
    task = Create(task_id="t", segment_id="a" * 24)
    task.publish_campaign(context, CAMPAIGN, "Boots")  # type: ignore[arg-type]
    lineage = task.get_openlineage_facets_on_complete(None)
    assert lineage is not None
    (campaign,), (segment,) = lineage.outputs, lineage.inputs
    assert (campaign.namespace, campaign.name) == ("truepush://shop", f"campaigns/{CAMPAIGN}")
    assert campaign.facets["documentation"].description == "Boots"
    assert campaign.facets["lifecycleStateChange"].lifecycleStateChange.value == "CREATE"
    assert (segment.namespace, segment.name) == ("truepush://shop", "segments/" + "a" * 24)
