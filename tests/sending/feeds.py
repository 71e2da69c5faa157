"""Every order of tries, kills and faults of a mapped task whose feed is reordered, grown, shrunk and edited."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from airflow_provider_truepush.emulator import Emulator
from tests.sending.attempts import Attempt, ending
from tests.sending.machine import ORDERS, TROUBLES, DuplicateError, Trouble, arrange, mend
from tests.sending.world import Setup, World, ledger_hook
from tests.support.versions import HAS_STATE_STORE

_TRIES = 5
_INDEXES = 4
_STORES = [name for name in ("state", "state", "ledger", "both") if HAS_STATE_STORE or name == "ledger"]


class FeedWorld(World):
    """A mapped task in one Dag run; each map index sends what stands in the feed at that place when it starts."""

    feed: tuple[str, ...] = ("A", "B")
    own_titles = False
    #: When the tries go out: at once, each at another time, or in the same minute, which each writes in another way.
    timing = "at once"

    def begin(self, setup: Setup) -> None:
        super().begin(setup)
        self.attempts = {str(index): [] for index in range(_INDEXES)}
        self.feed = ("A", "B")
        #: States that Airflow shows of some map indexes, whatever their tries came to.
        self.held: dict[str, str] = {}
        #: Whether the feed is no longer what it was when the run began.
        self.moved = False
        day = datetime.fromtimestamp(self.now, UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        self.same_minute = day + timedelta(days=300)

    def index(self, key: str) -> int:
        return int(key)

    def title(self, key: str) -> str:
        return f"Sale {self.histories} {self.feed[int(key)] if self.own_titles else ''}".strip()

    def state(self, key: str) -> str | None:
        if int(key) >= len(self.feed):
            return "removed"
        return self.held.get(key) or super().state(key)

    def given(self, key: str) -> dict[str, Any]:
        tries = sum(map(len, self.attempts.values()))
        if self.timing == "each at another time":
            return {"send_at": datetime.fromtimestamp(self.now, UTC) + timedelta(days=1 + tries)}
        if self.timing == "in the same minute":
            aware = self.same_minute.astimezone(ZoneInfo("Asia/Kolkata"))
            notations = [aware, self.same_minute.replace(tzinfo=None), aware - timedelta(seconds=20)]
            return {"send_at": notations[tries % len(notations)]}
        return {}

    def message(self, key: str) -> str:
        return f"{self.histories}/{self.feed[int(key)]}"

    def _key_of(self, map_index: int) -> str:
        return str(map_index)

    def made_of(self, item: str) -> list[str]:
        """The oracle: ids of the campaigns that exist for an item, edited or not."""
        wanted = f"{self.histories}/{item}".upper()
        return [row["id"] for row in self.emulator.campaigns() if row["payload"]["message"].upper() == wanted]


class Feeds(RuleBasedStateMachine):
    """One history of a feed."""

    world: ClassVar[FeedWorld]
    endings: ClassVar[Counter[str]]

    @initialize(
        store=st.sampled_from(_STORES),
        own_titles=st.booleans(),
        timing=st.sampled_from(["at once", "each at another time", "in the same minute"]),
        feed=st.sampled_from(["AB", "AB", "ABA"]),
        order=ORDERS,
        moves=st.booleans(),
    )
    def begin(self, store: str, own_titles: bool, timing: str, feed: str, order: str, moves: bool) -> None:
        """An empty Truepush, and a feed that may hold an item twice."""
        self.world.own_titles = own_titles
        # One message at two times is two items.
        self.world.timing = timing if feed == "AB" or timing == "in the same minute" else "at once"
        self.world.begin(Setup(store, order=order, moves=moves))
        self.world.feed = tuple(feed)
        self.seen: set[str] = set("ABCD")
        self.sent: dict[Attempt, str] = {}
        #: Whether nothing has gone wrong in this history: then nobody may be asked unless an item was changed.
        self.calm = True

    @rule(
        feed=st.lists(st.sampled_from("ABCDab"), min_size=1, max_size=_INDEXES, unique_by=str.upper),
        counted=st.sampled_from([True, True, False]),
    )
    def change(self, feed: list[str], counted: bool) -> None:
        """The feed is another one, in which a small letter is an item that was edited, and somebody clears the run."""
        self.world.moved = self.world.moved or feed[: len(self.world.feed)] != list(self.world.feed)
        self.world.feed = tuple(feed)
        self.world.clear(counted=counted)

    @rule(counted=st.booleans())
    def clear(self, counted: bool) -> None:
        """Somebody clears the run, with the same feed."""
        self.world.clear(counted=counted)

    @rule(place=st.integers(0, _INDEXES - 1), troubles=st.lists(TROUBLES, max_size=1))
    def run(self, place: int, troubles: list[Trouble]) -> None:
        """Airflow runs a try of a map index, from beginning to end."""
        self._start(place, None, troubles)

    @rule(reverse=st.booleans())
    def run_all(self, reverse: bool) -> None:
        """Airflow runs a try of every map index, one after the other."""
        for place in sorted(range(len(self.world.feed)), reverse=reverse):
            self._start(place, None, [])

    @rule(place=st.integers(0, _INDEXES - 1), steps=st.integers(2, 24), troubles=st.lists(TROUBLES, max_size=1))
    def start(self, place: int, steps: int, troubles: list[Trouble]) -> None:
        """The same, and the try comes only so far."""
        self._start(place, steps, troubles)

    @rule(which=st.integers(0, 5), steps=st.one_of(st.none(), st.just("kill"), st.integers(1, 9)))
    @precondition(lambda self: self._live())
    def carry_on(self, which: int, steps: int | str | None) -> None:
        """One that was frozen is killed, or goes on."""
        live = self._live()
        attempt = live[which % len(live)]
        if isinstance(steps, str):
            attempt.kill()
            # Airflow sees that a worker has died after minutes, and what was in flight has arrived by then.
            self.world.emulator.commit_late()
            self.calm = False
        else:
            self._steps(attempt, steps)
        self._check()

    @rule(what=st.sampled_from(["mended", "late", 5, 130]))
    def elapse(self, what: str | int) -> None:
        """Faults pass, what was in flight arrives, or time goes by."""
        if what == "mended":
            mend(self.world)
        elif what == "late":
            self.world.emulator.commit_late()
        else:
            self.world.now += int(what)
        self._check()

    def teardown(self) -> None:
        """Let everything come to its end, and look once more."""
        try:
            for attempt in self._live():
                attempt.finish()
            mend(self.world)
            self.world.emulator.commit_late()
            self.world.clear()
            for place in range(len(self.world.feed)):
                self._start(place, None, [], limit=_TRIES + 1)
            self._check()
        finally:
            self.world.end()
            tries = [one for of_index in self.world.attempts.values() for one in of_index]
            self.endings.update(ending(one) for one in tries)
            self.endings["histories"] += 1

    def _start(self, place: int, steps: int | None, troubles: list[Trouble], limit: int = _TRIES) -> None:
        place %= len(self.world.feed)
        if len(self.world.attempts[str(place)]) >= limit:
            return
        for trouble in troubles:
            self.calm = False
            arrange(self.world, trouble)
        if self._live():
            self.calm = False
        attempt = self.world.start(str(place))
        self.sent[attempt] = self.world.feed[place]
        self._steps(attempt, steps)
        self._check()

    def _steps(self, attempt: Attempt, steps: int | None) -> None:
        if steps is None:
            attempt.finish()
        for _ in range(steps or 0):
            attempt.step()
        if not attempt.over:
            return
        item = self.sent[attempt]
        if attempt.error is None and attempt.result is not None:
            assert attempt.result in self.world.made_of(item), "the id of another item"
        if ending(attempt) == "person":
            self.endings["asked, all calm"] += self.calm
            self.endings["asked, feed never moved"] += self.calm and not self.world.moved
            assert not (self.calm and not self.world.moved), f"someone is asked without a cause: {attempt.error}"

    def _check(self) -> None:
        for item in sorted(self.seen):
            if len(made := self.world.made_of(item)) > 1:
                raise DuplicateError(f"item {item} went out as {made}")

    def _live(self) -> list[Any]:
        return [one for of_index in self.world.attempts.values() for one in of_index if not one.over]


def feed_world(emulator: Emulator, monkeypatch: pytest.MonkeyPatch, store: str, feed: str) -> FeedWorld:
    world = FeedWorld(emulator, ledger=ledger_hook)
    world.patch(monkeypatch)
    world.own_titles = True
    world.begin(Setup(store))
    world.feed = tuple(feed)
    return world
