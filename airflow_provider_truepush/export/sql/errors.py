"""What can be wrong with a warehouse."""

from __future__ import annotations

from airflow_provider_truepush.exceptions import TruepushError, TruepushValidationError


class WarehouseError(TruepushError):
    """The database could not be read or written. Batches before this one are kept; the next try goes on there."""


class SchemaError(TruepushValidationError):
    """The tables are not what an export needs, and it was told not to change them, or cannot. Nothing was fetched."""


def said(error: BaseException) -> str:
    """A driver's words on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
