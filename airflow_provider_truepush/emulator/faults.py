"""Faults: which requests they hit, when in a request's life, and what they do to it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from airflow_provider_truepush.emulator.outcomes import BY_NAME, by_code

Phase = Literal["accept", "before_read", "before_commit", "after_commit", "mid_answer"]

#: The phases of a request's life, in order.
PHASES: dict[str, str] = {
    "accept": "the connection is accepted, not a byte is read; counts connections, not requests",
    "before_read": "the head of the request is read, its body is not",
    "before_commit": "the request is read, nothing is changed yet",
    "after_commit": "the change is made, nothing is answered yet",
    "mid_answer": "the change is made, the head and half of the body are out",
}
_ANY_REQUEST = ("before_read", "before_commit", "after_commit", "mid_answer")
_ANSWERS = ("before_read", "before_commit", "after_commit")

#: The effects, each with the phases it may strike in.
EFFECTS: dict[str, tuple[str, ...]] = {
    "fin": ("accept", *_ANY_REQUEST),
    "rst": ("accept", *_ANY_REQUEST),
    "hang": ("accept", *_ANY_REQUEST),
    "delay": ("accept", *_ANY_REQUEST),
    "status": _ANSWERS,
    "outcome": _ANSWERS,
    "html": _ANSWERS,
    "garbage": _ANSWERS,
    "redirect": _ANSWERS,
    # A limiter stands before the service: what it turns away was never carried out.
    "429": ("before_read", "before_commit"),
    "truncate": ("mid_answer",),
    "cut_json": ("mid_answer",),
    "late_commit": ("before_commit",),
}
#: Every (phase, effect) that can hit a request.
FAULTS: tuple[tuple[str, str], ...] = tuple(
    (phase, effect) for effect, phases in EFFECTS.items() for phase in phases if phase != "accept"
)
#: Every (phase, effect) that can hit a connection before its first request.
CONNECTION_FAULTS: tuple[tuple[str, str], ...] = tuple(
    ("accept", effect) for effect, phases in EFFECTS.items() if "accept" in phases
)
#: Where an effect strikes when nothing is said; the connection is cut where it hurts most.
DEFAULT_PHASE: dict[str, str] = {
    **dict.fromkeys(("fin", "rst", "hang"), "after_commit"),
    **dict.fromkeys(("delay", "status", "outcome", "html", "garbage", "redirect", "429"), "before_commit"),
    **{effect: phases[0] for effect, phases in EFFECTS.items() if len(phases) == 1},
}
_DEFAULT_SECONDS = {"hang": 60.0, "delay": 1.0, "late_commit": 1.0}


@dataclass(slots=True)
class Fault:
    """A fault that waits for requests.

    :param endpoint: name of an endpoint, or ``*`` for any request.
    :param effect: one of :data:`EFFECTS`.
    :param phase: one of :data:`PHASES`; None for the effect's own. ``before_answer`` is ``after_commit``.
    :param nth: the calls it hits, a number or several, counted per endpoint from 1 since the fault was added.
    :param times: how often it hits at the most.
    :param probability: of hitting each call, drawn with the emulator's seed.
    :param seconds: of a hang (default 60), a delay (1), or until a late commit (1).
    :param status: HTTP status of ``status`` (default 503) and ``redirect`` (default 307).
    :param body: of ``status``: text, or a mapping for JSON; the default is nginx's page.
    :param headers: further headers of the answer.
    :param retry_after: of ``429`` and ``status``: seconds, or the header's text.
    :param retry_after_date: write those seconds as a date.
    :param location: of ``redirect``; the default is the same path.
    :param code: of ``outcome``: the ``data`` code to answer, said in the dialect spoken.
    :param then: of ``late_commit``: ``fin``, ``rst`` or ``hang`` now.
    :param clock: of ``late_commit``: ``real`` or ``emulated`` seconds, or ``manual``: only when told to commit.
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
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.endpoint != "*" and self.endpoint not in BY_NAME:
            raise ValueError(f"fault: endpoint is {self.endpoint!r}, must be * or one of {', '.join(BY_NAME)}")
        if self.effect not in EFFECTS:
            raise ValueError(f"fault: effect is {self.effect!r}, must be one of {', '.join(EFFECTS)}")
        if self.phase == "before_answer":
            self.phase = "after_commit"
        self.phase = self.phase or DEFAULT_PHASE[self.effect]
        if self.phase not in EFFECTS[self.effect]:
            raise ValueError(
                f"fault: {self.effect} cannot strike at {self.phase!r}, but at {', '.join(EFFECTS[self.effect])}"
            )
        if self.phase == "accept" and self.endpoint != "*":
            raise ValueError("fault: at accept nothing is known of the endpoint yet, it must be *")
        if self.nth is not None:
            self.nth = [self.nth] if isinstance(self.nth, int) else sorted(self.nth)
        if self.seconds is None:
            self.seconds = _DEFAULT_SECONDS.get(self.effect)
        self._check_details()

    def _check_details(self) -> None:
        if self.probability is not None and not 0 <= self.probability <= 1:
            raise ValueError(f"fault: probability is {self.probability!r}, must be from 0 to 1")
        if self.seconds is not None and not self.seconds >= 0:
            raise ValueError(f"fault: seconds is {self.seconds!r}, must not be below 0")
        if self.then not in ("fin", "rst", "hang"):
            raise ValueError(f"fault: then is {self.then!r}, must be fin, rst or hang")
        if self.clock not in ("real", "emulated", "manual"):
            raise ValueError(f"fault: clock is {self.clock!r}, must be real, emulated or manual")
        if self.effect == "outcome":
            if self.code is None:
                raise ValueError("fault: outcome needs a code")
            for name in BY_NAME if self.endpoint == "*" else [self.endpoint]:
                by_code(name, self.code)

    @property
    def name(self) -> str:
        """As history and log show it."""
        return f"{self.phase}/{self.effect}"

    def as_dict(self) -> dict[str, Any]:
        """For the control address."""
        return asdict(self)


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
        """Let a fault wait.

        :returns: its id.
        """
        self._last += 1
        fault.id = self._last
        self._faults.append(fault)
        self._calls[fault.id] = Counter()
        self._draws[fault.id] = random.Random(f"{self.seed} {fault.id}")  # noqa: S311 (repeatable draws)
        return fault.id

    def match(self, endpoint: str | None, *, accept: bool = False) -> Fault | None:
        """The first fault that hits this call; every fault that waits for it counts it.

        :param endpoint: name of the endpoint; None for an unknown path.
        :param accept: a connection was accepted.
        """
        found: Fault | None = None
        for fault in self._faults:
            if (fault.phase == "accept") is not accept or fault.endpoint not in ("*", endpoint):
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
        """The faults that wait."""
        return list(self._faults)

    def clear(self, fault_id: int | None = None) -> None:
        """Take back one fault, or all."""
        self._faults = [fault for fault in self._faults if fault_id is not None and fault.id != fault_id]
