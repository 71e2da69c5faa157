"""Operators for segments. Truepush's API lists and deletes them; they are made in its console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_truepush.api import rendered
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.existing import IF_MISSING, check_choice, missing, renders_natively

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context


class TruepushListSegmentsOperator(TruepushOperator):
    """List every segment of the project: ``listSegment``, all pages.

    Returns a list of dicts with ``id`` and ``name``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("truepush_conn_id",)

    def __init__(self, *, truepush_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Fetch the list."""
        with self.truepush() as hook:
            rows = [row.as_dict() for row in hook.list_segments()]
        self.log.info("The project has %d segments.", len(rows))
        return rows


class TruepushDeleteSegmentOperator(TruepushOperator):
    """Delete a segment: ``deleteSegment``. Returns whether this deleted it. The API cannot make it again.

    :param segment_id: the segment.
    :param if_missing: what to do when there is none of that id: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("segment_id", "if_missing", "truepush_conn_id")

    def __init__(
        self,
        *,
        segment_id: str,
        if_missing: Literal["ignore", "skip", "fail"] = "ignore",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.segment_id = segment_id
        self.if_missing = if_missing
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> bool:
        """Delete the segment."""
        with self.truepush() as hook:
            check_choice("if_missing", self.if_missing, IF_MISSING)
            segment_id = rendered.text("segment_id", self.segment_id, native=renders_natively(self))
            if not hook.delete_segment(segment_id):
                return missing(f"There is no segment {segment_id}; nothing was deleted.", self.if_missing)
        self.log.info("Deleted segment %s.", segment_id)
        return True
