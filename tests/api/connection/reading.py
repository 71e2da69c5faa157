"""Read the settings of a connection with one part changed."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.connection.settings import Settings, read_settings
from tests.api.support import TOKEN


def read(
    extra: dict[str, Any] | None = None,
    *,
    host: str | None = None,
    scheme: str | None = None,
    port: int | None = None,
    token: str | None = TOKEN,
) -> Settings:
    return read_settings(host=host, scheme=scheme, port=port, token=token, extra=extra or {})
