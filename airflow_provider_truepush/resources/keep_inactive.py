"""Set a trigger inactive that must not send, when the change that created it is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources.change import set_status
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


def _set_inactive(hook: TruepushHook, name: str, trigger_id: str) -> None:
    if set_status(hook, trigger_id, "inactive") == "missing":
        log.warning("The new trigger %s (%r) has been deleted meanwhile.", trigger_id, name)
    else:
        log.warning("Set the new trigger %s (%r) inactive, because the old one was.", trigger_id, name)


def _unconfirmed(name: str, error: Exception) -> str:
    return f"Could not confirm that no trigger {name!r} is active: {error}"
