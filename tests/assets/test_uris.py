"""Asset URIs: what they look like, and what Airflow and OpenLineage make of them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.providers.common.compat.sdk import Asset
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS, AIRFLOW_V_3_1_PLUS

from airflow_provider_truepush.assets import truepush
from airflow_provider_truepush.assets.truepush import (
    campaign_uri,
    convert_asset_to_openlineage,
    create_asset,
    sanitize_uri,
)
from airflow_provider_truepush.exceptions import TruepushValidationError

CAMPAIGN = "5f8d407ad11b5a2c2c524f63"

#: There, Airflow asks its providers for the handler of a scheme.
on_airflow_3 = pytest.mark.skipif(not AIRFLOW_V_3_0_PLUS, reason="Airflow 2 has no handlers of asset URIs")


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (f"truepush://shop/campaigns/{CAMPAIGN}", f"truepush://shop/campaigns/{CAMPAIGN}"),
        (f"truepush://shop/campaigns/{CAMPAIGN.upper()}/", f"truepush://shop/campaigns/{CAMPAIGN}"),
        ("truepush://truepush_default/campaigns", "truepush://truepush_default/campaigns"),
        ("TRUEPUSH://My-Shop.2/campaigns/", "truepush://My-Shop.2/campaigns"),
    ],
)
@on_airflow_3
def test_good_uris_are_taken_and_written_one_way(given: str, clean: str) -> None:
    assert Asset(given).uri == clean
    assert Asset(clean).uri == clean


@pytest.mark.parametrize(
    "uri",
    [
        "truepush://shop",
        "truepush:///campaigns",
        f"truepush://shop/campaign/{CAMPAIGN}",
        f"truepush://shop/campaigns/{CAMPAIGN}/stats",
        "truepush://shop/campaigns/5f8d",
        "truepush://shop/campaigns/dry-run-0123456789abcdef",
        f"truepush://shop:80/campaigns/{CAMPAIGN}",
        f"truepush://shop/campaigns/{CAMPAIGN}?page=2",
        "truepush://shöp/campaigns",
    ],
)
@on_airflow_3
def test_bad_uris_say_what_a_good_one_is(uri: str) -> None:
    with pytest.raises(TruepushValidationError, match="truepush://<project>/campaigns/<id>"):
        Asset(uri)


@pytest.mark.filterwarnings("ignore:An Asset URI should not contain auth info")
@on_airflow_3
def test_a_user_has_no_place_in_a_uri() -> None:
    uri = f"truepush://user@shop/campaigns/{CAMPAIGN}"
    with pytest.raises(TruepushValidationError, match="truepush://<project>/campaigns/<id>"):
        sanitize_uri(urlsplit(uri))
    if AIRFLOW_V_3_1_PLUS:
        with pytest.raises(TruepushValidationError):
            Asset(uri)
    else:  # Airflow itself removes the user, and warns
        assert Asset(uri).uri == f"truepush://shop/campaigns/{CAMPAIGN}"


@pytest.mark.parametrize("project", ["", "a/b", "a b", "a?b", "a#b", "a@b", "shop/campaigns"])
def test_a_project_without_a_place_in_a_uri_is_refused(project: str) -> None:
    with pytest.raises(TruepushValidationError):
        campaign_uri(project, CAMPAIGN)


def test_the_factory_makes_the_asset() -> None:
    assert create_asset(project="shop", campaign_id=CAMPAIGN, extra={"a": 1}) == Asset(
        uri=f"truepush://shop/campaigns/{CAMPAIGN}", extra={"a": 1}
    )
    assert create_asset(project="shop").uri == "truepush://shop/campaigns"


def test_openlineage_gets_namespace_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    facets = pytest.importorskip("airflow.providers.common.compat.openlineage.facet")
    monkeypatch.setattr(facets, "Dataset", lambda **parts: parts)  # OpenLineage itself may not be installed
    converted: Any = convert_asset_to_openlineage(create_asset(project="shop", campaign_id=CAMPAIGN), None)
    assert converted == {"namespace": "truepush://shop", "name": f"campaigns/{CAMPAIGN}"}


def test_the_sanitizer_changes_nothing_that_is_clean() -> None:
    parts = urlsplit(campaign_uri("shop", CAMPAIGN))
    assert sanitize_uri(parts) == parts
    assert parts.scheme == truepush.SCHEME
