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
        self.entries: dict[Settings, SharedClient] = {}


class SharedClient:
    """A client, and how many use it.

    :param client: the client.
    :param shelf: where it stands.
    :param settings: under what.
    """

    def __init__(self, client: AsyncClient, shelf: _Shelf, settings: Settings) -> None:
        self.client = client
        self._shelf = shelf
        self._settings = settings
        self._users = 0
        self._closing: asyncio.Task[None] | None = None

    def enter(self) -> None:
        """One user more. Cheap: it may be done for each request."""
        self._users += 1

    def leave(self) -> None:
        """One user less. After the last the client stays open for a moment, and is then closed."""
        self._users -= 1
        if not self._users and self._closing is None:
            self._closing = asyncio.create_task(self._linger())

    async def leave_at_once(self) -> None:
        """One user less, who may be leaving because the loop ends: nothing may be put off then."""
        self._users -= 1
        await self._close_if_idle()

    async def __aenter__(self) -> AsyncClient:
        self._users += 1
        return self.client

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None or issubclass(kind, Exception):
            self.leave()
        else:
            await self.leave_at_once()

    async def _linger(self) -> None:
        try:
            await asyncio.sleep(_LINGER)
        finally:
            # Also when the loop cancels what is left of it at its end.
            self._closing = None
            await self._close_if_idle()

    async def _close_if_idle(self) -> None:
        if self._users or self._shelf.entries.get(self._settings) is not self:
            return
        del self._shelf.entries[self._settings]
        await self.client.close()


_shelves: WeakKeyDictionary[asyncio.AbstractEventLoop, _Shelf] = WeakKeyDictionary()


async def enter_client(settings: Settings) -> SharedClient:
    """Use the client of a connection, opening it if nobody has; whoever calls this leaves it in the end."""
    shelf = _shelves.setdefault(asyncio.get_running_loop(), _Shelf())
    entry = shelf.entries.get(settings)
    if entry is None:
        async with shelf.lock:
            entry = shelf.entries.get(settings)
            if entry is None:
                entry = SharedClient(await AsyncClient.open(settings), shelf, settings)
                shelf.entries[settings] = entry
    entry.enter()
    return entry


@asynccontextmanager
async def shared_client(settings: Settings) -> AsyncIterator[AsyncClient]:
    """Use the client of a connection for as long as the context lasts.

    When the last user leaves, it stays open for a moment and is then closed; when the loop ends before that,
    with the loop.
    """
    entry = await enter_client(settings)
    try:
        yield entry.client
    except BaseException:
        await entry.leave_at_once()
        raise
    entry.leave()
