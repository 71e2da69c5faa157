"""Operators for segments. Truepush's API lists and deletes them; they are made in its console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.operators.list_delete import DeleteOperator, ListOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import XComArg


class TruepushListSegmentsOperator(ListOperator):
    """List every segment of the project: ``listSegment``, all pages.

    Returns a list of dicts with ``id`` and ``name``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "segment"


class TruepushDeleteSegmentOperator(DeleteOperator):
    """Delete a segment: ``deleteSegment``. Returns whether this deleted it. The API cannot make it again.

    :param segment_id: the segment.
    :param if_missing: what to do when there is none of that id: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "segment"
    template_fields: Sequence[str] = ("segment_id", *DeleteOperator.template_fields)

    def __init__(self, *, segment_id: str | XComArg, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.segment_id: str = segment_id  # type: ignore[assignment]  # a string by the time it is used
