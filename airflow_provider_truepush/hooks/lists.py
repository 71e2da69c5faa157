"""Choose and run a walk over a list: send each request that it asks for, and pass it the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from typing import TypeVar

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.protocol import newest as newest_rows, search as searching
from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint
from airflow_provider_truepush.api.protocol.list_end import Hint
from airflow_provider_truepush.api.protocol.newest import Newest
from airflow_provider_truepush.api.protocol.reading import Found, Page, Pause, Walk, walk_all
from airflow_provider_truepush.api.protocol.recent import walk_recent
from airflow_provider_truepush.api.protocol.wanted import Wanted

R = TypeVar("R", bound=Ref)
T = TypeVar("T")
Run = Callable[[Call[list[R]]], list[R]]
RunAsync = Callable[[Call[list[R]]], Awaitable[list[R]]]

#: The results of earlier walks in this process that speed up later ones, by project and endpoint.
_hints: dict[tuple[str, str, str], Hint] = {}


def listing(
    settings: Settings, endpoint: Endpoint[list[R]], since: datetime | None, **options: bool
) -> Walk[R, object]:
    """Return the walk that yields all rows, or those since a moment; see :func:`.recent.walk_recent`."""
    if since is None:
        return walk_all(endpoint.name)
    return walk_recent(endpoint.name, Wanted(since=since), _hint(settings, endpoint), **options)


def search(settings: Settings, endpoint: Endpoint[list[R]], wanted: Wanted, *, is_unique: bool) -> Walk[R, list[R]]:
    """Return the walk that finds all wanted rows with certainty."""
    wanted.require_something()
    return searching.search(endpoint.name, wanted, _hint(settings, endpoint), is_unique=is_unique)


def newest(settings: Settings, endpoint: Endpoint[list[R]]) -> Walk[R, Newest[R]]:
    """Return the walk that reads the newest rows."""
    return newest_rows.walk_newest(endpoint.name, _hint(settings, endpoint))


def _hint(settings: Settings, endpoint: Endpoint[list[R]]) -> Hint:
    token = sha256(settings.token.encode()).hexdigest()
    return _hints.setdefault((settings.base_url, token, endpoint.name), Hint())


def iterate(run: Run[R], endpoint: Endpoint[list[R]], walk: Walk[R, object]) -> Iterator[R]:
    """Yield the rows of a walk, page by page, as it reaches them."""
    step = _next(walk)
    while step is not None:
        rows: Sequence[R] = ()
        if isinstance(step, Page):
            rows = run(endpoint.call(step.number))
        elif isinstance(step, Pause):
            time.sleep(step.seconds)
        else:
            yield from step.rows
        step = _next(walk, rows)


def finish(run: Run[R], endpoint: Endpoint[list[R]], walk: Walk[R, T]) -> T:
    """Return the result of a walk that yields no rows."""
    results: list[T] = []
    for _ in iterate(run, endpoint, _keep_result(walk, results)):
        pass
    return results[0]


async def iterate_async(run: RunAsync[R], endpoint: Endpoint[list[R]], walk: Walk[R, object]) -> AsyncIterator[R]:
    """Yield the rows as :func:`iterate` does."""
    step = _next(walk)
    while step is not None:
        rows: Sequence[R] = ()
        if isinstance(step, Page):
            rows = await run(endpoint.call(step.number))
        elif isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        else:
            for row in step.rows:
                yield row
        step = _next(walk, rows)


async def finish_async(run: RunAsync[R], endpoint: Endpoint[list[R]], walk: Walk[R, T]) -> T:
    """Return the result as :func:`finish` does."""
    results: list[T] = []
    async for _ in iterate_async(run, endpoint, _keep_result(walk, results)):
        pass
    return results[0]


def _keep_result(walk: Walk[R, T], results: list[T]) -> Walk[R, None]:
    results.append((yield from walk))


def _next(walk: Walk[R, object], rows: Sequence[R] | None = None) -> Page | Found[R] | Pause | None:
    """Send a walk its answer, and return what it needs next; None at its end."""
    try:
        return next(walk) if rows is None else walk.send(rows)
    except StopIteration:
        return None
