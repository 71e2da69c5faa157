"""The errors of this provider, and what each means.

::

    TruepushError                            any failure of this provider, or of Truepush
    ├── TruepushAuthError                    the token is missing, wrong or revoked
    ├── TruepushBadRequestError              Truepush refused the content of a request
    │   └── TruepushValidationError          this provider refused a value before it sent a request (also a ValueError)
    │       ├── TruepushArgumentError        an argument of an operator (also an AirflowFailException: no retry)
    │       └── TruepushSchemaError          tables do not have the form that an export needs
    ├── TruepushRateLimitError               too many requests; `retry_after` says when to continue
    ├── TruepushServerError                  Truepush, or a proxy before it, failed; `retry_after` as above
    ├── TruepushConnectionError              no byte of the request was sent
    │   └── TruepushConnectionLookupError    Airflow did not return the connection
    ├── TruepushAmbiguousError               the request was sent, and the change may have been made
    ├── TruepushProtocolError                a complete answer that cannot be read
    ├── TruepushListMovedError               a list changed during every reading
    ├── TruepushSendExpiredError             the time in which a send may begin has passed
    ├── TruepushSendStoreError               the send store, such as the ledger, could not be read or written
    ├── TruepushExportInterruptedError       an export ended early; the next try continues
    ├── TruepushStorageError                 the folder or bucket of an export could not be written
    ├── TruepushWarehouseError               the database of an export could not be read or written
    └── TruepushReportError                  a report could not be made

The emulator's own errors, in ``airflow_provider_truepush.emulator.errors``, are below the same root.

Catch :class:`TruepushError` for all of them. Only after :class:`TruepushAmbiguousError` may something have been created
or changed without this provider knowing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushConnectionLookupError,
    TruepushError,
    TruepushExportInterruptedError,
    TruepushListMovedError,
    TruepushProtocolError,
    TruepushRateLimitError,
    TruepushSchemaError,
    TruepushSendExpiredError,
    TruepushSendStoreError,
    TruepushServerError,
    TruepushStorageError,
    TruepushValidationError,
    TruepushWarehouseError,
    renamed,
)

if TYPE_CHECKING:
    from airflow_provider_truepush.operators.arguments import TruepushArgumentError
    from airflow_provider_truepush.report.errors import TruepushReportError

__all__ = [
    "TruepushAmbiguousError",
    "TruepushArgumentError",
    "TruepushAuthError",
    "TruepushBadRequestError",
    "TruepushConnectionError",
    "TruepushConnectionLookupError",
    "TruepushError",
    "TruepushExportInterruptedError",
    "TruepushListMovedError",
    "TruepushProtocolError",
    "TruepushRateLimitError",
    "TruepushReportError",
    "TruepushSchemaError",
    "TruepushSendExpiredError",
    "TruepushSendStoreError",
    "TruepushServerError",
    "TruepushStorageError",
    "TruepushValidationError",
    "TruepushWarehouseError",
]

#: Errors whose modules need more than this one does: the first is one of Airflow's errors, too.
_ELSEWHERE = {
    "TruepushArgumentError": "airflow_provider_truepush.operators.arguments",
    "TruepushReportError": "airflow_provider_truepush.report.errors",
}
_RENAMED = {
    "TruepushLedgerError": TruepushSendStoreError,
    "SendStoreError": TruepushSendStoreError,
    "SchemaError": TruepushSchemaError,
    "WarehouseError": TruepushWarehouseError,
    "StorageError": TruepushStorageError,
    "ExportBrokenOffError": TruepushExportInterruptedError,
}


def __getattr__(name: str) -> Any:
    if name in _ELSEWHERE:
        return getattr(import_module(_ELSEWHERE[name]), name)
    return renamed(__name__, name, _RENAMED)
