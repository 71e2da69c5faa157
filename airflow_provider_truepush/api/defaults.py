"""Defaults of arguments that Dag files give."""

from __future__ import annotations

#: Failed polls in a row that a wait survives by default.
DEFAULT_ERROR_BUDGET = 5
