"""Log the progress of an export every few seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds between two lines.
EVERY = 5.0


class Progress:
    """Count the fetches, and log the progress, the rate and the remaining time.

    :param clock: seconds of a clock that only goes forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        #: How many campaigns there are to fetch, as far as is known; see ``all_known``.
        self.found = 0
        #: Whether ``found`` is all of them.
        self.all_known = False
        self.rows = 0
        self.missing = 0
        self.failed = 0

    @property
    def done(self) -> int:
        """Campaigns whose fetch has ended, one way or another."""
        return self.rows + self.missing + self.failed

    def line(self) -> str:
        """Where it stands."""
        seconds = self._clock() - self._began
        rate = self.done / seconds if seconds > 0 else 0.0
        if self.all_known:
            share = f" ({self.done / self.found:.0%})" if self.found else ""
            of = f" of {self.found:,}{share}"
        else:
            of = f" of {self.found:,} found so far, the list goes on"
        left = self.found - self.done
        estimate = f", about {_span(left / rate)} left" if self.all_known and left and rate else ""
        trouble = "".join(
            f", {number:,} {what}"
            for number, what in ((self.missing, "without statistics"), (self.failed, "failed"))
            if number
        )
        return f"Fetched {self.done:,}{of}, {rate:,.0f} campaigns/s{estimate}{trouble}."

    def report(self) -> None:
        """Write the line."""
        log.info(self.line())


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 90 * 60:
        return f"{whole / 60:.0f} min"
    return f"{whole / 3600:.1f} h"
