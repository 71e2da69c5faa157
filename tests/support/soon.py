"""Wait for what happens in another thread or process, without a guess at how long it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def soon(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds, for at most a minute.

    :raises AssertionError: it did not hold.
    """
    for _ in range(2400):
        if condition():
            return
        await asyncio.sleep(0.025)
    raise AssertionError("it did not happen within a minute")
