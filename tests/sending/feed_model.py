"""How an item of a mapped task may be identified, small enough to be explored whole.

The feed of one Dag run is replaced by any other between clears; a map index is run at any time. What a sibling has sent
may be hidden at that moment, since Airflow deletes the XComs of a task when it starts again. A small letter is an item
that was edited: its content is another one, and it is still the same item.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import combinations, permutations
from typing import Literal, NamedTuple

ITEMS = "ABC"
CHANGES = 2
Identity = Literal[
    "position", "item in a ledger", "content in a ledger", "item, published", "item, published, never listed"
]
_FEEDS = [
    order
    for size in (1, 2, 3)
    for chosen in combinations(ITEMS + "b", size)
    if len(set("".join(chosen).upper())) == size
    for order in permutations(chosen)
]


class State(NamedTuple):
    """Everything at one moment.

    :param feed: the items by map index.
    :param sent: pairs of map index and item.
    :param made: campaigns that exist, one letter each.
    :param changes: how often the feed was replaced.
    """

    feed: tuple[str, ...] = ("A", "B")
    sent: frozenset[tuple[int, str]] = frozenset()
    made: str = ""
    changes: int = 0


def explore(identity: Identity) -> tuple[int, State | None]:
    """Return how many states there are, and one in which an item went out twice."""
    seen, queue = {State()}, deque([State()])
    while queue:
        state = queue.popleft()
        if any(state.made.upper().count(item) > 1 for item in ITEMS):
            return len(seen), state
        for following in _successors(identity, state):
            if following not in seen:
                seen.add(following)
                queue.append(following)
    return len(seen), None


def _successors(identity: Identity, state: State) -> Iterator[State]:
    if state.changes < CHANGES:
        yield from (state._replace(feed=feed, changes=state.changes + 1) for feed in _FEEDS if feed != state.feed)
    for index, item in enumerate(state.feed):
        siblings = sorted({place for place, _ in state.sent} - {index})
        for size in range(len(siblings) + 1):
            for hidden in combinations(siblings, size):
                if _may_send(identity, state, index, item, hidden):
                    made = "".join(sorted(state.made + item))
                    yield state._replace(sent=state.sent | {(index, item)}, made=made)


def _may_send(identity: Identity, state: State, index: int, item: str, hidden: tuple[int, ...]) -> bool:
    if any(place == index for place, _ in state.sent):
        return False  # the same id, or other content: a manual decision
    if identity == "position":
        return True
    if identity == "content in a ledger":
        return all(other != item for _, other in state.sent)
    shown = [other for place, other in state.sent if place not in hidden]
    if identity == "item in a ledger":
        shown = [other for _, other in state.sent]
    # This item may be an edited version of one that was sent and then removed from the feed.
    if item in shown or not set(shown).issubset(state.feed):
        return False
    if identity == "item in a ledger":
        return True
    if identity == "item, published, never listed" or not state.changes:
        return True
    # What is hidden starts again and is waited for; the list shows equal titles.
    return len(state.made) == len(shown)
