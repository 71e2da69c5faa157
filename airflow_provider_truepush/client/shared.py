"""One asynchronous client per connection, event loop and process, open while it is in use."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakKeyDictionary

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.client.aio import AsyncClient

#: Seconds that a client stays open for the next user after the last one has left.
LINGER = 2.0


class _Shelf:
    """The clients of one event loop. An empty shelf holds no reference to the loop."""

    def __init__(self) -> None:
        self.entries: dict[Settings, SharedClient] = {}
        #: The locks of the clients that are being opened.
        self.locks: dict[Settings, asyncio.Lock] = {}


class SharedClient:
    """A client, and the number of its users.

    :param client: the client.
    :param shelf: the shelf that holds it.
    :param settings: its key on the shelf.
    """

    def __init__(self, client: AsyncClient, shelf: _Shelf, settings: Settings) -> None:
        self.client = client
        self._shelf = shelf
        self._settings = settings
        self._users = 0
        self._idle = asyncio.Event()
        # The task starts now and not when the last user leaves. If the loop ended then, the task would be canceled
        # before its first step, and would do nothing at all.
        self._closing = asyncio.create_task(self._close_when_idle())

    def enter(self) -> None:
        """Add a user. This is cheap enough for each request."""
        self._users += 1

    def leave(self) -> None:
        """Remove a user. After the last one the client stays open for a moment, and is then closed."""
        self._users -= 1
        if not self._users:
            self._idle.set()

    async def leave_at_once(self) -> None:
        """Remove a user and close at once after the last one, because the loop may be ending or may have ended."""
        self._users -= 1
        if not self._users:
            if not self._closing.get_loop().is_closed():
                self._closing.cancel()
            await self._close()

    async def __aenter__(self) -> AsyncClient:
        self._users += 1
        return self.client

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None or issubclass(kind, Exception):
            self.leave()
        else:
            await self.leave_at_once()

    async def _close_when_idle(self) -> None:
        try:
            while True:
                await self._idle.wait()
                self._idle.clear()
                await asyncio.sleep(LINGER)
                if not self._users:
                    return
        finally:
            # This also runs when the loop ends and cancels its tasks, even while the client is in use.
            await self._close()

    async def _close(self) -> None:
        if self._shelf.entries.get(self._settings) is self:
            del self._shelf.entries[self._settings]
        await self.client.close()


_shelves: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shelf] = WeakKeyDictionary()


async def enter_client(settings: Settings) -> SharedClient:
    """Return the client of a connection, which the first user opens. The caller must leave it in the end."""
    shelf = _shelves.setdefault(asyncio.get_running_loop(), _Shelf())
    entry = shelf.entries.get(settings)
    if entry is None:
        async with shelf.locks.setdefault(settings, asyncio.Lock()):
            entry = shelf.entries.get(settings) or await _open(shelf, settings)
        shelf.locks.pop(settings, None)
    entry.enter()
    return entry


async def _open(shelf: _Shelf, settings: Settings) -> SharedClient:
    entry = SharedClient(await AsyncClient.open(settings), shelf, settings)
    shelf.entries[settings] = entry
    entry.enter()
    try:
        await asyncio.sleep(0)  # lets the task that closes it take its first step
    except BaseException:
        await entry.leave_at_once()
        raise
    entry.leave()
    return entry


@asynccontextmanager
async def shared_client(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Use the client of a connection within the context.

    After the last user has left, it stays open for a moment and is then closed. If the loop ends first, it is closed
    with the loop.
    """
    entry = await enter_client(settings)
    try:
        yield entry.client
    except BaseException:
        await entry.leave_at_once()
        raise
    entry.leave()
