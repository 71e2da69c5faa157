"""Set a trigger inactive that must not send, when the change that created it is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushServerError,
)
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources.change import Outcome, set_status
from airflow_provider_truepush.resources.change_record import ChangeRecord
from airflow_provider_truepush.resources.decision import manual_decision
from airflow_provider_truepush.resources.names import find_named

log = get_logger(__name__)


def after_interruption(
    hook: TruepushHook, name: str, find_new: Callable[[], Iterable[Any]], interruption: BaseException
) -> None:
    """Set inactive what an interrupted change has created. This never fails.

    :param hook: the project.
    :param name: the trigger's name.
    :param find_new: lists what may have been created.
    :param interruption: what ends the task.
    """
    log.warning(
        "Interrupted (%s) while replacing an inactive trigger; looking for the new one to set it inactive.",
        type(interruption).__name__,
    )
    try:
        for row in find_new():
            _set_inactive(hook, name, row.id)
    except (TruepushError, AirflowException) as error:
        log.error("%s Set it inactive in Truepush, or clear the task.", _unconfirmed(name, error))


def all_new(hook: TruepushHook, record: ChangeRecord, rows: Iterable[Any]) -> str:
    """Set inactive what a change may have created under the name of an inactive trigger.

    :param hook: the project.
    :param record: of the change.
    :param rows: what appeared.
    :return: sentences that say of each row what was done with it.
    """
    return " ".join(_settle(hook, record, row) for row in rows)


def _settle(hook: TruepushHook, record: ChangeRecord, row: Any) -> str:
    if not record.may_have_created(row.id):
        return f"{row.id} was not created while this task sent its create, so it was left {row.status}."
    try:
        outcome = _set_inactive(hook, record.name, row.id)
    except TruepushError as error:
        log.error("%s", unconfirmed := f"Could not confirm that {row.id} is inactive: {error}")
        return f"{unconfirmed} The old one was inactive. Set {row.id} inactive in Truepush now."
    if outcome == "missing":
        return f"{row.id} has been deleted meanwhile."
    if outcome == "unchanged":
        return f"{row.id} was inactive already."
    return (
        f"{row.id} was set inactive, because the old one was. If something else created it, set it to "
        f"{row.status} again."
    )


def as_the_old_one(hook: TruepushHook, name: str, trigger_id: str | None, *, can_retry: bool) -> None:
    """Set the new trigger inactive, as the old one was.

    :param hook: the project.
    :param name: the trigger's name.
    :param trigger_id: its id; None when it is unknown.
    :param can_retry: whether the next try knows of it.
    :raises AirflowException: when it may be active.
    """
    named = f"The new trigger {name!r} ({trigger_id or 'of unknown id'})"
    if trigger_id is None:
        raise manual_decision(
            f"{named} could not be set inactive, because its id is unknown. The old one was inactive; the new "
            "one is active and may send. Set it inactive in Truepush now."
        )
    try:
        if set_status(hook, trigger_id, "inactive") == "missing":
            raise TruepushServerError(f"Truepush does not list the trigger {trigger_id}.")
    except TruepushError as error:
        what = (
            f"{named} could not be confirmed as inactive: {error} The old one was inactive; the new one may be "
            "active and send. Set it inactive in Truepush now, or clear the task to set it inactive."
        )
        if can_retry and not isinstance(error, (TruepushAuthError, TruepushBadRequestError)):
            raise AirflowException(what) from error
        stopped = manual_decision(what, error)
        raise stopped from stopped.__cause__
    log.warning(
        "The old trigger was inactive, so the new one (id %s) was set inactive. To send, set its status to active.",
        trigger_id,
    )


def of_another_item(hook: TruepushHook, record: ChangeRecord) -> str | None:
    """Set inactive what a change of an item created that this task no longer has.

    :param hook: the project.
    :param record: of the change, which replaced an inactive trigger and is not completed.
    :return: what could not be confirmed; None when nothing of the change is active.
    """
    try:
        for row in find_named(hook, "trigger", record.name):
            if row.id in record.old_ids or str(row.status).strip().lower() == "inactive":
                continue
            if record.may_have_created(row.id):
                _set_inactive(hook, record.name, row.id)
            else:
                log.warning(
                    "The trigger %s (%r) is %s. It was not created by %s, so its status was not changed.",
                    row.id,
                    record.name,
                    row.status,
                    record.author,
                )
    except (TruepushError, AirflowException) as error:
        log.error("%s", unconfirmed := _unconfirmed(record.name, error))
        return unconfirmed
    return None


def failed(failures: Sequence[str], *, can_retry: bool) -> AirflowException:
    """Return the error for triggers of other items that may be active.

    :param failures: what could not be confirmed.
    :param can_retry: whether the next try knows of them.
    """
    what = (
        f"{' '.join(failures)} Its old trigger was inactive, so it may send though it must not. "
        "The item that this task has now is completed."
    )
    if can_retry:
        return AirflowException(f"{what} Retry the task: it tries again to set it inactive.")
    return manual_decision(f"{what} Set it inactive in Truepush now, then mark the task as success.")


def _set_inactive(hook: TruepushHook, name: str, trigger_id: str) -> Outcome:
    if (outcome := set_status(hook, trigger_id, "inactive")) == "missing":
        log.warning("The new trigger %s (%r) has been deleted meanwhile.", trigger_id, name)
    else:
        log.warning("Set the new trigger %s (%r) inactive, because the old one was.", trigger_id, name)
    return outcome


def _unconfirmed(name: str, error: Exception) -> str:
    return f"Could not confirm that no trigger {name!r} is active: {error}"
