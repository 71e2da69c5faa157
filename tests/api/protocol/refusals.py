"""Documented refusals of creates."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.exceptions import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushRateLimitError,
)

#: The documented refusals, written down a second time: HTTP statuses, numbers, and what they raise.
DOCUMENTED: dict[str, tuple[set[int], set[Any], type[TruepushError]]] = {
    "BAD-REQUEST": ({200, 400, 401}, {400, "400", 401}, TruepushBadRequestError),
    "TOKEN-NOT-FOUND": ({200, 401}, {401}, TruepushAuthError),
    "API-LIMIT-EXCEEDED": ({200, 429}, {429}, TruepushRateLimitError),
}
