"""The errors of a warehouse."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.checks import cut
from airflow_provider_truepush.api.errors import TruepushSchemaError, TruepushWarehouseError, renamed

__all__ = ["NotConnectedError", "TruepushSchemaError", "TruepushWarehouseError", "class_and_text"]


class NotConnectedError(Exception):
    """A connection could not be opened. Used inside this folder only; callers get a ``TruepushWarehouseError``.

    :param cause: the driver's error.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(class_and_text(cause))
        self.cause = cause


def class_and_text(error: BaseException) -> str:
    """Return a driver's error on one line, with its class."""
    return f"{type(error).__name__}: {cut.error_text(error)}"


def __getattr__(name: str) -> Any:
    return renamed(__name__, name, {"WarehouseError": TruepushWarehouseError, "SchemaError": TruepushSchemaError})
