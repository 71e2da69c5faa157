"""The last page of a list that is oldest first, found in few requests."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_provider_truepush.api.protocol.order import Order, OrderDetector
from airflow_provider_truepush.api.protocol.reading import R, Reading, Walk

log = logging.getLogger(__name__)

#: A list read whole within so many pages is not worth a line in the log.
_FEW_PAGES = 3
#: Each stride from page to page is so many times as long as the one before.
_STRIDE_GROWTH = 4


@dataclass(slots=True)
class Hint:
    """What an earlier walk over the same list found out. A wrong hint costs requests, never rows.

    :param last_page: the last page of a list that was oldest first; 0 when unknown.
    :param whole_walks_explained: whether the log has said why the list is read whole.
    """

    last_page: int = 0
    whole_walks_explained: bool = False


def find_last_page(reading: Reading[R], detector: OrderDetector, first: int) -> Walk[R, tuple[int, Sequence[R]] | None]:
    """Find the last page, by ever longer strides and then by halving.

    It is read after the page behind it was seen to be empty: rows may move up from there meanwhile.

    :param reading: reads the pages.
    :param detector: is given the pages that are read.
    :param first: where to begin: a page that had rows when it was read last, perhaps in an earlier walk.
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
            # A full page is rarely the last. An empty answer may come from a proxy, so the page behind it is asked for
            # once more.
            is_end_confirmed = True
            if not (yield from reading.page(low + 1)):
                break
            low, high, stride = low + 1, 0, 1
    detector.add(low, [row.id for row in rows])
    return (low, rows) if detector.order is Order.OLDEST_FIRST else None


def explain_whole_walk(hint: Hint, reading: Reading[R], order: Order, pages: int) -> None:
    """Log why the whole list was read and what that costs, once for each list.

    :param hint: remembers that it was said.
    :param reading: has read the list.
    :param order: what was found of its order.
    :param pages: how many pages it has.
    """
    if order in (Order.NEWEST_FIRST, Order.OLDEST_FIRST) or hint.whole_walks_explained or pages <= _FEW_PAGES:
        return
    hint.whole_walks_explained = True
    log.warning(
        "%s: the list has no usable order (it is %s), so all of it was read: %d requests for %d rows. Every create, "
        "look after doubt, watcher poll and export of this project costs as much.",
        reading.name,
        order.value,
        reading.requests,
        len(reading.rows),
    )
