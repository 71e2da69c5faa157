"""Bounds of every walk over a list, in one place."""

from __future__ import annotations

from datetime import timedelta

#: Pages read by one walk at most. At 25 rows a page this is half a million campaigns.
MAX_PAGES = 20_000
#: Rows kept by one walk at most. A row of the list takes about 300 bytes of memory.
MAX_ROWS = 500_000
#: After this page a walk asks once for the page after `MAX_PAGES`: a list that has rows there is too long or endless,
#: and is refused at once instead of after minutes.
PROBE_AFTER_PAGE = 100
#: Pages in a row without a new row. One happens when rows are added while the list is walked; many mean that the
#: server does not turn the page.
MAX_STALE_PAGES = 3

#: Looks at a list that never holds still, before an absence is given up on as unproven.
MAX_LOOKS = 12
#: Seconds between two looks: the first two follow each other at once, then the pause doubles from the first value up
#: to the second.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0

#: The ids of neighboring rows may differ by so much from the order of the list: several servers make them.
CLOCK_SLACK = timedelta(hours=1)
#: In a list whose rows are all in order, so many rows older than the moment prove as much as `CLOCK_SLACK`.
ORDERLY_ROWS = 20
#: Steps between neighboring rows that must go the same way before the list counts as ordered. By chance ten steps do
#: so once in forty million lists.
ORDERED_STEPS = 10
#: A second look is taken at all pages that hold wanted rows up to so many rows, and at `SAMPLED_PAGES` of them above.
SECOND_LOOK_ROWS, SAMPLED_PAGES = 200, 6
#: How often the pages are looked at again when rows have vanished or turned up between two looks.
MAX_SECOND_LOOKS = 4
