"""Apache Airflow provider for Truepush, the web push notification platform."""

from __future__ import annotations

__version__ = "0.1.0"

__all__ = ["__version__"]
