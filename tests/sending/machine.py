"""Every order of tries, kills, frozen workers, faults and late commits that hypothesis comes up with."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.emulator import CONNECTION_FAULTS, FAULTS
from tests.sending.attempts import Attempt, ending
from tests.sending.watched import StoreFault
from tests.sending.world import Setup, World
from tests.support.versions import HAS_STATE_STORE

_TRIES = 4
_LIES = ("after_commit",)


class DuplicateError(AssertionError):
    """A push went out twice."""


def _details(endpoint: str, phase: str, effect: str) -> st.SearchStrategy[dict[str, Any]]:
    """A fault's settings. After the commit no server says itself that it refused: there is no proof against a lie.

    A proxy before it may, and be believed if it asks to come later only.
    """
    lie = phase in _LIES and endpoint == "createCampaign"
    negative = "CAMPAIGN-CREATING-FAILED" if endpoint == "createCampaign" else "CAMPAIGNS-NOT-FOUND"
    refusals = [] if lie else [codes.BAD_REQUEST, codes.TOKEN_NOT_FOUND, codes.API_LIMIT_EXCEEDED]
    choices: dict[str, dict[str, Any]] = {
        "outcome": {"code": [codes.DB_ERROR, negative, *refusals]},
        "status": {"status": [500, 502, 503, 504, 404, 408, 400, 401, 403] + ([] if lie else [429])},
        "429": {"retry_after": [None, 0.5, 1000.0]},
        "late_commit": {"then": ["fin", "rst", "hang"]},
        "hang": {"seconds": [30.0]},
        "delay": {"seconds": [0.01]},
    }
    fixed = {"clock": "manual"} if effect == "late_commit" else {}
    drawn = {name: st.sampled_from(values) for name, values in choices.get(effect, {}).items()}
    whole = {**fixed, "endpoint": endpoint, "phase": phase, "effect": effect}
    return st.fixed_dictionaries(drawn).map(lambda given: {**given, **whole})


def _faults(endpoint: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.sampled_from(FAULTS).flatmap(lambda fault: _details(endpoint, *fault))


def _times(faults: st.SearchStrategy[dict[str, Any]], skip: list[int], times: list[int]) -> Any:
    """The fault, from which call of its endpoint on and how often."""
    spans = st.tuples(st.sampled_from(skip), st.sampled_from(times)).map(lambda span: range(span[0], sum(span)))
    return st.tuples(faults, spans).map(lambda drawn: {**drawn[0], "nth": list(drawn[1])})


#: A fault of the emulator, of the send_store, or how many creates find nobody who listens.
Trouble = dict[str, Any] | StoreFault | int
_CREATE = _times(_faults("createCampaign"), [1], [1, 1, 2, 3])
#: Those that the whole protocol is about, so that they come more often.
_TELLING = st.sampled_from(
    [
        {"endpoint": "createCampaign", "effect": "late_commit", "clock": "manual", "nth": 1},
        {"endpoint": "createCampaign", "phase": "after_commit", "effect": "fin", "nth": 1},
        {"endpoint": "createCampaign", "effect": "429", "nth": 1},
        {"endpoint": "listCampaign", "effect": "429", "nth": [2, 3]},
    ]
)
#: The list fails at once or when it is looked at again, in passing or for good.
_LIST = _times(_faults("listCampaign"), [1, 2, 2, 3], [1, 2, 2, 50])
_CONNECTION = st.sampled_from([effect for _, effect in CONNECTION_FAULTS]).map(
    lambda effect: {"phase": "accept", "effect": effect, "seconds": 0.01 if effect == "delay" else 30.0, "nth": 1}
)
_STORE_FAULTS = st.builds(
    StoreFault, st.sampled_from(["read", "acquire", "commit", "release"]), st.booleans(), st.sampled_from([1, 4])
)
TROUBLES: st.SearchStrategy[Trouble] = st.one_of(
    _TELLING,
    _TELLING,
    _TELLING,
    _CREATE,
    _CREATE,
    _CREATE,
    _LIST,
    _LIST,
    _CONNECTION,
    st.sampled_from([1, 6]),
    _STORE_FAULTS,
)
#: From which send_store to which a task may change. From below 3.3 to 3.3 is a limit that is told to users.
_CHANGES = [("state", "both"), ("both", "state"), ("ledger", "none"), ("none", "ledger")]
_STAYS = [(name, None) for name in ("state", "state", "both", "ledger", "ledger", "none")]
_SEND_STORES = [pair for pair in [*_STAYS, *_CHANGES] if HAS_STATE_STORE or not {"state", "both"}.intersection(pair)]


#: Of the list of campaigns; the first one is the emulator's own.
ORDERS = st.sampled_from(["inserted", "newest", "oldest", "title", "shuffled"])


def _setup(send_stores: tuple[str, str | None], **given: Any) -> Setup:
    return Setup(*send_stores, **given)


SETUPS = st.builds(
    _setup,
    st.sampled_from(_SEND_STORES),
    siblings=st.booleans(),
    dialect=st.sampled_from([None, None, "none"]),
    on_doubt=st.sampled_from(["reconcile", "reconcile", "reconcile", "fail"]),
    order=ORDERS,
    moves=st.booleans(),
)
WHICH = st.integers(0, _TRIES - 1)


def arrange(world: World, trouble: Trouble) -> None:
    """Have something go wrong."""
    match trouble:
        case StoreFault():
            world.store_faults.append(replace(trouble))
        case int():
            world.refuse = trouble
        case _:
            if "hang" in (trouble["effect"], trouble.get("then")):
                world.timeout = 0.25
            world.emulator.fault(**trouble)


def mend(world: World) -> None:
    """Have everything work again."""
    world.emulator.clear_faults()
    world.emulator.end_churn()
    world.is_mended = True
    world.store_faults.clear()
    world.refuse = 0
    world.timeout = 10.0


class Histories(RuleBasedStateMachine):
    """One history: the tries of one send, or of two with equal titles, and all that happens to them."""

    world: ClassVar[World]
    endings: ClassVar[Counter[str]]
    duplicates_only: ClassVar[bool] = False

    @initialize(setup=SETUPS)
    def begin(self, setup: Setup) -> None:
        """An empty Truepush."""
        self.world.begin(self.world.only or setup)

    @rule(key=st.sampled_from("ab"), troubles=st.lists(TROUBLES, max_size=2))
    @precondition(lambda self: self._room())
    def run(self, key: str, troubles: list[Trouble]) -> None:
        """Truepush, the network or the send_store fails, and Airflow runs a try: a retry, or after a clear."""
        self._start(key, None, troubles)

    @rule(key=st.sampled_from("ab"), steps=st.integers(2, 14), troubles=st.lists(TROUBLES, max_size=2))
    @precondition(lambda self: self._room())
    def start(self, key: str, steps: int, troubles: list[Trouble]) -> None:
        """The same, and the try comes only so far."""
        self._start(key, steps, troubles)

    @rule(which=WHICH, steps=st.one_of(st.none(), st.just("kill"), st.integers(1, 9)))
    @precondition(lambda self: self._alive())
    def carry_on(self, which: int, steps: int | str | None) -> None:
        """One that was frozen is killed, or wakes up, perhaps long overtaken."""
        attempt = self._pick(which)
        if isinstance(steps, str):
            attempt.kill()
            self._check_duplicates()
        else:
            self._steps(attempt, steps)

    @rule(what=st.sampled_from(["mended", "late", "late", 5, 130, 4000]))
    def elapse(self, what: str | int) -> None:
        """Faults pass, what was in flight arrives, or deadlines do."""
        if what == "mended":
            mend(self.world)
        elif what == "late":
            self.world.emulator.commit_late()
            self._check_duplicates()
        else:
            self.world.now += int(what)

    # What a person does

    @rule(key=st.sampled_from("ab"))
    @precondition(lambda self: "none" not in (self.world.setup.send_store, self.world.setup.later_send_store))
    def look_and_resolve(self, key: str) -> None:
        """Look in Truepush, and do what the error says. Whoever cannot be sure yet does nothing."""
        world = self.world
        tries = world.attempts.get(key)
        if not tries or not tries[-1].over or ending(tries[-1]) != "person":
            return
        waits = any(not one.over and world.now <= one.closed_at for one in tries)
        if waits or world.emulator.late_commits():
            return
        made = world.made(key)
        world.resolve(key, made[0] if made else None)
        for attempt in tries:
            attempt.open = attempt.in_doubt = False

    # The rest

    def teardown(self) -> None:
        """Let everything come to its end, and look once more."""
        try:
            while self._alive():
                self._steps(self._pick(0), None)
            mend(self.world)
            self.world.emulator.commit_late()
            for key in self.world.attempts:
                self._last_try(key)
        finally:
            self.world.end()
            for tries in self.world.attempts.values():
                self.endings.update(ending(attempt) for attempt in tries)
            self.endings["histories"] += 1

    def _last_try(self, key: str) -> None:
        """When all is well again: the same id for ever, or a first send if nothing was ever in doubt."""
        world = self.world
        doubt = any(one.open or one.in_doubt for one in world.attempts[key])
        made = world.made(key)
        last = world.start(key)
        last.finish()
        self._check(key, last)
        if self.duplicates_only:
            return
        how = ending(last)
        if not doubt and not world.unproven(key, last.number):
            assert how != "person", f"nothing was ever in doubt, and a person is asked: {last.error}"
            assert len(world.made(key)) == 1, f"{how}: {last.error}"
        if made:
            assert world.made(key) == made, "sent again"
        if how in ("sent", "same id", "adopted") and not world.unproven(key, last.number + 1):
            again = world.start(key)
            again.finish()
            assert again.error is None, again.error
            assert again.result == last.result, "another id after the outcome was known"
            self._check_duplicates()

    def _check(self, key: str, attempt: Attempt) -> None:
        """After an attempt has ended."""
        self._check_duplicates()
        if self.duplicates_only:
            return
        how = ending(attempt)
        if how == "person" and not self.world.has_cause(attempt):
            raise AssertionError(f"a person is asked without a cause: {attempt.error}")
        if attempt.error is None and attempt.result is not None:
            assert attempt.result in self.world.made(key), f"{how}: the id of another send"

    def _check_duplicates(self) -> None:
        for key in self.world.attempts:
            if len(self.world.made(key)) > 1:
                raise DuplicateError(f"send {key} went out as {self.world.made(key)}")

    def _start(self, key: str, steps: int | None, troubles: list[Trouble]) -> None:
        key = key if key in self.world.attempts else "a"
        if len(self.world.attempts[key]) < _TRIES:
            for trouble in troubles:
                arrange(self.world, trouble)
            self._steps(self.world.start(key), steps)

    def _steps(self, attempt: Attempt, steps: int | None) -> None:
        if steps is None:
            attempt.finish()
        else:
            for _ in range(steps):
                attempt.step()
        self._check_duplicates()
        if attempt.over:
            key = next(key for key, tries in self.world.attempts.items() if attempt in tries)
            self._check(key, attempt)

    def _live(self) -> list[Attempt]:
        return [attempt for tries in self.world.attempts.values() for attempt in tries if not attempt.over]

    def _pick(self, which: int) -> Attempt:
        live = self._live()
        return live[which % len(live)]

    def _alive(self) -> bool:
        return bool(self._live())

    def _room(self) -> bool:
        return any(len(tries) < _TRIES for tries in self.world.attempts.values())
