"""What Airflow reads to discover this provider. Imports nothing of Airflow: it runs before Airflow is ready."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.connection.form import connection_type

_ASSETS = "airflow_provider_truepush.assets.truepush"


def get_provider_info() -> dict[str, Any]:
    """Return the provider's description as a new dict."""
    return {
        "package-name": "airflow-provider-truepush",
        "name": "Truepush",
        "description": "Web push campaigns, templates, triggers, segments and statistics of Truepush.",
        "connection-types": [connection_type()],
        "triggers": [
            {
                "integration-name": "Truepush",
                "python-modules": ["airflow_provider_truepush.triggers.campaign"],
            }
        ],
        "transfers": [
            {
                "source-integration-name": "Truepush",
                "target-integration-name": "SQL",
                "python-module": "airflow_provider_truepush.transfers.stats_to_sql",
            },
            {
                "source-integration-name": "Truepush",
                "target-integration-name": "Object storage",
                "python-module": "airflow_provider_truepush.transfers.stats_to_object_storage",
            },
        ],
        "task-decorators": [
            {
                "name": "truepush_campaign",
                "class-name": "airflow_provider_truepush.decorators.truepush_campaign_task",
            }
        ],
        "notifications": ["airflow_provider_truepush.notifications.truepush.TruepushNotifier"],
        "asset-uris": [_asset_uris()],
        "dataset-uris": [_asset_uris()],  # their name before Airflow 3
    }


def _asset_uris() -> dict[str, Any]:
    return {
        "schemes": ["truepush"],
        "handler": f"{_ASSETS}.sanitize_uri",
        "factory": f"{_ASSETS}.create_asset",
        "to_openlineage_converter": f"{_ASSETS}.convert_asset_to_openlineage",
    }
