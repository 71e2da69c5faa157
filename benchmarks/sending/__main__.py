"""``python -m benchmarks.sending [result.json]``: how many pushes each way makes of one, per fault.

Each event strikes the first try of a task with two retries, against the emulator on a socket. A kill is an exception
that nothing catches, at the moment the answer arrives.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException
from requests.adapters import HTTPAdapter

from airflow_provider_truepush.api.protocol import codes
from airflow_provider_truepush.emulator import CONNECTION_FAULTS, FAULTS, Emulator
from benchmarks.sending.ways import PATH, TIMEOUT, WAYS
from tests.sending.attempts import Attempt, StateStore, here
from tests.support.tokens import SESSION_TOKEN

TRIES = 3
RESULT = Path(__file__).with_name("result.json")


@dataclass(frozen=True, slots=True)
class Event:
    """An event that strikes the first try.

    :param group: for the table.
    :param name: what.
    :param fault: of the emulator, or None.
    :param kind: ``fault``, ``kill``, ``frozen`` or ``cleared``.
    """

    group: str
    name: str
    fault: dict[str, Any] | None = None
    kind: str = "fault"


@dataclass(frozen=True, slots=True)
class Score:
    """The result of one event with one way.

    :param way: which.
    :param group: of the event.
    :param event: its name.
    :param pushes: how many campaigns exist in the end.
    :param ending: how the task ended: ``success``, ``person`` (failed with a way out, no retry) or ``failed``.
    """

    way: str
    group: str
    event: str
    pushes: int
    ending: str


def events() -> Iterator[Event]:
    """Yield every fault of the emulator for a create and its connection, and the actions of Airflow and of people."""
    done = ("after_commit", "mid_answer")
    for phase, effect in (*FAULTS, *CONNECTION_FAULTS):
        fault: dict[str, Any] = {"phase": phase, "effect": effect, "nth": 1}
        fault["endpoint"] = None if phase == "accept" else "createCampaign"
        details: dict[str, dict[str, Any]] = {
            "outcome": {"code": codes.DB_ERROR},
            "delay": {"seconds": 2 * TIMEOUT},
        }
        fault |= details.get(effect, {})
        group = "answer lost or wrong, nothing carried out"
        if phase in done:
            group = "answer lost or wrong, carried out"
        if effect == "delay":
            group = "answer too late"
        if effect == "429":
            group = "turned away (429)"
        if effect == "late_commit":
            for when in ("before the retry", "after the last try"):
                yield Event("carried out late", f"late commit, {when}", {**fault, "clock": "manual"})
            continue
        yield Event(group, f"{phase}/{effect}", fault)
    yield Event("killed between POST and save", "kill", kind="kill")
    yield Event("frozen before the POST, wakes up after the retry", "frozen", kind="frozen")
    yield Event("cleared and run again by someone", "cleared", kind="cleared")


class Bench:
    """Runs each event against each way.

    :param emulator: Truepush.
    """

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator

    def score(self, way: str, event: Event) -> Score:
        """One event against one way."""
        self.emulator.reset()
        self._store = StateStore()
        if event.fault is not None:
            # The list comes before our create: the connection to be struck is the second.
            fault = dict(event.fault)
            if fault["phase"] == "accept" and way.startswith("`Truepush"):
                fault["nth"] = 2
            self.emulator.fault(fault.pop("endpoint"), **fault)
        ending = getattr(self, f"_{event.kind}")(way, event)
        self._settle()
        return Score(way, event.group, event.name, sum(self.emulator.pushes().values()), ending)

    def _fault(self, way: str, event: Event) -> str:
        early = "before the retry" in event.name
        return self._tries(way, between=self._settle if early else lambda: None)

    def _cleared(self, way: str, event: Event) -> str:
        self._tries(way)
        return self._tries(way)

    def _kill(self, way: str, event: Event) -> str:
        first = self._begin(way)
        _to(first, "answered")
        first.kill()
        return self._tries(way)

    def _frozen(self, way: str, event: Event) -> str:
        first = self._begin(way)
        _to(first, "leaving")
        ending = self._tries(way)
        first.finish()
        return ending

    def _tries(self, way: str, between: Callable[[], object] = lambda: None) -> str:
        """As Airflow does it: again after an error, unless it forbids that."""
        for _ in range(TRIES):
            attempt = self._begin(way)
            attempt.finish()
            if attempt.error is None:
                return "success"
            if isinstance(attempt.error, AirflowFailException):
                return "person"
            between()
        return "failed"

    def _begin(self, way: str) -> Attempt:
        operator = WAYS[way](self.emulator)
        accessor = self._store.accessor("task")
        number = self._store.newest["task"]
        ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="send", map_index=-1, try_number=number)
        context: Any = {"ti": ti, "task_state_store": accessor}
        execute: Any = type(operator).execute.__wrapped__  # type: ignore[attr-defined]
        return Attempt(lambda _: execute(operator, context), number)

    def _settle(self) -> None:
        self.emulator.commit_late()
        end = time.monotonic() + 3 * TIMEOUT
        while time.monotonic() < end and self.emulator.connections_open:
            time.sleep(0.02)  # a request that was given up may still be on its way


def _to(attempt: Attempt, place: str) -> None:
    while not attempt.over and attempt.place != place:
        attempt.step()


def checkpoints(patch: pytest.MonkeyPatch) -> None:
    """Stop every create just before and just after it is sent, with any of the ways."""
    send = HTTPAdapter.send

    def watched(self: HTTPAdapter, request: Any, *args: Any, **kwargs: Any) -> Any:
        create = request.url.endswith(PATH)
        if create:
            here().stop_at("leaving")
        answer = send(self, request, *args, **kwargs)
        if create:
            here().stop_at("answered")
        return answer

    patch.setattr(HTTPAdapter, "send", watched)


def connections(patch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    """Both connections in the environment."""
    parts = urlsplit(emulator.url)
    given = {"host": parts.hostname, "port": parts.port, "schema": "http"}
    ours = {**given, "conn_type": "truepush", "password": SESSION_TOKEN, "extra": {"timeout": TIMEOUT}}
    patch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(ours))
    patch.setenv("AIRFLOW_CONN_PLAIN_HTTP", json.dumps({**given, "conn_type": "http"}))
    patch.setenv("NO_PROXY", "127.0.0.1")


def table(scores: list[Score]) -> str:
    """Return Markdown: duplicates by group and way, and the other results."""
    ways = list(WAYS)
    lines = ["| what happens to the first try | cases | " + " | ".join(ways) + " |", "|---|---:|" + "---:|" * len(ways)]
    groups = list(dict.fromkeys(score.group for score in scores))
    for group in groups:
        row = [_duplicates([s for s in scores if s.group == group and s.way == way]) for way in ways]
        cases = len({s.event for s in scores if s.group == group})
        lines.append(f"| {group} | {cases} | " + " | ".join(map(str, row)) + " |")
    by_way = {way: [s for s in scores if s.way == way] for way in ways}
    cases = len(by_way[ways[0]])
    lines.append(
        f"| **duplicate pushes** | **{cases}** | " + " | ".join(f"**{_duplicates(by_way[w])}**" for w in ways) + " |"
    )
    for name, count in _REST.items():
        lines.append(f"| {name} | | " + " | ".join(str(sum(map(count, by_way[way]))) for way in ways) + " |")
    return "\n".join(lines)


_REST: dict[str, Callable[[Score], bool]] = {
    "sent exactly once, and the task says so": lambda s: s.pushes == 1 and s.ending == "success",
    "sent exactly once, needs a manual decision": lambda s: s.pushes == 1 and s.ending == "person",
    "not sent, needs a manual decision": lambda s: s.pushes == 0 and s.ending == "person",
    "not sent, and the task says it was": lambda s: s.pushes == 0 and s.ending == "success",
}


def _duplicates(scores: list[Score]) -> int:
    return sum(max(0, score.pushes - 1) for score in scores)


def main() -> None:
    """Run all, print the table, write the result."""
    logging.disable(logging.CRITICAL)
    with Emulator(token=SESSION_TOKEN) as emulator, pytest.MonkeyPatch.context() as patch:
        connections(patch, emulator)
        checkpoints(patch)
        bench = Bench(emulator)
        scores = [bench.score(way, event) for event in events() for way in WAYS]
    print(table(scores))
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else RESULT
    totals = {way: _duplicates([s for s in scores if s.way == way]) for way in WAYS}
    result = {"tries": TRIES, "duplicates": totals, "table": table(scores).splitlines()}
    target.write_text(json.dumps({**result, "scores": [asdict(s) for s in scores]}, indent=1) + os.linesep)


if __name__ == "__main__":
    main()
