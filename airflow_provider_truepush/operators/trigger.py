"""Operators for Truepush's triggers: scheduled sends of templates. No relation to Airflow's triggers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.api.checks import refuse
from airflow_provider_truepush.later import Later
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.create_by_name import IF_MISSING, check_choice, missing, renders_natively
from airflow_provider_truepush.operators.create_trigger import TruepushCreateTriggerOperator
from airflow_provider_truepush.operators.list_delete import ListOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.api import templated
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.models import TriggerRef
else:
    templated = Later("airflow_provider_truepush.api.templated")

__all__ = [
    "TruepushCreateTriggerOperator",
    "TruepushDeleteTriggerOperator",
    "TruepushListTriggersOperator",
    "TruepushSetTriggerStatusOperator",
]


class _OneTriggerOperator(TruepushOperator):
    """Base of the operators that work on one trigger, named by its id or its name."""

    trigger_id: str | None
    trigger_name: str | None

    def _read_target(self) -> tuple[str | None, str | None]:
        native = renders_natively(self)
        trigger_id, name = templated.optional(self.trigger_id), templated.optional(self.trigger_name)
        if (trigger_id is None) == (name is None):
            refuse("trigger_id", trigger_id, "either this or trigger_name must be given, and not both")
        if trigger_id is not None:
            return templated.text("trigger_id", trigger_id, native=native), None
        name = templated.text("trigger_name", name, native=native)
        if not isinstance(name, str) or not name.strip():
            refuse("trigger_name", name, "must be a string that is not empty")
        return None, name

    def _find(self, hook: TruepushHook, trigger_id: str | None, name: str | None) -> TriggerRef | None:
        for row in hook.list_triggers():
            if row.name == name if trigger_id is None else row.id.lower() == trigger_id.lower():
                return row
        return None


class TruepushDeleteTriggerOperator(_OneTriggerOperator):
    """Delete a trigger: ``deleteTrigger``, by name after ``listTrigger``. Returns whether this deleted it.

    :param trigger_id: the trigger's id.
    :param trigger_name: its name, in place of the id.
    :param if_missing: what to do when there is none: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("trigger_id", "trigger_name", "if_missing", "truepush_conn_id")

    def __init__(
        self,
        *,
        trigger_id: str | XComArg | None = None,
        trigger_name: str | None = None,
        if_missing: Literal["ignore", "skip", "fail"] = "ignore",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_id: str | None = trigger_id  # type: ignore[assignment]  # a string by the time it is used
        self.trigger_name = trigger_name
        self.if_missing = if_missing
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> bool:
        """Delete the trigger."""
        with self.truepush() as hook:
            check_choice("if_missing", self.if_missing, IF_MISSING)
            trigger_id, name = self._read_target()
            if trigger_id is None:
                row = self._find(hook, None, name)
                trigger_id = None if row is None else row.id
            if trigger_id is None or not hook.delete_trigger(trigger_id):
                return missing(f"There is no trigger {trigger_id or name!r}; nothing was deleted.", self.if_missing)
        self.log.info("Deleted trigger %s.", trigger_id)
        return True


class TruepushSetTriggerStatusOperator(_OneTriggerOperator):
    """Start or stop a trigger: ``triggerStatus``, with ``listTrigger`` where a name or doubt asks for it.

    Returns whether this changed the status: False when it was so already.

    :param trigger_id: the trigger's id.
    :param trigger_name: its name, in place of the id.
    :param status: ``active`` or ``inactive``.
    :param if_missing: what to do when there is no such trigger: ``fail`` the task, ``skip`` it or ``ignore`` that.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("trigger_id", "trigger_name", "status", "if_missing", "truepush_conn_id")

    def __init__(
        self,
        *,
        trigger_id: str | XComArg | None = None,
        trigger_name: str | None = None,
        status: Literal["active", "inactive"],
        if_missing: Literal["ignore", "skip", "fail"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_id: str | None = trigger_id  # type: ignore[assignment]  # a string by the time it is used
        self.trigger_name = trigger_name
        self.status = status
        self.if_missing = if_missing
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> bool:
        """Set the status."""
        with self.truepush() as hook:
            check_choice("if_missing", self.if_missing, IF_MISSING)
            from airflow_provider_truepush.api.models.trigger import check_status

            check_status(self.status)
            trigger_id, name = self._read_target()
            row = None
            if trigger_id is None:
                row = self._find(hook, None, name)
                if row is None:
                    return self._missing(hook, repr(name))
                trigger_id = row.id
            if row is None or row.status != self.status:
                if hook.set_trigger_status(trigger_id, self.status):
                    self.log.info("Trigger %s is %s now.", trigger_id, self.status)
                    return True
                # Truepush says the same of a trigger that is so already and of one that is not there.
                row = self._find(hook, trigger_id, None)
                if row is None:
                    return self._missing(hook, trigger_id)
        if row.status != self.status:
            raise AirflowException(
                f"Truepush did not change trigger {trigger_id}, and lists it as {row.status!r}. "
                "Trying again is harmless."
            )
        self.log.info("Trigger %s is %s already; nothing was changed.", trigger_id, self.status)
        return False

    def _missing(self, hook: TruepushHook, which: str) -> bool:
        # In a dry run the trigger may be one that the run would have created.
        if_missing = "ignore" if hook.settings.dry_run else self.if_missing
        return missing(f"There is no trigger {which}; nothing was changed.", if_missing)


class TruepushListTriggersOperator(ListOperator):
    """List every trigger of the project: ``listTrigger``, all pages.

    Returns a list of dicts with ``id``, ``name`` and ``status``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "trigger"
