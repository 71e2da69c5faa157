"""The error that stops a task for a manual decision about a template or trigger."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.errors import TruepushAmbiguousError


def manual_decision(message: str, cause: Exception | None = None) -> AirflowFailException:
    """Return the error. Its cause is a ``TruepushAmbiguousError``, as that of a send in doubt: alerts look for it.

    :param message: what is unknown, and what to do.
    :param cause: the error that led to it.
    """
    doubt = TruepushAmbiguousError(message)
    doubt.__cause__ = cause
    error = AirflowFailException(message)
    error.__cause__ = doubt
    return error
