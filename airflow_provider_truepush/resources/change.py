"""Delete a resource, or set a trigger's status. After a lost answer, the list decides the result."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushError,
    TruepushProtocolError,
    TruepushServerError,
)
from airflow_provider_truepush.api.protocol import answers, calls
from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources.names import find_by_id

log = get_logger(__name__)

Outcome = Literal["changed", "unchanged", "missing"]
#: Errors after which the change may have been made.
_DOUBTS = (TruepushAmbiguousError, TruepushServerError, TruepushProtocolError)


def delete(hook: TruepushHook, kind: Literal["template", "trigger", "segment"], row_id: str) -> Outcome:
    """Delete one resource.

    :param hook: the project.
    :param kind: what it is.
    :param row_id: its id.
    :return: ``changed`` when it was deleted, ``missing`` when Truepush knows no such id.
    :raises TruepushError: when it still exists, or that is unknown.
    """
    call = {"template": calls.delete_template, "trigger": calls.delete_trigger, "segment": calls.delete_segment}[kind](
        row_id
    )
    doubt: TruepushError | None = None
    try:
        deleted = _run(hook, call)
    except _DOUBTS as error:
        deleted, doubt = None, error
    if deleted:
        return "changed"
    # A proxy may have answered HTTP 204 in place of Truepush, and a trigger that still exists sends.
    if find_by_id(hook, kind, row_id) is not None:
        raise doubt or TruepushServerError(
            f"Truepush reported that there is no {kind} {row_id} to delete, but lists it. It was not deleted. "
            "Retry the task.",
            endpoint=call.endpoint.name,
        )
    if deleted is not None:
        return "missing"
    log.warning("An answer to the deletion of %s %s was lost; the list no longer shows it.", kind, row_id)
    return "changed"


def set_status(hook: TruepushHook, trigger_id: str, status: Literal["active", "inactive"]) -> Outcome:
    """Set the status of a trigger.

    :param hook: the project.
    :param trigger_id: its id.
    :param status: the new status.
    :return: ``changed``, ``unchanged`` when it had this status before, or ``missing``.
    :raises TruepushError: when it has another status, or that is unknown.
    """
    call = calls.set_trigger_status(trigger_id, status)
    doubt: TruepushError | None = None
    try:
        changed = _run(hook, call)
    except _DOUBTS as error:
        changed, doubt = None, error
    if changed:
        return "changed"
    # Truepush answers alike for a trigger that has the status already and for one that does not exist.
    row = find_by_id(hook, "trigger", trigger_id)
    if row is None:
        return "missing"
    if str(row.status).strip().lower() != status:
        raise doubt or TruepushServerError(
            f"Truepush did not set the trigger {trigger_id} to {status}; it lists the trigger as {row.status!r}. "
            "Its status was not changed. Retry the task.",
            endpoint=call.endpoint.name,
        )
    if changed is None:
        log.warning("An answer about the status of trigger %s was lost; the list shows it as %s.", trigger_id, status)
        return "changed"
    return "unchanged"


def _run(hook: TruepushHook, call: Call[bool]) -> bool | None:
    """Run a call; return None when a repeat found nothing to change and the request before it may have changed it."""
    endpoint: Endpoint[Any] = call.endpoint
    unknown = replace(endpoint, on_repeated=answers.nothing)
    result: bool | None = hook.get_conn().execute(Call(unknown, call.argument, call.payload))
    return result


def settle_missing(message: str, if_missing: str) -> Literal[False]:
    """Fail or skip the task, or continue, because something does not exist.

    :param message: what does not exist.
    :param if_missing: ``ignore``, ``skip`` or ``fail``.
    :return: False: nothing was changed.
    """
    if if_missing == "fail":
        raise AirflowFailException(message)
    if if_missing == "skip":
        raise AirflowSkipException(message)
    log.info(message)
    return False
