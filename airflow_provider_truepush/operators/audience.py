"""Whom a send is for: a segment that was asked for and got lost must never turn into everyone."""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.api.checks import refuse


class _Everyone:
    def __repr__(self) -> str:
        return "every subscriber"


#: Default of ``segment_id``: left out, which sends to every subscriber. A None that comes out of a template, an XCom,
#: a mapping or a variable of the Dag file is not the same as that.
EVERYONE: Any = _Everyone()

#: What a template without a value renders to.
NOTHING = (None, "", "None")


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
        """Refuse a segment that was asked for and came to nothing.

        :param field: its name in errors.
        """
        if self._aimed and self.segment_id in NOTHING:
            refuse(
                field,
                self.segment_id,
                "is what the segment came to, and without one this would go to every subscriber. Leave segment_id out "
                "where everyone is meant",
            )
