"""Set a trigger inactive that must not send, when the change that created it is not completed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources.change import set_status
from airflow_provider_truepush.resources.change_record import ChangeRecord
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
    _set_inactive(hook, name, find_new)


def of_another_item(hook: TruepushHook, record: ChangeRecord) -> None:
    """Set inactive what a change of an item created that this task no longer has. This never fails.

    :param hook: the project.
    :param record: of the change, which replaced an inactive trigger and is not completed.
    """

    def find_new() -> list[Any]:
        rows = [row for row in find_named(hook, "trigger", record.name) if row.id not in record.old_ids]
        return [row for row in rows if str(row.status).strip().lower() != "inactive"]

    _set_inactive(hook, record.name, find_new)


def _set_inactive(hook: TruepushHook, name: str, find_new: Callable[[], Iterable[Any]]) -> None:
    try:
        for row in find_new():
            set_status(hook, row.id, "inactive")
            log.warning("Set the new trigger %s (%r) inactive, because the old one was.", row.id, name)
    except (TruepushError, AirflowException) as error:
        log.error(
            "Could not confirm that no trigger %r is active: %s Set it inactive in Truepush, or clear the task.",
            name,
            error,
        )
