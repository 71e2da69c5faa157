"""Send a create once, and look up its id when the answer was lost or does not contain it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.api.checks.values import is_dry_run_id
from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushError
from airflow_provider_truepush.api.protocol.exchange import without_next_step
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.resources.repeat import repeat_what_was_not_sent

log = get_logger(__name__)


def send_create(
    create: Callable[[], str | None],
    kind: str,
    name: str,
    find_new: Callable[[], list[Any]],
    settings: Settings,
    sleep: Callable[[float], None],
    *,
    consequence: str,
    is_recorded: bool,
) -> str | None:
    """Send a create once, and look up the id when the answer does not contain it.

    :param create: sends it.
    :param kind: ``template`` or ``trigger``.
    :param name: of what is created.
    :param find_new: lists what has the name now and did not have it before.
    :param settings: of the connection.
    :param sleep: waits before a request is repeated that is known not to have been carried out.
    :param consequence: what was changed before it, for errors.
    :param is_recorded: whether a later try knows of it.
    :return: the id; None when it was created and its id is unknown.
    :raises AirflowFailException: when it is unknown whether it was created.
    """
    try:
        created = repeat_what_was_not_sent(create, settings, sleep)
    except TruepushAmbiguousError as doubt:
        return _find_after_doubt(doubt, kind, name, find_new, consequence, is_recorded=is_recorded)
    if created is None:
        return _find_id(kind, name, find_new)
    if is_dry_run_id(created):
        log.info("Dry run: no %s was created; the id %s is a placeholder.", kind, created)
    else:
        log.info("Created the %s %r (id %s).", kind, name, created)
    return created


def _find_after_doubt(
    doubt: TruepushAmbiguousError,
    kind: str,
    name: str,
    find_new: Callable[[], list[Any]],
    consequence: str,
    *,
    is_recorded: bool,
) -> str:
    way_out = (
        f"{consequence} This needs a manual decision: check in Truepush whether the {kind} {name!r} "
        f"exists, then clear the task. "
    )
    way_out += (
        "It looks again, keeps the one that was created, and creates it if there is none."
        if is_recorded
        else "If it exists, set if_exists='reuse' first."
    )
    what = without_next_step(doubt)
    try:
        new = find_new()
    except TruepushError as error:
        raise AirflowFailException(f"{what} Looking for it failed too: {error} {way_out.strip()}") from doubt
    if len(new) == 1:
        log.warning("%s The list shows one new %s of this name (id %s); using it.", what, kind, new[0].id)
        return str(new[0].id)
    listed = f"{len(new)} new ones: {', '.join(row.id for row in new)}" if new else "no new one (yet)"
    raise AirflowFailException(f"{what} The list shows {listed} of the name {name!r}. {way_out.strip()}") from doubt


def _find_id(kind: str, name: str, find_new: Callable[[], list[Any]]) -> str | None:
    try:
        new = find_new()
    except TruepushError as error:
        log.warning("Could not look up the id of the new %s %r: %s", kind, name, error)
        new = []
    if len(new) == 1:
        log.info("Created the %s %r (id %s, from the list).", kind, name, new[0].id)
        return str(new[0].id)
    log.warning(
        "Created the %s %r, but Truepush returned no id and the list shows %d new ones of this name%s.",
        kind,
        name,
        len(new),
        f": {', '.join(row.id for row in new)}" if new else "",
    )
    return None
