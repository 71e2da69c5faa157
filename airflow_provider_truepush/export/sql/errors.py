"""The errors of a warehouse."""

from __future__ import annotations

from airflow_provider_truepush.exceptions import TruepushError, TruepushValidationError


class WarehouseError(TruepushError):
    """The database could not be read or written. Earlier batches are kept, and the next try continues from there."""


class SchemaError(TruepushValidationError):
    """The tables do not have the form that an export needs, and it may not or cannot change them."""


class NotConnectedError(Exception):
    """A connection could not be opened. It stays inside this room: a ``WarehouseError`` is raised instead.

    :param cause: the driver's error.
    """

    def __init__(self, cause: Exception) -> None:
        super().__init__(said(cause))
        self.cause = cause


def said(error: BaseException) -> str:
    """Return a driver's error on one line, with its class."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
