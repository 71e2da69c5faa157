"""One asynchronous client per connection, event loop and process, open while somebody uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from airflow_provider_truepush.api.settings import Settings
from airflow_provider_truepush.client.aio import AsyncClient

#: Seconds that a client stays open after its last user has left, for the next one.
_LINGER = 2.0


class _Shelf:
    """The clients of one event loop."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.entries: dict[Settings, _Entry] = {}


class _Entry:
    """A client, how many use it, and the task that closes it."""

    def __init__(self, client: AsyncClient) -> None:
        self.client = client
        self.users = 0
        self.closing: asyncio.Task[None] | None = None


_shelves: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shelf] = WeakKeyDictionary()


@asynccontextmanager
async def shared_client(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Use the client of a connection, opening it if nobody has.

    When the last user leaves, it stays open for a moment and is then closed; when the loop ends before that,
    with the loop.
    """
    shelf = _shelves.setdefault(asyncio.get_running_loop(), _Shelf())
    entry = shelf.entries.get(settings)
    if entry is None:
        async with shelf.lock:
            entry = shelf.entries.get(settings)
            if entry is None:
                entry = shelf.entries[settings] = _Entry(await AsyncClient.open(settings))
    entry.users += 1
    try:
        yield entry.client
    except BaseException:
        entry.users -= 1
        # Whoever leaves by an exception may be leaving because the loop ends: nothing may be put off then.
        await _close_if_idle(shelf, settings, entry)
        raise
    entry.users -= 1
    if not entry.users and entry.closing is None:
        entry.closing = asyncio.create_task(_linger(shelf, settings, entry))


async def _linger(shelf: _Shelf, settings: Settings, entry: _Entry) -> None:
    try:
        await asyncio.sleep(_LINGER)
    finally:
        # Also when the loop cancels what is left of it at its end.
        entry.closing = None
        await _close_if_idle(shelf, settings, entry)


async def _close_if_idle(shelf: _Shelf, settings: Settings, entry: _Entry) -> None:
    if entry.users or shelf.entries.get(settings) is not entry:
        return
    del shelf.entries[settings]
    await entry.client.close()
