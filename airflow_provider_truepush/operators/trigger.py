"""Operators for Truepush's triggers: scheduled sends of templates. No relation to Airflow's triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.operators.choices import IF_MISSING, STATUSES, check_choice, choice
from airflow_provider_truepush.operators.create_trigger import TruepushCreateTriggerOperator
from airflow_provider_truepush.operators.list_delete import DeleteOperator, ListOperator
from airflow_provider_truepush.operators.target import (
    keep_target,
    names_for_target,
    read_target,
    refuse_two,
    target_checks,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

__all__ = [
    "TruepushCreateTriggerOperator",
    "TruepushDeleteTriggerOperator",
    "TruepushListTriggersOperator",
    "TruepushSetTriggerStatusOperator",
]


class TruepushDeleteTriggerOperator(DeleteOperator):
    """Delete a trigger: ``deleteTrigger``, by name after ``listTrigger``.

    Returns True when the task deleted it, else False.

    :param trigger_id: the trigger's id.
    :param trigger_name: its name, instead of the id.
    :param if_missing: what to do when the trigger does not exist: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "trigger"
    name_field = "trigger_name"
    other_names = names_for_target("trigger", "trigger_id", "trigger_name")
    template_fields: Sequence[str] = ("trigger_id", "trigger_name", *DeleteOperator.template_fields)

    def __init__(
        self, *, trigger_id: str | XComArg | None = NOT_GIVEN, trigger_name: str | None = NOT_GIVEN, **kwargs: Any
    ) -> None:
        self.check_constructor(kwargs, {"trigger_id": trigger_id, "trigger_name": trigger_name})
        super().__init__(**kwargs)
        self.trigger_id, self.trigger_name = keep_target(self, trigger_id=trigger_id, trigger_name=trigger_name)


class TruepushSetTriggerStatusOperator(TruepushOperator):
    """Start or stop a trigger: ``triggerStatus``, with ``listTrigger`` for a name and after a lost answer.

    Returns True when the task changed the status, False when the trigger had it before.

    :param trigger_id: the trigger's id.
    :param trigger_name: its name, instead of the id.
    :param status: ``active`` or ``inactive``.
    :param if_missing: what to do when the trigger does not exist: ``fail`` the task, ``skip`` it or ``ignore`` that.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("trigger_id", "trigger_name", "status", "if_missing", "truepush_conn_id")
    other_names = names_for_target("trigger", "trigger_id", "trigger_name")
    consequence = "The trigger was not changed."

    def __init__(
        self,
        *,
        trigger_id: str | XComArg | None = NOT_GIVEN,
        trigger_name: str | None = NOT_GIVEN,
        status: Literal["active", "inactive"],
        if_missing: Literal["ignore", "skip", "fail"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        self.check_constructor(
            kwargs,
            {
                "trigger_id": trigger_id,
                "trigger_name": trigger_name,
                "status": status,
                "if_missing": if_missing,
                "truepush_conn_id": truepush_conn_id,
            },
        )
        super().__init__(**kwargs)
        self.trigger_id, self.trigger_name = keep_target(self, trigger_id=trigger_id, trigger_name=trigger_name)
        self.status = status
        self.if_missing = if_missing
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        checks = {
            **target_checks("trigger_id", "trigger_name"),
            "status": choice(STATUSES),
            "if_missing": choice(IF_MISSING),
        }
        with checked_at_parse(cls.consequence, given.get("dag")):
            refuse_two(given, "trigger_id", "trigger_name")
            check_literals(given, checks, template_fields=cls.template_fields)

    def execute(self, context: Context) -> bool:
        """Set the status."""
        with self.truepush() as hook:
            check_choice("if_missing", self.if_missing, IF_MISSING)
            check_choice("status", self.status, STATUSES)
            trigger_id, name = read_target(self, "trigger_id", "trigger_name")
            from airflow_provider_truepush.resources.set_status import StatusChange

            return StatusChange(
                hook, trigger_id=trigger_id, name=name, status=self.status, if_missing=self.if_missing
            ).run()


class TruepushListTriggersOperator(ListOperator):
    """List every trigger of the project: ``listTrigger``, all pages.

    Returns a list of dicts with ``id``, ``name`` and ``status``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "trigger"
