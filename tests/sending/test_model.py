"""The protocol, explored whole: the safe ways have no second campaign in any order of events, the others do."""

from __future__ import annotations

import pytest

from tests.sending import feed_model
from tests.sending.model import Protocol, explore

SAFE = {
    "task state store": Protocol("fenced"),
    "SQL ledger": Protocol("unique"),
    "no store, second try stops": Protocol("process"),
}
UNSAFE = {
    "naive retry": Protocol("none", intent=False),
    "get, POST, save": Protocol("plain", intent=False),
    "get, POST, save in a fenced store": Protocol("fenced", intent=False),
    "unfenced intent": Protocol("plain"),
    "resend when the list is empty": Protocol("fenced", resend=True),
    "resend when the list is empty, in a ledger": Protocol("unique", resend=True),
    "a start over that forgets": Protocol("process", forgets=True),
}


@pytest.mark.parametrize("name", SAFE)
def test_a_safe_protocol_never_sends_twice_and_needs_decisions_only_with_a_cause(name: str) -> None:
    finding = explore(SAFE[name])
    assert finding.trace is None, "\n".join(finding.trace or [])
    assert finding.states > 100


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_protocol_sends_twice(name: str) -> None:
    trace = explore(UNSAFE[name]).trace
    assert trace is not None
    made = [step for step in trace if "created" in step or "carried out" in step]
    assert len(made) == 2, "\n".join(trace)
    print(f"{name}: " + " | ".join(trace))


def test_overlapping_attempts_are_needed_to_break_the_unfenced_intent() -> None:
    """The shortest way to a duplicate: both have read nothing before either writes."""
    trace = explore(UNSAFE["unfenced intent"]).trace or []
    assert trace.index("attempt 2: reads nothing") < trace.index("attempt 2: writes its intent")
    assert "attempt 1: reads nothing" in trace
    assert not any("killed" in step for step in trace)


@pytest.mark.parametrize("identity", ["item in a ledger", "item, published"])
def test_an_item_is_never_sent_twice_however_its_feed_moves(identity: feed_model.Identity) -> None:
    states, twice = feed_model.explore(identity)
    assert twice is None
    assert states > 100


@pytest.mark.parametrize("identity", ["position", "content in a ledger", "item, published, never listed"])
def test_a_position_or_an_xcom_alone_sends_an_item_twice(identity: feed_model.Identity) -> None:
    _, twice = feed_model.explore(identity)
    assert twice is not None
