"""Every fault of the emulator, at every phase, against every endpoint, in both hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.codes import DB_ERROR
from airflow_provider_truepush.emulator import CONNECTION_FAULTS, FAULTS, Emulator
from tests.contract.driver import Flavour
from tests.contract.world import CHANGES, CREATES, USES, check_success, requests_of_success
from tests.faults.pool import Pool, Seen, table

pytestmark = pytest.mark.usefixtures("quick")

#: What a fault that does not go away makes of a call that may be repeated. A create ends in doubt instead, unless the
#: answer is a limiter's.
ERRORS = {
    **dict.fromkeys(("fin", "rst", "hang", "garbage", "truncate", "late_commit"), "TruepushAmbiguousError"),
    **dict.fromkeys(("status", "outcome"), "TruepushServerError"),
    **dict.fromkeys(("html", "redirect", "cut_json"), "TruepushProtocolError"),
    "429": "TruepushRateLimitError",
    "delay": None,
}
#: A whole answer that nobody can read is not asked for again.
NOT_REPEATED = ("html", "redirect", "cut_json")
#: The phases after which a request has done its work.
DONE = ("after_commit", "mid_answer")

NO_DELAYS = [fault for fault in FAULTS if fault[1] != "delay"]
CUTS = [fault for fault in CONNECTION_FAULTS if fault[1] != "delay"]


def named(faults: Sequence[tuple[str, str]]) -> list[str]:
    return ["-".join(fault) for fault in faults]


def extras(effect: str, attempts: int, patience: float = 1.0) -> dict[str, Any]:
    """Time enough for the answers that are to be read, little where silence has to be sat out."""
    return {"timeout": patience if effect == "hang" else 20, "max_attempts": attempts}


def details(effect: str) -> dict[str, Any]:
    return {"outcome": {"code": DB_ERROR}, "delay": {"seconds": 0.1}, "late_commit": {"clock": "manual"}}.get(
        effect, {}
    )


def nothing_hung(seen: list[Seen]) -> bool:
    """The emulator hangs for 60 s; nobody may have waited for that."""
    return max(row.seconds for row in seen) < 40


def commits_of_create(phase: str, effect: str) -> int:
    return 1 if phase in DONE or effect == "delay" else 0


@pytest.mark.parametrize(("phase", "effect"), FAULTS, ids=named(FAULTS))
def test_a_fault_that_stays(
    phase: str, effect: str, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        # With a body there is something to cut in every answer, that of a repeated delete included.
        emulator.set_dialect(negative="body")
        emulator.fault(name, phase=phase, effect=effect, **details(effect))

    seen = pool.call_all(monkeypatch, flavour, arrange, **extras(effect, attempts=2))

    create_error = ERRORS[effect] if effect in ("429", "delay") else "TruepushAmbiguousError"
    assert table(seen, lambda row: row.told.name) == {
        name: create_error if name in CREATES else ERRORS[effect] for name in USES
    }
    repeats = 0 if effect in NOT_REPEATED else 1
    assert table(seen, lambda row: row.requests) == {
        name: requests_of_success(name) if effect == "delay" else 1 + repeats * (name not in CREATES) for name in USES
    }
    for row in seen:
        if effect == "delay":
            check_success(row.emulator, row.endpoint, row.told.value)
        elif row.endpoint in CREATES:
            assert row.commits == commits_of_create(phase, effect)
        else:
            assert row.commits <= 1
        row.emulator.commit_late()
        if row.endpoint in CREATES:
            assert row.commits == commits_of_create(phase, effect) + (effect == "late_commit")
    assert nothing_hung(seen)


@pytest.mark.parametrize(("phase", "effect"), NO_DELAYS, ids=named(NO_DELAYS))
def test_a_fault_that_passes(
    phase: str, effect: str, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, phase=phase, effect=effect, nth=1, **details(effect))

    seen = pool.call_all(monkeypatch, flavour, arrange, **extras(effect, attempts=3, patience=2.0))

    create_error = ERRORS[effect] if effect == "429" else "TruepushAmbiguousError"
    repeated_error = ERRORS[effect] if effect in NOT_REPEATED else None
    assert table(seen, lambda row: row.told.name) == {
        name: create_error if name in CREATES else repeated_error for name in USES
    }
    assert table(seen, lambda row: row.requests) == {
        name: 1 if name in CREATES or effect in NOT_REPEATED else 1 + requests_of_success(name) for name in USES
    }
    for row in seen:
        if row.endpoint in CREATES:
            assert row.commits == commits_of_create(phase, effect)
        elif effect not in NOT_REPEATED:
            # A delete that was carried out before the fault then answers its "204" row: it is done all the same.
            check_success(row.emulator, row.endpoint, row.told.value)
    assert nothing_hung(seen)


@pytest.mark.parametrize(("phase", "effect"), CONNECTION_FAULTS, ids=named(CONNECTION_FAULTS))
def test_every_connection_is_struck(
    phase: str, effect: str, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(phase=phase, effect=effect, **details(effect))

    seen = pool.call_all(monkeypatch, flavour, arrange, **extras(effect, attempts=2))

    if effect == "delay":
        for row in seen:
            check_success(row.emulator, row.endpoint, row.told.value)
        assert table(seen, lambda row: row.connections) == dict.fromkeys(USES, 1)
        return
    # The connection stood and the request went into it: nobody can tell whether it was read. A reset may come while
    # the connection is still being made, and then nothing was sent.
    known = {"TruepushAmbiguousError"} | ({"TruepushConnectionError"} if effect == "rst" else set())
    assert all(row.told.name in known for row in seen), table(seen, lambda row: row.told.name)
    assert table(seen, lambda row: row.connections) == {name: 1 if name in CREATES else 2 for name in USES}
    assert table(seen, lambda row: row.requests) == dict.fromkeys(USES, 0)
    assert nothing_hung(seen)


@pytest.mark.parametrize(("phase", "effect"), CUTS, ids=named(CUTS))
def test_the_first_connection_is_struck(
    phase: str, effect: str, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(phase=phase, effect=effect, nth=1)

    seen = pool.call_all(monkeypatch, flavour, arrange, **extras(effect, attempts=2, patience=2.0))

    known = {"TruepushAmbiguousError"} | ({"TruepushConnectionError"} if effect == "rst" else set())
    assert all(row.told.name in (known if row.endpoint in CREATES else {None}) for row in seen), table(
        seen, lambda row: row.told.name
    )
    assert table(seen, lambda row: row.connections) == {name: 1 if name in CREATES else 2 for name in USES}
    for row in seen:
        if row.endpoint not in CREATES:
            check_success(row.emulator, row.endpoint, row.told.value)
            assert row.requests == requests_of_success(row.endpoint)
    assert nothing_hung(seen)


@pytest.mark.parametrize("effect", ["fin", "truncate", "rst"])
def test_a_bare_204_is_cut_in_its_head(
    effect: str, flavour: Flavour, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def arrange(emulator: Emulator, name: str) -> None:
        emulator.fault(name, phase="mid_answer", effect=effect)

    seen = pool.call_all(monkeypatch, flavour, arrange, timeout=20, max_attempts=2)

    for row in seen:
        if row.endpoint in CHANGES:
            # The status line alone may do. What may not come of it is a False: the first request has done the work.
            assert row.told.name == "TruepushAmbiguousError" or row.told.value is True
            assert row.commits == 1
            assert row.requests == 2
