"""The two kinds of operator that every resource has in the same form: listing, and deleting by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.later import Later
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.create_by_name import IF_MISSING, check_choice, missing, renders_natively

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.api import templated
else:
    templated = Later("airflow_provider_truepush.api.templated")


class ListOperator(TruepushOperator):
    """Lists a resource: all pages, as dicts.

    :cvar resource: ``campaign``, ``template``, ``trigger`` or ``segment``.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource: ClassVar[str]
    template_fields: Sequence[str] = ("truepush_conn_id",)

    def __init__(self, *, truepush_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Fetch the list."""
        with self.truepush() as hook:
            rows = [row.as_dict() for row in getattr(hook, f"list_{self.resource}s")()]
        self.log.info("The project has %d %ss.", len(rows), self.resource)
        return rows


class DeleteOperator(TruepushOperator):
    """Deletes one of a resource; the id is a field of the operator named after it. Returns whether it deleted it.

    :cvar resource: ``template``, ``trigger`` or ``segment``.
    :param if_missing: what to do when there is none of that id: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource: ClassVar[str]
    template_fields: Sequence[str] = ("if_missing", "truepush_conn_id")

    def __init__(
        self,
        *,
        if_missing: Literal["ignore", "skip", "fail"] = "ignore",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.if_missing = if_missing
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> bool:
        """Delete it."""
        field = f"{self.resource}_id"
        with self.truepush() as hook:
            check_choice("if_missing", self.if_missing, IF_MISSING)
            which = templated.text(field, getattr(self, field), native=renders_natively(self))
            if not getattr(hook, f"delete_{self.resource}")(which):
                return missing(f"There is no {self.resource} {which}; nothing was deleted.", self.if_missing)
        self.log.info("Deleted %s %s.", self.resource, which)
        return True
