"""The asset URIs ``truepush://<project>/campaigns/<id>``, and ``truepush://<project>/campaigns`` for all of a project.

You choose the name of the project; by default it is the connection's id. Truepush's API has no names of projects.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_provider_truepush.api.checks.cut import beginning
from airflow_provider_truepush.api.errors import TruepushValidationError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset
    from airflow.providers.common.compat.sdk import Asset

SCHEME = "truepush"

_PROJECT = re.compile(r"[A-Za-z0-9._-]+")
_PATH = re.compile(r"/campaigns(?:/([0-9a-fA-F]{24}))?")


def campaign_uri(project: str, campaign_id: str | None = None) -> str:
    """Return the URI of a campaign, or of all campaigns of a project.

    :param project: letters, digits and ``._-``, as in a connection's id.
    :param campaign_id: the campaign; None for all.
    :raises TruepushValidationError: when one of them is not allowed in a URI.
    """
    return sanitize_uri(urlsplit(_uri(project, campaign_id))).geturl()


def sanitize_uri(uri: SplitResult) -> SplitResult:
    """Check an asset's URI and convert its id to lower case. Airflow calls this for every ``Asset("truepush://...")``."""
    matched = _PATH.fullmatch(uri.path.rstrip("/"))
    if not _PROJECT.fullmatch(uri.netloc) or matched is None or uri.query or uri.fragment:
        raise TruepushValidationError(
            f"asset URI: must be truepush://<project>/campaigns or truepush://<project>/campaigns/<id>, the project "
            f"of letters, digits and ._-, the id of 24 hexadecimal digits, got {beginning(uri.geturl(), 200)!r}"
        )
    campaign_id = matched.group(1)
    return uri._replace(path=f"/campaigns/{campaign_id.lower()}" if campaign_id else "/campaigns")


def create_asset(*, project: str, campaign_id: str | None = None, extra: dict[str, Any] | None = None) -> Asset:
    """Create the asset of a campaign, or of all campaigns of a project.

    :param project: the name used in the URI.
    :param campaign_id: the campaign; None for all.
    :param extra: the asset's own extra.
    """
    from airflow.providers.common.compat.sdk import Asset

    return Asset(uri=campaign_uri(project, campaign_id), extra=extra)


def convert_asset_to_openlineage(asset: Asset, lineage_context: Any) -> OpenLineageDataset:
    """Return the asset's OpenLineage dataset: namespace ``truepush://<project>``, name ``campaigns/<id>``.

    :param asset: an asset with a URI of this module.
    :param lineage_context: the operator or hook it comes from; not used.
    """
    from airflow.providers.common.compat.openlineage.facet import Dataset as OpenLineageDataset

    parts = sanitize_uri(urlsplit(asset.uri))
    return OpenLineageDataset(namespace=f"{SCHEME}://{parts.netloc}", name=parts.path.lstrip("/"))


def _uri(project: str, campaign_id: str | None) -> str:
    return f"{SCHEME}://{project}/campaigns" + ("" if campaign_id is None else f"/{campaign_id}")
