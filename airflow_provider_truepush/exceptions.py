"""The errors of this provider; see :mod:`airflow_provider_truepush.api.errors`."""

from __future__ import annotations

from airflow_provider_truepush.api.errors import (
    SendStoreError,
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushConnectionLookupError,
    TruepushError,
    TruepushLedgerError,
    TruepushListMovedError,
    TruepushProtocolError,
    TruepushRateLimitError,
    TruepushSendExpiredError,
    TruepushServerError,
    TruepushValidationError,
)

__all__ = [
    "SendStoreError",
    "TruepushAmbiguousError",
    "TruepushAuthError",
    "TruepushBadRequestError",
    "TruepushConnectionError",
    "TruepushConnectionLookupError",
    "TruepushError",
    "TruepushLedgerError",
    "TruepushListMovedError",
    "TruepushProtocolError",
    "TruepushRateLimitError",
    "TruepushSendExpiredError",
    "TruepushServerError",
    "TruepushValidationError",
]
