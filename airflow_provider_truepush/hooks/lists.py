"""Drive a walk over a list: send each request that it asks for, and hand it the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TypeVar

from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint
from airflow_provider_truepush.api.protocol.paging import Pages
from airflow_provider_truepush.api.protocol.walk import Wanted

R = TypeVar("R", bound=Ref)
Run = Callable[[Call[list[R]]], list[R]]
RunAsync = Callable[[Call[list[R]]], Awaitable[list[R]]]


def iterate(run: Run[R], endpoint: Endpoint[list[R]], wanted: Wanted) -> Iterator[R]:
    """Return the wanted rows, a request per page, when the page is reached."""
    pages = Pages(endpoint)
    while rows := run(pages.next_call()):
        yield from filter(wanted.matches, pages.fresh(rows))


def find(run: Run[R], endpoint: Endpoint[list[R]], wanted: Wanted) -> list[R]:
    """Return the wanted rows, once each."""
    return list(iterate(run, endpoint, wanted))


async def iterate_async(run: RunAsync[R], endpoint: Endpoint[list[R]], wanted: Wanted) -> AsyncIterator[R]:
    """As :func:`iterate`."""
    pages = Pages(endpoint)
    while rows := await run(pages.next_call()):
        for row in filter(wanted.matches, pages.fresh(rows)):
            yield row


async def find_async(run: RunAsync[R], endpoint: Endpoint[list[R]], wanted: Wanted) -> list[R]:
    """As :func:`find`."""
    return [row async for row in iterate_async(run, endpoint, wanted)]
