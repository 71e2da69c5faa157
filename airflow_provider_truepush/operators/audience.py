"""Whom a send is for: a segment that was asked for and got lost must never turn into everyone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.fields import refuse

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

#: Default of ``segment_id``: left out, which sends to every subscriber. A None that comes out of a template, an XCom
#: or a mapping is not the same as that.
EVERYONE: Any = object()

#: What a template without a value renders to.
NOTHING = (None, "", "None")


class Audience:
    """Mixed into operators with a ``segment_id``."""

    segment_id: str | None

    def aim(self, segment_id: Any) -> None:
        """Keep the argument, and whether the Dag named a segment with it.

        :param segment_id: the argument as it was given, or :data:`EVERYONE`.
        """
        self.segment_id = None if segment_id is EVERYONE else segment_id
        self._written = segment_id is not EVERYONE
        self._aimed = self.segment_id is not None

    def check_audience(self, field: str, context: Context) -> None:
        """Refuse a segment that was asked for and rendered to nothing.

        :param field: its name in errors.
        :param context: Airflow's context: the arguments of a mapped task are their rendered values already.
        """
        lost = self.segment_id in NOTHING
        from airflow_provider_truepush.operators.guards import TaskTry

        if lost and (self._aimed or (self._written and TaskTry.of(context).mapped)):
            refuse(
                field,
                self.segment_id,
                "is what the segment came to, and without one this would go to every subscriber. Leave segment_id out "
                "where everyone is meant",
            )
