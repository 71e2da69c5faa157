"""Log the progress of an export every few seconds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

#: Seconds between two log lines.
EVERY = 5.0


class Progress:
    """Count the fetches, and log the progress, the rate and the remaining time.

    :param clock: a monotonic clock, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        #: The number of campaigns to fetch that were found so far; see ``all_known``.
        self.found = 0
        #: Whether ``found`` is final.
        self.all_known = False
        self.rows = 0
        self.missing = 0
        self.failed = 0

    @property
    def done(self) -> int:
        """Return the number of campaigns whose fetch has ended, successfully or not."""
        return self.rows + self.missing + self.failed

    def line(self) -> str:
        """Return the progress as one sentence."""
        seconds = self._clock() - self._began
        rate = self.done / seconds if seconds > 0 else 0.0
        if self.all_known:
            share = f" ({self.done / self.found:.0%})" if self.found else ""
            of = f" of {self.found:,}{share}"
        else:
            of = f" of {self.found:,} found so far (still reading the list)"
        left = self.found - self.done
        estimate = f", about {_span(left / rate)} left" if self.all_known and left and rate else ""
        trouble = "".join(
            f", {number:,} {what}"
            for number, what in ((self.missing, "without statistics"), (self.failed, "failed"))
            if number
        )
        return f"Fetched {self.done:,}{of}, {rate:,.0f} campaigns/s{estimate}{trouble}."

    def report(self) -> None:
        """Log the progress."""
        log.info(self.line())


def _span(seconds: float) -> str:
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    if whole < 90 * 60:
        return f"{whole / 60:.0f} min"
    return f"{whole / 3600:.1f} h"
