"""The results of calls that a dry run does not send."""

from __future__ import annotations

import hashlib
from typing import Any, TypeVar, cast

from airflow_provider_truepush.api.checks.values import DRY_RUN_PREFIX, is_dry_run_id
from airflow_provider_truepush.api.protocol.endpoints import Call

T = TypeVar("T")


def stays_here(call: Call[Any], dry_run: bool) -> bool:
    """Return whether a call must not be sent: in a dry run, or for an id that a dry run returned."""
    return (dry_run and not call.endpoint.reads) or is_dry_run_id(call.argument)


def pretend(call: Call[T]) -> T:
    """Return a result in place of the server's: an id that cannot be an ObjectId, True, or no stats."""
    endpoint = call.endpoint
    if endpoint.reads:
        return endpoint.on_negative("")
    if endpoint.action != "create":
        return endpoint.on_success("", None)
    digest = hashlib.sha256(endpoint.name.encode() + (call.body or b"")).hexdigest()[:16]
    return cast("T", DRY_RUN_PREFIX + digest)


def describe(call: Call[Any]) -> str:
    """Return the request that would have been sent."""
    body = call.body
    return f"{call}{' ' + body.decode() if body else ''}"
