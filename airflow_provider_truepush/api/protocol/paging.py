"""Walking the pages of a list of unknown length and order."""

from __future__ import annotations

from typing import Generic, TypeVar

from airflow_provider_truepush.api.errors import TruepushProtocolError
from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint

R = TypeVar("R", bound=Ref)

#: Pages in a row without a new row. One happens when rows are added while the list is walked; many mean that
#: the server does not turn the page.
_STALE_PAGES = 3


class Pages(Generic[R]):
    """The state of one walk. Rows that move to a later page while it goes on are given once.

    :param endpoint: one of the four lists.
    """

    def __init__(self, endpoint: Endpoint[list[R]]) -> None:
        self._endpoint = endpoint
        self._page = 0
        self._seen: set[str] = set()
        self._stale = 0

    def next_call(self) -> Call[list[R]]:
        """The request for the next page."""
        self._page += 1
        return self._endpoint.call(self._page)

    def fresh(self, rows: list[R]) -> list[R]:
        """The rows of a page that no earlier page had."""
        fresh = []
        for row in rows:
            if row.id not in self._seen:
                self._seen.add(row.id)
                fresh.append(row)
        self._stale = 0 if fresh else self._stale + 1
        if rows and self._stale >= _STALE_PAGES:
            raise TruepushProtocolError(
                f"{self._endpoint.name}: page {self._page} and the {_STALE_PAGES - 1} before it hold only rows seen "
                "already; the server does not turn the page. Nothing was changed; the list may be incomplete.",
                endpoint=self._endpoint.name,
            )
        return fresh
