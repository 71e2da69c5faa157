"""The two kinds of operator that every resource has in the same form: listing, and deleting by id or name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.api.checks.given import connection_id
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.operators.choices import IF_MISSING, check_choice, choice
from airflow_provider_truepush.operators.target import read_target, refuse_two, target_checks
from airflow_provider_truepush.operators.task_records import change_records, changes, of_project

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.resources.change_record import ChangeRecords
    from airflow_provider_truepush.resources.delete import Deletion
    from airflow_provider_truepush.resources.mapped_changes import MappedChanges


class ListOperator(TruepushOperator):
    """List a resource: all pages, as dicts.

    :cvar resource: ``campaign``, ``template``, ``trigger`` or ``segment``.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource: ClassVar[str]
    template_fields: Sequence[str] = ("truepush_conn_id",)
    consequence = "Nothing was fetched."

    def __init__(self, *, truepush_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        self.check_constructor(kwargs, {"truepush_conn_id": truepush_conn_id})
        super().__init__(**kwargs)
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            check_literals(given, {"truepush_conn_id": connection_id}, template_fields=cls.template_fields)

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Fetch the list."""
        with self.truepush() as hook:
            rows = [row.as_dict() for row in getattr(hook, f"list_{self.resource}s")()]
        self.log.info("The project has %d %ss.", len(rows), self.resource)
        return rows


class DeleteOperator(TruepushOperator):
    """Delete one row of a resource, given by its id or its name. Returns True when the task deleted it, else False.

    :cvar resource: ``template``, ``trigger`` or ``segment``.
    :cvar name_field: the argument with the name.
    :param if_missing: what to do when it does not exist: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource: ClassVar[Literal["template", "trigger", "segment"]]
    name_field: ClassVar[str]
    template_fields: Sequence[str] = ("if_missing", "truepush_conn_id")
    consequence = "Nothing was deleted."

    def __init__(
        self,
        *,
        if_missing: Literal["ignore", "skip", "fail"] = "ignore",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        self.check_constructor(kwargs, {"if_missing": if_missing, "truepush_conn_id": truepush_conn_id})
        super().__init__(**kwargs)
        self.if_missing = if_missing
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            refuse_two(given, f"{cls.resource}_id", cls.name_field)
            target = target_checks(f"{cls.resource}_id", cls.name_field)
            check_literals(given, {**target, "if_missing": choice(IF_MISSING)}, template_fields=cls.template_fields)

    def execute(self, context: Context) -> bool:
        """Delete it."""
        id_field = f"{self.resource}_id"
        with self.truepush() as hook:
            check_choice("if_missing", self.if_missing, IF_MISSING)
            row_id, name = read_target(self, id_field, self.name_field)
            if self.if_missing == "ignore" or hook.settings.dry_run:
                # The result does not depend on which map index deleted it, so nothing is published.
                return self._deletion(hook, row_id, name, change_records(context, self.truepush_conn_id)).run()
            target = row_id if name is None else name
            with changes(context, "delete", self.resource, target, self.truepush_conn_id) as (records, mapped):
                of_project(records, hook)
                return self._deletion(hook, row_id, name, records, mapped).run()

    def _deletion(
        self,
        hook: TruepushHook,
        row_id: str | None,
        name: str | None,
        records: ChangeRecords,
        mapped: MappedChanges | None = None,
    ) -> Deletion:
        from airflow_provider_truepush.resources.delete import Deletion

        return Deletion(
            hook,
            self.resource,
            row_id=row_id,
            name=name,
            name_field=self.name_field,
            if_missing=self.if_missing,
            records=records,
            mapped=mapped,
        )
