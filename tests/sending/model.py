"""The create protocol as a state machine small enough to be explored whole.

Attempts at one send overlap as they like: each may be killed before every step, or sleep through any number of steps
of the others (a zombie). A request that timed out is in flight: it is carried out at any later moment, or lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

ATTEMPTS = 3

#: Where an attempt stands. ``took`` is the moment between an in-flight request and the decision what to do about it.
Step = Literal["unborn", "read", "list", "acquire", "post", "save", "release", "look", "over"]

_UNBORN: Step = "unborn"


@dataclass(frozen=True, slots=True)
class Protocol:
    """One way to do it.

    :param store: ``fenced``: an overtaken attempt reads nothing and writes nothing, as in Airflow's task state store;
        ``unique``: the intent is an INSERT under a unique key; ``plain``: everybody reads and writes; ``process``:
        a note in the process's memory, and a later attempt stops for a person; ``none``.
    :param intent: whether an intent is written before the request.
    :param resend: whether an empty list after doubt counts as proof that nothing was sent.
    :param forgets: whether a start over within one attempt forgets what that attempt has begun.
    """

    store: Literal["fenced", "unique", "plain", "process", "none"]
    intent: bool = True
    resend: bool = False
    forgets: bool = False


class State(NamedTuple):
    """Everything at one moment.

    :param steps: of each attempt.
    :param record: ``""``, ``"intent"`` or ``"outcome"``.
    :param author: the attempt that wrote it.
    :param flying: requests that may still be carried out.
    :param made: campaigns that exist.
    :param cause: whether anything has happened that may leave doubt behind.
    :param ending: how the last attempt to end has ended.
    """

    steps: tuple[Step, ...] = ("read", *(_UNBORN,) * (ATTEMPTS - 1))
    record: str = ""
    author: int = 0
    flying: int = 0
    made: int = 0
    cause: bool = False
    ending: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What an exploration came to.

    :param states: how many were seen.
    :param trace: the shortest way to a bad one; None when there is none.
    """

    states: int
    trace: list[str] | None


def explore(protocol: Protocol) -> Finding:
    """Look for a second campaign, and for an attempt that stops for a person without any cause."""
    first = State()
    came_from: dict[State, tuple[State, str] | None] = {first: None}
    queue = deque([first])
    while queue:
        state = queue.popleft()
        if state.made > 1 or (state.ending == "person" and not state.cause):
            return Finding(len(came_from), _trace(came_from, state))
        for what, following in _successors(protocol, state):
            if following not in came_from:
                came_from[following] = (state, what)
                queue.append(following)
    return Finding(len(came_from), None)


def _trace(came_from: dict[State, tuple[State, str] | None], state: State) -> list[str]:
    steps = []
    link = came_from[state]
    while link is not None:
        state, what = link
        steps.append(what)
        link = came_from[state]
    return steps[::-1]


def _successors(protocol: Protocol, state: State) -> Iterator[tuple[str, State]]:
    if state.flying:
        yield "a request in flight is carried out", state._replace(flying=state.flying - 1, made=state.made + 1)
        yield "a request in flight is lost", state._replace(flying=state.flying - 1)
    for number, step in enumerate(state.steps):
        name = f"attempt {number + 1}"
        if step == "unborn":
            if number == 0 or state.steps[number - 1] != "unborn":
                alive = any(other not in ("unborn", "over") for other in state.steps)
                yield f"{name} starts", _move(state, number, "read", cause=state.cause or alive)
            continue
        if step == "over":
            continue
        begun = step in ("post", "save", "release", "look")
        yield f"{name} is killed before {step}", _end(state, number, "killed", cause=state.cause or begun)
        for what, following in _run(protocol, state, number):
            yield f"{name}: {what}", following


def _run(protocol: Protocol, state: State, number: int) -> Iterator[tuple[str, State]]:
    """What the next step of an attempt may come to."""
    stale = protocol.store == "fenced" and any(step != "unborn" for step in state.steps[number + 1 :])
    match state.steps[number]:
        case "read":
            yield from _read(protocol, state, number, stale)
        case "list":
            yield "notes what is there", _move(state, number, "acquire")
            yield "the list cannot be read", _end(state, number, "retry")
        case "acquire":
            yield from _acquire(protocol, state, number, stale)
        case "post":
            yield "created", _move(state, number, "save", made=state.made + 1)
            yield "created, the answer is lost", _doubt(protocol, state, number, made=state.made + 1)
            yield "no answer, in flight", _doubt(protocol, state, number, flying=state.flying + 1)
            yield "no answer, never arrived", _doubt(protocol, state, number)
            yield "refused", _move(state, number, "release")
        case "save":
            yield "saves", _end(state, number, "sent", **_kept(protocol, state, number, "outcome", stale))
        case "release":
            kept = _kept(protocol, state, number, "", stale)
            yield "drops its intent, ends", _end(state, number, "retry", **kept)
            yield "drops its intent, starts over", _move(state, number, "read", **kept)
        case "look":
            yield from _look(protocol, state, number, stale)


def _read(protocol: Protocol, state: State, number: int, stale: bool) -> Iterator[tuple[str, State]]:
    seen = "" if stale or protocol.store == "none" else state.record
    if protocol.store == "process":
        if number > 0:
            yield "cannot know", _end(state, number, "person", cause=True)
            return
        seen = "" if protocol.forgets else state.record
    if seen == "outcome":
        yield "reads an outcome", _end(state, number, "sent")
    elif seen == "intent":
        yield "reads an intent", _move(state, number, "look")
    else:
        yield "reads nothing", _move(state, number, "list" if protocol.intent else "post")


def _acquire(protocol: Protocol, state: State, number: int, stale: bool) -> Iterator[tuple[str, State]]:
    if stale or (protocol.store == "unique" and state.record):
        yield "its intent is refused", _end(state, number, "retry")
    else:
        yield "writes its intent", _move(state, number, "post", record="intent", author=number)


def _doubt(protocol: Protocol, state: State, number: int, **changes: int) -> State:
    following = state._replace(cause=True, **changes)  # type: ignore[arg-type]
    return _move(following, number, "look") if protocol.intent else _end(following, number, "retry")


def _look(protocol: Protocol, state: State, number: int, stale: bool) -> Iterator[tuple[str, State]]:
    if state.made:
        kept = _kept(protocol, state, state.author, "outcome", stale)
        yield "finds it, adopts it", _end(state, number, "sent", **kept)
        return
    yield "the list cannot be read, ends", _end(state, number, "retry")
    yield "the list cannot be read, starts over", _move(state, number, "read")
    if protocol.resend:
        yield "the list is empty, sends again", _move(state, number, "post")
    elif state.record == "" and not stale and protocol.store != "none":
        yield "its owner has taken the intent back", _end(state, number, "retry")
    else:
        yield "the list is empty", _end(state, number, "person")


def _kept(protocol: Protocol, state: State, author: int, record: str, stale: bool) -> dict[str, str]:
    """What a write of an outcome, or of nothing, does to the store."""
    if stale or protocol.store == "none" or (protocol.store == "unique" and state.author != author):
        return {}
    if record == "" and state.record == "outcome":
        return {}
    return {"record": record}


def _move(state: State, number: int, step: Step, **changes: object) -> State:
    steps = (*state.steps[:number], step, *state.steps[number + 1 :])
    return state._replace(steps=steps, ending="", **changes)  # type: ignore[arg-type]


def _end(state: State, number: int, ending: str, **changes: object) -> State:
    return _move(state, number, "over", **changes)._replace(ending=ending)
