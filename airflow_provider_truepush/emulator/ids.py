"""ObjectIds, the same ones for the same seed and clock."""

from __future__ import annotations

import re
from hashlib import blake2b

_HEX24 = re.compile(r"[0-9a-fA-F]{24}")


def is_object_id(text: object) -> bool:
    """Return whether a value has the form of an id."""
    return isinstance(text, str) and _HEX24.fullmatch(text) is not None


class ObjectIds:
    """Make ids: 8 digits of time, 10 of the seed, 6 of a counter.

    :param seed: of the emulator.
    :param used: ids that were made before, by an emulator whose state continues.
    """

    def __init__(self, seed: int, used: int = 0) -> None:
        digest = blake2b(f"ids {seed}".encode(), digest_size=8).hexdigest()
        self._machine, self._first = digest[:10], int(digest[10:], 16)
        self.used = used

    def new(self, moment: float) -> str:
        """Return the next id.

        :param moment: its time of creation, seconds since the epoch.
        """
        self.used += 1
        return f"{int(moment) & 0xFFFFFFFF:08x}{self._machine}{(self._first + self.used) & 0xFFFFFF:06x}"
