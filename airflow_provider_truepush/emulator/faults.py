"""Faults: which requests they hit, when in the life of a request, and what they do to it."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from airflow_provider_truepush.emulator.effects import (
    DEFAULT_PHASE,
    DEFAULT_SECONDS,
    EFFECTS,
    ENCODINGS,
    ENDPOINTS_OF,
)
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_choice
from airflow_provider_truepush.emulator.outcomes import BY_NAME, as_json, by_code

#: Megabytes of an answer at most: the padding is made here, not in the caller's memory.
LARGEST_ANSWER = 1024
#: Faults that wait at the same time, at most.
MOST_FAULTS = 1000
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PRINTABLE = re.compile(r"[ -~]*")


@dataclass(slots=True)
class Fault:
    """A fault that waits for requests.

    :param endpoint: name of an endpoint, or ``*`` for any request.
    :param effect: name of an effect, one of :data:`.effects.EFFECTS`; ``fin`` by default.
    :param phase: name of a phase, one of :data:`.effects.PHASES`; None for the default of the effect.
    :param nth: the calls it hits, a number or several, counted per endpoint from 1 since the fault was added.
    :param times: how often it hits at most.
    :param probability: of hitting each call, drawn with the emulator's seed.
    :param seconds: of a hang (default 60), a delay (1), until a late commit (1), between the bytes of a drip (0.5),
        before a surplus answer (0.05).
    :param status: HTTP status of ``status`` (default 503), ``redirect`` (307), ``html``, ``contradict``, ``surplus``.
    :param body: of ``status`` and ``surplus``: text, or a mapping for JSON.
    :param headers: further headers of the answer.
    :param retry_after: of ``429`` and ``status``: seconds, or the header's text.
    :param retry_after_date: write those seconds as a date.
    :param location: of ``redirect``; the default is the same path.
    :param code: of ``outcome``: the ``data`` code to answer, in the current dialect.
    :param then: of ``late_commit``: ``fin``, ``rst`` or ``hang`` now.
    :param clock: of ``late_commit``: ``real`` or ``emulated`` seconds, or ``manual``: only at ``commit_late()``.
    :param fields: of ``contradict``: the keys of the envelope to replace; of ``odd_counters``: counters to add.
    :param drop: of ``contradict``: the keys of the envelope to leave out.
    :param rows: of ``odd_rows``: any JSON values.
    :param order: of ``endless_list``: ``newest``, ``oldest`` or ``same``.
    :param part: of ``drip``: ``head`` or ``body``, where the dripping begins.
    :param megabytes: of ``inflate`` and ``oversize``: the size of the body as read.
    :param encoding: of ``inflate``: ``gzip`` or ``deflate``; of ``oversize``: ``plain`` or ``chunked``.
    :param depth: of ``odd_counters``: how deeply one counter is nested.
    """

    endpoint: str = "*"
    effect: str = "fin"
    phase: str | None = None
    nth: int | Iterable[int] | None = None
    times: int | None = None
    probability: float | None = None
    seconds: float | None = None
    status: int | None = None
    body: str | dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    retry_after: float | str | None = None
    retry_after_date: bool = False
    location: str | None = None
    code: str | None = None
    then: str = "fin"
    clock: str = "real"
    fields: dict[str, Any] | None = None
    drop: Sequence[str] = ()
    rows: Sequence[Any] | None = None
    order: str = "newest"
    part: str = "body"
    megabytes: float = 100
    encoding: str | None = None
    depth: int | None = None
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        check_choice("fault: endpoint", self.endpoint, ("*", *BY_NAME))
        if re.fullmatch("[1-5][0-9][0-9]", str(self.effect)) and str(self.effect) not in EFFECTS:
            raise TruepushEmulatorError(
                f"fault: effect is {self.effect!r}, an HTTP status. Use effect='status', status={self.effect}."
            )
        check_choice("fault: effect", self.effect, EFFECTS)
        if self.phase == "before_answer":
            self.phase = "after_commit"
        self.phase = self.phase or DEFAULT_PHASE[self.effect]
        check_choice(f"fault: phase of {self.effect}", self.phase, EFFECTS[self.effect])
        if self.phase == "accept" and self.endpoint != "*":
            raise TruepushEmulatorError(
                "fault: no endpoint is known yet when a connection is accepted. Use endpoint *."
            )
        if self.effect in ENDPOINTS_OF:
            check_choice(f"fault: endpoint of {self.effect}", self.endpoint, ("*", *ENDPOINTS_OF[self.effect]))
        nth: Any = self.nth  # settings come from JSON as well
        if nth is not None:
            self.nth = list(nth) if isinstance(nth, (list, tuple, set, range)) else [nth]
        if self.seconds is None:
            self.seconds = DEFAULT_SECONDS.get(self.effect)
        if self.encoding is None:
            self.encoding = ENCODINGS.get(self.effect, (None,))[0]
        self._check_numbers()
        self._check_texts()
        self._check_choices()
        self._check_json()

    def _check_numbers(self) -> None:
        ranges: list[tuple[str, Any, float, float]] = [
            ("probability", self.probability, 0, 1),
            ("seconds", self.seconds, 0, 86_400 * 366),
            ("status", self.status, 200, 999),
            ("megabytes", self.megabytes, 0, LARGEST_ANSWER),
            ("depth", self.depth, 0, 100_000),
            ("times", self.times, 0, 2**31),
            *(("nth", number, 1, 2**31) for number in (self.nth if isinstance(self.nth, list) else ())),
        ]
        whole = ("status", "depth", "times", "nth")
        for name, value, low, high in ranges:
            if value is None:
                continue
            kinds = (int,) if name in whole else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
                raise TruepushEmulatorError(
                    f"fault: {name} is {value!r}. It must be a {'whole ' if name in whole else ''}number "
                    f"from {low} to {high}."
                )

    def _check_choices(self) -> None:
        check_choice("fault: then", self.then, ("fin", "rst", "hang"))
        check_choice("fault: clock", self.clock, ("real", "emulated", "manual"))
        check_choice("fault: order", self.order, ("newest", "oldest", "same"))
        check_choice("fault: part", self.part, ("head", "body"))
        if self.effect in ENCODINGS:
            check_choice(f"fault: encoding of {self.effect}", self.encoding, ENCODINGS[self.effect])
        if self.effect == "outcome":
            if self.code is None:
                raise TruepushEmulatorError("fault: outcome needs a code, such as DB-ERROR.")
            for name in BY_NAME if self.endpoint == "*" else [self.endpoint]:
                by_code(name, self.code)

    def _check_texts(self) -> None:
        """Refuse what cannot stand in the head of an answer."""
        if not isinstance(self.retry_after_date, bool):
            raise TruepushEmulatorError(f"fault: retry_after_date is {self.retry_after_date!r}, not true or false.")
        wait: Any = self.retry_after
        if isinstance(wait, (bool, list, dict)) or (isinstance(wait, (int, float)) and not 0 <= wait <= 1e9):
            raise TruepushEmulatorError(f"fault: retry_after is {wait!r}. It must be seconds or the header's text.")
        headers: Any = self.headers
        if not isinstance(headers, dict):
            raise TruepushEmulatorError(f"fault: headers is {self.headers!r}. It must be an object of texts.")
        texts: list[tuple[str, Any]] = [("retry_after", wait), ("location", self.location), ("code", self.code)]
        for name, text in headers.items():
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise TruepushEmulatorError(f"fault: {name!r} is not the name of a header.")
            texts.append((f"header {name}", text if isinstance(text, str) else [text]))
        for what, text in texts:
            if isinstance(text, (int, float)) and what == "retry_after":
                continue
            if text is not None and (not isinstance(text, str) or not _PRINTABLE.fullmatch(text)):
                raise TruepushEmulatorError(f"fault: {what} is {text!r}. It must be printable ASCII text.")

    def _check_json(self) -> None:
        """Refuse what cannot be written as JSON now, rather than fail in the middle of an answer."""
        if not isinstance(self.drop, (list, tuple)) or not all(isinstance(name, str) for name in self.drop):
            raise TruepushEmulatorError(f"fault: drop is {self.drop!r}. It must be a list of keys.")
        for name, kind in (("fields", dict), ("rows", (list, tuple)), ("body", (dict, str))):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, kind):
                raise TruepushEmulatorError(f"fault: {name} is of type {type(value).__name__}, which is not accepted.")
            try:
                as_json({"value": value})
            except (TypeError, ValueError, RecursionError) as error:
                raise TruepushEmulatorError(f"fault: {name} cannot be written as JSON ({error}).") from None

    @property
    def name(self) -> str:
        """Return the name in the history and the log."""
        return f"{self.phase}/{self.effect}"

    def hits_endpoint(self, endpoint: str | None) -> bool:
        """Return whether it can hit a request to this endpoint; None is an unknown path."""
        if self.endpoint == "*" and self.effect in ENDPOINTS_OF:
            return endpoint in ENDPOINTS_OF[self.effect]
        return self.endpoint in ("*", endpoint)

    def as_dict(self) -> dict[str, Any]:
        """Return its settings, its id and its hits."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


class Faults:
    """The faults that wait, in the order in which they were added.

    :param seed: of the draws for faults with a probability.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._faults: list[Fault] = []
        self._calls: dict[int, Counter[str | None]] = {}
        self._draws: dict[int, random.Random] = {}
        self._last = 0

    def add(self, fault: Fault) -> int:
        """Add a fault; return its id.

        :raises TruepushEmulatorError: when too many wait already.
        """
        if len(self._faults) >= MOST_FAULTS:
            raise TruepushEmulatorError(f"fault: {MOST_FAULTS} faults are waiting already. Remove some first.")
        self._last += 1
        fault.id = self._last
        self._faults.append(fault)
        self._calls[fault.id] = Counter()
        self._draws[fault.id] = random.Random(f"{self.seed} {fault.id}")  # noqa: S311 (repeatable draws)
        return fault.id

    def match(self, endpoint: str | None, *, accept: bool = False) -> Fault | None:
        """Return the first fault that hits this call; every fault that waits for such calls counts it.

        :param endpoint: name of the endpoint; None for an unknown path.
        :param accept: a connection was accepted.
        """
        found: Fault | None = None
        for fault in self._faults:
            if (fault.phase == "accept") is not accept or not fault.hits_endpoint(endpoint):
                continue
            calls = self._calls[fault.id]
            calls[endpoint] += 1
            if self._strikes(fault, calls[endpoint]) and found is None:
                found = fault
                fault.hits += 1
        return found

    def _strikes(self, fault: Fault, call: int) -> bool:
        if fault.probability is not None and self._draws[fault.id].random() >= fault.probability:
            return False
        if isinstance(fault.nth, list) and call not in fault.nth:
            return False
        return fault.times is None or fault.hits < fault.times

    def list(self) -> list[Fault]:
        """Return the faults that wait."""
        return list(self._faults)

    def clear(self, fault_id: int | None = None) -> None:
        """Remove one fault, or all."""
        self._faults = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
        waiting = {fault.id for fault in self._faults}
        self._calls = {key: calls for key, calls in self._calls.items() if key in waiting}
        self._draws = {key: draws for key, draws in self._draws.items() if key in waiting}
