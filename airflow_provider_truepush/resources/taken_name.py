"""Decide what it means that Truepush reports the name of a trigger as taken, after the task has seen it free.

A proxy may answer HTTP 204 in place of Truepush, or send the create twice, so that the second one finds the name of the
first. So the list is read again before it counts as proof that nothing was created.
"""

from __future__ import annotations

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.errors import TruepushBadRequestError, TruepushError
from airflow_provider_truepush.api.protocol.evidence import NAME_TAKEN
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources import keep_inactive
from airflow_provider_truepush.resources.create_by_name import CreateByName, IfExists
from airflow_provider_truepush.resources.decision import manual_decision

log = get_logger(__name__)


def settle_taken(
    hook: TruepushHook,
    create: CreateByName,
    error: TruepushError,
    *,
    if_exists: IfExists,
    inactive: bool,
    consequence: str,
) -> str | None:
    """Return the id of what has the name now; None when the refusal is believed, or the error is another one.

    :param hook: the project.
    :param create: the create of a trigger.
    :param error: its end.
    :param if_exists: only ``reuse`` keeps what something else may have created.
    :param inactive: whether the new trigger must be inactive. What this task may have created is set inactive then.
    :param consequence: what was changed before it, for errors.
    :raises AirflowFailException: when it is unknown whether the trigger was created.
    """
    if not isinstance(error, TruepushBadRequestError) or error.code != NAME_TAKEN.code:
        return None
    active = " If the new one exists, it is active and may send: set it inactive in Truepush now." if inactive else ""
    try:
        new = create.find_new()
    except TruepushError as failure:
        stopped = _doubt(create, f"Looking for it failed: {failure}", consequence + active, error)
        raise stopped from stopped.__cause__
    if not new:
        if error.http_status != 204:
            return None  # Truepush's own words, and the list agrees
        found = "The answer was empty, as a proxy's may be, and the list shows no new one (yet)."
        raise _doubt(create, found, consequence + active, error)
    if len(new) == 1 and if_exists == "reuse":
        log.warning(
            "Truepush reports the name of the trigger %r as taken. It was free before, and the list now shows one new "
            "trigger of this name (id %s); using it.",
            create.name,
            new[0].id,
        )
        return str(new[0].id)
    found = f"Now a trigger of this name already exists: {', '.join(row.id for row in new)}."
    if inactive and create.begun is not None:
        found += f" {keep_inactive.all_new(hook, create.begun, new)}"
    raise _doubt(create, found, consequence, error)


def _doubt(create: CreateByName, found: str, consequence: str, error: TruepushError) -> AirflowFailException:
    way_out = (
        "If something else created it, choose another name, or delete it first. Then clear the task. It looks again, "
        "keeps an existing one, and creates it if it does not exist."
        if create.records.are_kept
        else "Then clear the task; if the trigger exists, set if_exists='reuse' first."
    )
    return manual_decision(
        f"Truepush reports the name of the trigger {create.name!r} as taken, though the list showed it as free. "
        f"{found} It is unknown whether this task created it. {consequence}{' ' if consequence else ''}"
        f"This needs a manual decision: check the trigger in Truepush. {way_out}",
        error,
    )
