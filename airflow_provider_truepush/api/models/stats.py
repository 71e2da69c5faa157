"""The counters of a campaign."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_provider_truepush.api.models.counters import COUNTERS, RATES

#: The largest whole number that databases and files hold.
_LARGEST = 2**63 - 1


def _shown(value: Any) -> str:
    try:
        return reprlib.repr(value)
    except ValueError:  # Python refuses to write a number of thousands of digits
        return "a number of thousands of digits"


class UnreadableStatsError(ValueError):
    """The counters do not have the form that campaignStats documents. The endpoint's reader names the request."""


@dataclass(frozen=True, slots=True)
class CampaignStats:
    """Lifetime counters of one campaign at the moment of the request.

    Each is an int of at least 0 that only grows.

    :param reach: subscribers in the audience.
    :param sent: pushes sent.
    :param delivered: pushes delivered.
    :param views: pushes shown.
    :param clicks: clicks on the notification.
    :param button0: clicks on the first button.
    :param button1: clicks on the second button.
    :param unsubscribers: subscribers that unsubscribed.
    :param extra: counters that this version does not know, under Truepush's names.
    """

    reach: int
    sent: int
    delivered: int
    views: int
    clicks: int
    button0: int
    button1: int
    unsubscribers: int
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def delivery_rate(self) -> float | None:
        """Return delivered / sent; None while nothing was sent."""
        return self.rate("delivery_rate")

    @property
    def view_rate(self) -> float | None:
        """Return views / delivered; None while nothing was delivered."""
        return self.rate("view_rate")

    @property
    def click_rate(self) -> float | None:
        """Return clicks / delivered; None while nothing was delivered."""
        return self.rate("click_rate")

    @property
    def unsubscribe_rate(self) -> float | None:
        """Return unsubscribers / delivered; None while nothing was delivered."""
        return self.rate("unsubscribe_rate")

    def rate(self, name: str) -> float | None:
        """Return one of :data:`RATES` by name; None when its denominator is 0."""
        part, whole = RATES[name]
        denominator: int = getattr(self, whole)
        return getattr(self, part) / denominator if denominator else None

    def as_dict(self) -> dict[str, int]:
        """Return the eight counters under their lower-case names."""
        return {name: getattr(self, name) for name in COUNTERS.values()}

    @classmethod
    def from_api(cls, data: Mapping[str, Any]) -> CampaignStats:
        """Read the ``data`` object of campaignStats.

        :raises UnreadableStatsError: a counter is missing, negative or not a whole number.
        """
        counters: dict[str, int] = {}
        for theirs, ours in COUNTERS.items():
            value = data.get(theirs)
            # This uses type() instead of isinstance(), because Python's bool is a subclass of int.
            if type(value) is not int or not 0 <= value <= _LARGEST:
                found = "is missing" if theirs not in data else f"is {_shown(value)}"
                raise UnreadableStatsError(f"counter {theirs} {found}, expected a whole number from 0 to 2**63 - 1")
            counters[ours] = value
        extra = {key: value for key, value in data.items() if key not in COUNTERS}
        return cls(**counters, extra=extra)
