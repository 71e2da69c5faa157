"""Whom a send is for, in operators. See :mod:`airflow_provider_truepush.api.models.audience`."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.given import NOT_GIVEN, refuse_empty

#: Default of ``segment_id``: left out, it addresses every subscriber. A None that comes out of a template, an XCom, a
#: mapping or a variable of the Dag file is not the same.
EVERYONE: Any = NOT_GIVEN


class Audience:
    """Mixed into operators with a ``segment_id``."""

    segment_id: str | None

    def aim(self, segment_id: Any) -> None:
        """Keep the argument, and whether the Dag gave it.

        :param segment_id: the argument as it was given, or :data:`EVERYONE`.
        """
        self.segment_id = None if segment_id is EVERYONE else segment_id
        self._aimed = segment_id is not EVERYONE

    def check_audience(self, field: str) -> None:
        """Refuse a segment that was given and came out empty.

        :param field: its name in errors, ``trigger.segment_id``.
        """
        if self._aimed:
            refuse_empty(field, self.segment_id, field.partition(".")[0])
