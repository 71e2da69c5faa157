"""What can go wrong here."""

from __future__ import annotations


class LocalAirflowError(RuntimeError):
    """The local Airflow, or the emulator beside it, did not do what it was started for."""
