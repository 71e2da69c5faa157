"""Find the last page of a list that is oldest first, in few requests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_truepush.api.protocol.order import Order, OrderDetector
from airflow_provider_truepush.api.protocol.reading import R, Reading, Walk

log = logging.getLogger(__name__)

#: Reading a whole list of at most this many pages is not logged.
_FEW_PAGES = 3
#: Each stride from page to page is this many times as long as the one before.
_STRIDE_GROWTH = 4


@dataclass(slots=True)
class Hint:
    """The result of an earlier walk over the same list. A wrong hint costs requests, never rows.

    :param last_page: the last page of a list that was oldest first; 0 when unknown.
    :param whole_walks_explained: whether the log has explained why the whole list is read.
    :param duplicates_explained: whether the log has reported that the list has rows more than once.
    """

    last_page: int = 0
    whole_walks_explained: bool = False
    duplicates_explained: bool = False


def find_last_page(reading: Reading[R], detector: OrderDetector, first: int) -> Walk[R, tuple[int, Sequence[R]] | None]:
    """Find the last page by growing strides and then by bisection.

    The last page is read after the page behind it was empty, because rows may move between the two requests.

    :param reading: reads the pages.
    :param detector: gets the pages that are read.
    :param first: the page to begin with. It had rows when it was last read, perhaps in an earlier walk.
    :return: the number and the rows of the last page; None when the list is not oldest first, or empty.
    """
    low, high, stride = first, 0, 1
    is_end_confirmed = False
    while True:
        while high == 0 or high - low > 1:
            probe = low + stride if high == 0 else (low + high) // 2
            rows = yield from reading.page(probe)
            if rows:
                detector.add(probe, [row.id for row in rows])
                if detector.order in (Order.NEWEST_FIRST, Order.NONE):
                    return None
                low, stride = probe, stride * _STRIDE_GROWTH
            else:
                high = probe
        if low == 0:
            return None
        rows = yield from reading.page(low)
        if not rows:
            low, high = 0, low  # the list has shrunk since that page was read
        elif is_end_confirmed or len(rows) < reading.page_size:
            break
        else:
            # A full page is rarely the last. An empty answer may come from a proxy, so the page behind it is
            # requested once more.
            is_end_confirmed = True
            if not (yield from reading.page(low + 1)):
                break
            low, high, stride = low + 1, 0, 1
    detector.add(low, [row.id for row in rows])
    return (low, rows) if detector.order is Order.OLDEST_FIRST else None


def explain_whole_walk(hint: Hint, reading: Reading[R], order: Order, pages: int) -> None:
    """Log why the whole list was read and what that costs, once for each list.

    :param hint: records that it was logged.
    :param reading: has read the list.
    :param order: the order that was detected.
    :param pages: the number of its pages.
    """
    if order in (Order.NEWEST_FIRST, Order.OLDEST_FIRST) or hint.whole_walks_explained or pages <= _FEW_PAGES:
        return
    hint.whole_walks_explained = True
    log.warning(
        "%s: the list has no usable order (%s), so the whole list was read: %d requests for %d rows. Each create, "
        "search after a lost answer, watcher poll and export of this project needs as many requests.",
        reading.name,
        order.value,
        reading.requests,
        len(reading.rows),
    )
