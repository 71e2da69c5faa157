"""Operators for segments. Truepush's API lists and deletes them; they are created in its console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.operators.list_delete import DeleteOperator, ListOperator
from airflow_provider_truepush.operators.target import keep_target, names_for_target

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import XComArg


class TruepushListSegmentsOperator(ListOperator):
    """List every segment of the project: ``listSegment``, all pages.

    Returns a list of dicts with ``id`` and ``name``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "segment"


class TruepushDeleteSegmentOperator(DeleteOperator):
    """Delete a segment: ``deleteSegment``. The API cannot create it again.

    Returns True when the task deleted it, else False.

    :param segment_id: the segment's id.
    :param segment: its name, instead of the id. Exactly one segment must have it.
    :param if_missing: what to do when the segment does not exist: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "segment"
    name_field = "segment"
    other_names = names_for_target("segment", "segment_id", "segment")
    template_fields: Sequence[str] = ("segment_id", "segment", *DeleteOperator.template_fields)

    def __init__(
        self, *, segment_id: str | XComArg | None = NOT_GIVEN, segment: str | None = NOT_GIVEN, **kwargs: Any
    ) -> None:
        self.check_constructor(kwargs, {"segment_id": segment_id, "segment": segment})
        super().__init__(**kwargs)
        self.segment_id, self.segment = keep_target(self, segment_id=segment_id, segment=segment)
