"""Start or stop a trigger, given by its id or its name."""

from __future__ import annotations

from typing import Any, Literal

from airflow_provider_truepush.api.checks.near_matches import shown
from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.resources import change
from airflow_provider_truepush.resources.names import advice, find_named, only_one

log = get_logger(__name__)


class StatusChange:
    """One change of a trigger's status.

    :param hook: the project.
    :param trigger_id: the trigger's id; None when it is given by name.
    :param name: its name; None when it is given by id.
    :param status: ``active`` or ``inactive``.
    :param if_missing: ``ignore``, ``skip`` or ``fail``.
    """

    def __init__(
        self,
        hook: TruepushHook,
        *,
        trigger_id: str | None,
        name: str | None,
        status: Literal["active", "inactive"],
        if_missing: str,
    ) -> None:
        self._hook = hook
        self._id = trigger_id
        self._name = name
        self._status: Literal["active", "inactive"] = status
        self._if_missing = if_missing

    def run(self) -> bool:
        """Set the status. Return True when this changed it, else False."""
        trigger_id = self._id
        if trigger_id is None:
            row = self._find()
            if row is None:
                return self._missing()
            if row.status == self._status:
                return self._unchanged(row.id)
            trigger_id = row.id
        outcome = change.set_status(self._hook, trigger_id, self._status)
        if outcome == "missing":
            return self._missing()
        if outcome == "unchanged":
            return self._unchanged(trigger_id)
        if not self._hook.settings.dry_run:
            log.info("Set the trigger %s %s.", trigger_id, self._status)
        return True

    def _find(self) -> Any | None:
        assert self._name is not None
        rows = find_named(self._hook, "trigger", self._name)
        return only_one(
            "trigger", self._name, rows, field="trigger_name", consequence="The status of none of them was changed."
        )

    def _unchanged(self, trigger_id: str) -> Literal[False]:
        log.info("The trigger %s is %s already. Nothing was changed.", trigger_id, self._status)
        return False

    def _missing(self) -> Literal[False]:
        # In a dry run, this run may be the one that would have created it.
        if_missing = "ignore" if self._hook.settings.dry_run else self._if_missing
        message = f"No trigger {shown(self._name or str(self._id))} exists. Nothing was changed."
        if if_missing == "fail" and self._name is not None:
            message += f" {advice(self._hook, 'trigger', self._name)}"
        return change.settle_missing(message, if_missing)
