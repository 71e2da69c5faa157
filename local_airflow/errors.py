"""The error of a local Airflow."""

from __future__ import annotations


class LocalAirflowError(RuntimeError):
    """The local Airflow or its emulator did not start, did not answer or ended with an error."""
