"""Bounds of every walk over a list, in one place."""

from __future__ import annotations

from datetime import timedelta

#: The most pages that one walk reads. With 25 rows on a page this is half a million campaigns.
MAX_PAGES = 20_000
#: The most rows that one walk keeps. A row takes about 300 bytes of memory.
MAX_ROWS = 500_000
#: After this page a walk requests the page after `MAX_PAGES` once. A list that has rows there is too long or endless,
#: and is refused at once instead of after minutes.
PROBE_AFTER_PAGE = 100
#: Consecutive pages without a new row. One is normal when rows are added while the list is read. Several mean that the
#: server ignores the page number.
MAX_STALE_PAGES = 3
#: Consecutive pages of which no row has a valid id. A few odd rows are skipped; this many pages are not Truepush's.
MAX_UNREADABLE_PAGES = 3

#: The most readings of a list that keeps changing, before an absence counts as unproven.
MAX_LOOKS = 12
#: Seconds between two readings. The second follows the first at once; then the pause doubles from the first value up
#: to the second.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

#: The identical readings that prove that a list with a duplicate row does not change. Two are enough for
#: any other list. At most `MAX_SECOND_LOOKS`.
STILL_READINGS = 4

#: The most by which the ids of neighboring rows may contradict the order of the list: several servers create them.
CLOCK_SLACK = timedelta(hours=1)
#: In a list whose rows are all in order, this many rows older than the moment prove as much as `CLOCK_SLACK`.
ORDERLY_ROWS = 20
#: Steps between neighboring rows that must have the same direction before the list counts as ordered. Ten steps have
#: one by chance once in forty million lists.
ORDERED_STEPS = 10
#: Up to this many rows, all pages with wanted rows are read again; above it, `SAMPLED_PAGES` of them.
SECOND_LOOK_ROWS, SAMPLED_PAGES = 200, 6
#: The most repeated readings of pages on which rows have disappeared or appeared.
MAX_SECOND_LOOKS = 4
