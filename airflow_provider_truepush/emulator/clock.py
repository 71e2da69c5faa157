"""The emulator's clock: it stands still until it is moved, or runs with the wall clock at some speed."""

from __future__ import annotations

import contextlib
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow_provider_truepush.emulator.errors import TruepushEmulatorError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)([smhd])")
#: Seconds since the epoch that a calendar can show: the years 1970 to 9000.
LATEST = 221_845_132_800.0
Mode = Literal["manual", "real"]


class Clock:
    """A clock that never goes back.

    :param mode: ``manual`` (the default) stands still until it is moved, ``real`` runs.
    :param start: its first time, in seconds since the epoch; None for now.
    :param speed: emulated seconds per real second, by default 1; of the real clock only.
    """

    def __init__(self, mode: Mode = "manual", start: float | None = None, speed: float = 1.0) -> None:
        if mode not in ("manual", "real"):
            raise TruepushEmulatorError(f"clock is {mode!r}. It must be manual or real.")
        if not 0 < speed < float("inf"):
            raise TruepushEmulatorError(f"speed is {speed!r}. It must be above 0.")
        self.mode = mode
        self.speed = speed
        # A clock that stands still is easier to read at a whole second.
        self._anchor = (time.time() if mode == "real" else time.time() // 1) if start is None else start
        self._mark = time.monotonic()

    def now(self) -> float:
        """Return the time in seconds since the epoch."""
        if self.mode == "manual":
            return self._anchor
        return self._anchor + (time.monotonic() - self._mark) * self.speed

    def advance(self, seconds: float) -> float:
        """Move the clock forward; return the new time.

        :param seconds: at least 0.
        """
        if not 0 <= seconds < float("inf"):
            raise TruepushEmulatorError(f"The clock cannot be moved by {seconds!r} seconds. It only goes forward.")
        if self.now() + seconds > LATEST:
            raise TruepushEmulatorError(f"The clock cannot be moved by {seconds:g} seconds, beyond the year 9000.")
        self._anchor = self.now() + seconds
        self._mark = time.monotonic()
        return self.now()

    def set(self, moment: float) -> float:
        """Move the clock forward to a moment; return the new time.

        :param moment: seconds since the epoch.
        """
        return self.advance(moment - self.now())

    def set_speed(self, speed: float) -> None:
        """Run at another speed from now on."""
        if not 0 < speed < float("inf"):
            raise TruepushEmulatorError(f"speed is {speed!r}. It must be above 0.")
        self.advance(0)
        self.speed = speed

    def restart(self, start: float) -> None:
        """Start again at any time, even an earlier one: only for an emulator that forgets everything."""
        self._anchor, self._mark = start, time.monotonic()

    def saved(self) -> dict[str, Any]:
        """Return the clock's state for a state file. Time also passes while the emulator is stopped."""
        return {"mode": self.mode, "speed": self.speed, "emulated": self.now(), "wall": time.time()}

    def resume(self, saved: dict[str, Any]) -> None:
        """Continue from a state file, never behind a time that was shown before."""
        moment = float(saved["emulated"])
        if saved["mode"] == "real":
            moment += max(0.0, time.time() - float(saved["wall"])) * float(saved["speed"])
        if moment > self.now():
            self.set(moment)


def as_datetime(moment: float) -> datetime:
    """Return an aware datetime in UTC."""
    return datetime.fromtimestamp(moment, UTC)


def as_seconds(value: float | timedelta | str) -> float:
    """Return a length of time in seconds.

    :param value: seconds, a timedelta, or text such as ``90``, ``10m`` or ``1d12h``.
    """
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        text = value.replace(" ", "").lower()
        parts = _PART.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            return sum(float(number) * _UNITS[unit] for number, unit in parts)
        with contextlib.suppress(ValueError):
            return float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TruepushEmulatorError(
            f"{value!r} is not a length of time. Give seconds, or a number with s, m, h or d, such as 10m or 1d12h."
        )
    return float(value)


def as_moment(value: datetime | str | float) -> float:
    """Return seconds since the epoch.

    :param value: an aware datetime, ISO 8601 with a zone, or seconds since the epoch.
    """
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise TruepushEmulatorError(
                f"{value!r} is not a time. Give ISO 8601 with a zone, such as 2026-03-02T12:00:00+00:00."
            ) from None
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise TruepushEmulatorError(f"{value.isoformat()} has no time zone. Add one, such as +00:00.")
        value = value.timestamp()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TruepushEmulatorError(f"{value!r} is not a time. Give ISO 8601 with a zone, or seconds since the epoch.")
    if not 0 <= value <= LATEST:
        raise TruepushEmulatorError(f"{value!r} seconds since the epoch are not between the years 1970 and 9000.")
    return float(value)
