"""Whether and when a request is sent again."""

from __future__ import annotations

import pytest
from hypothesis import assume, example, given, strategies as st

from airflow_provider_truepush.api.protocol.retry import cooldown_for_others, wait_before_create, wait_before_repeat
from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushError,
    TruepushProtocolError,
    TruepushRateLimitError,
    TruepushServerError,
    TruepushValidationError,
)
from tests.api.support import CREATES, NAMES, connection, endpoint, quick

PASSING = [TruepushAmbiguousError, TruepushConnectionError, TruepushRateLimitError, TruepushServerError]
LASTING = [
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushError,
    TruepushProtocolError,
    TruepushValidationError,
]


def wait(
    error: TruepushError,
    name: str = "campaignStats",
    *,
    requests: int = 1,
    waited: float = 0,
    max_attempts: int = 5,
    budget: float = 120,
    jitter: float = 0.5,
) -> float | None:
    """The decision, with everything else as a connection has it by default."""
    return wait_before_repeat(
        endpoint(name),
        error,
        requests=requests,
        waited=waited,
        settings=connection(max_attempts=max_attempts, retry_budget=budget),
        jitter=lambda: jitter,
    )


@pytest.mark.parametrize("name", CREATES)
def test_a_create_is_never_repeated(name: str) -> None:
    assert all(wait(kind("any"), name) is None for kind in PASSING + LASTING)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in CREATES])
def test_other_calls_are_repeated_after_transient_errors(name: str) -> None:
    assert all(wait(kind("any"), name) is not None for kind in PASSING)
    assert all(wait(kind("any"), name) is None for kind in LASTING)


@pytest.mark.parametrize(
    ("requests", "max_attempts", "again"), [(1, 1, False), (1, 2, True), (2, 2, False), (3, 2, False), (4, 5, True)]
)
def test_max_attempts_ends_the_repeats(requests: int, max_attempts: int, again: bool) -> None:
    decision = wait(TruepushServerError("any"), requests=requests, max_attempts=max_attempts)
    assert (decision is not None) == again


@pytest.mark.parametrize("kind", PASSING)
def test_back_off_doubles_up_to_half_a_minute(kind: type[TruepushError]) -> None:
    for requests, ceiling in {1: 0.5, 2: 1, 3: 2, 4: 4, 5: 8, 6: 16, 7: 30, 20: 30}.items():
        for jitter, part in ((0.0, 0.5), (0.5, 0.75), (1.0, 1.0)):
            assert wait(kind("any"), requests=requests, max_attempts=99, jitter=jitter) == ceiling * part


def test_back_off_after_thousands_of_requests() -> None:
    assert wait(TruepushServerError("any"), requests=5000, max_attempts=9999, budget=1e9, jitter=1) == 30


@pytest.mark.parametrize(
    ("waited", "budget", "again"), [(0, 0.75, True), (0, 0.74, False), (119.25, 120, True), (119.26, 120, False)]
)
def test_the_retry_budget_ends_the_repeats(waited: float, budget: float, again: bool) -> None:
    decision = wait(TruepushConnectionError("any"), requests=2, waited=waited, budget=budget, jitter=0.5)
    assert decision == (0.75 if again else None)


@pytest.mark.parametrize(
    ("asked", "waited", "budget", "jitter", "expected"),
    [
        (10, 0, 120, 0, 10),
        (10, 0, 120, 1, 11),
        (10, 0, 120, 0.5, 10.5),
        (0, 0, 120, 1, 0),
        (10, 0, 10.25, 1, 10.25),  # the budget's end is early enough
        (10, 0, 10, 1, 10),
        (10, 0, 9.99, 0, None),
        (10, 110.5, 120, 0, None),
        (10, 110, 120, 1, 10),
        (3600, 0, 120, 0, None),
        (0, 0, 0, 1, 0),
    ],
)
def test_retry_after(asked: float, waited: float, budget: float, jitter: float, expected: float | None) -> None:
    for kind in (TruepushRateLimitError, TruepushServerError):
        error = kind("any", retry_after=asked)
        assert wait(error, waited=waited, budget=budget, jitter=jitter) == expected


def test_retry_after_applies_at_any_attempt_of_its_call() -> None:
    assert wait(TruepushRateLimitError("any", retry_after=3), requests=4, jitter=0) == 3
    assert wait(TruepushRateLimitError("any", retry_after=3), requests=5) is None
    assert wait(TruepushRateLimitError("any"), requests=2, jitter=0) == 0.5


seconds = st.floats(0, 1e6, allow_nan=False)


@quick
@given(seconds, seconds, seconds, st.floats(0, 1))
@example(asked=0.2, waited=0.1, budget=0.3, jitter=1.0)
@example(asked=0.1, waited=0.7, budget=0.8, jitter=1.0)
def test_a_wait_is_at_least_retry_after_and_within_the_budget(
    asked: float, waited: float, budget: float, jitter: float
) -> None:
    decision = wait(TruepushRateLimitError("any", retry_after=asked), waited=waited, budget=budget, jitter=jitter)
    if waited + asked <= budget:
        assert decision is not None
        assert asked <= decision <= asked * 1.1 + 1e-9
        assert waited + decision <= budget + 1e-6
    else:
        assert decision is None


@quick
@given(st.integers(1, 50), seconds, seconds)
def test_back_off_stays_within_bounds_and_budget(requests: int, waited: float, budget: float) -> None:
    decision = wait_before_repeat(
        endpoint("listSegment"),
        TruepushServerError("any"),
        requests=requests,
        waited=waited,
        settings=connection(max_attempts=51, retry_budget=budget),
    )
    ceiling = min(30, 0.5 * 2 ** (requests - 1))
    if decision is None:
        assert waited + ceiling > budget
    else:
        assert ceiling / 2 <= decision <= ceiling
        assert waited + decision <= budget


@quick
@given(st.lists(st.one_of(st.none(), st.floats(0, 60)), max_size=20), st.integers(1, 10), st.floats(0, 200))
def test_a_whole_call_keeps_to_attempts_and_budget(
    answers: list[float | None], max_attempts: int, budget: float
) -> None:
    assume(answers)
    waited, requests = 0.0, 0
    for asked in answers:
        requests += 1
        error = TruepushRateLimitError("any", retry_after=asked)
        decision = wait(error, requests=requests, waited=waited, max_attempts=max_attempts, budget=budget)
        if decision is None:
            break
        waited += decision
    assert requests <= max_attempts
    assert waited <= budget + 1e-6


#: Whether the error of a create proves that it was not carried out.
PROOF = {
    TruepushConnectionError: True,
    TruepushRateLimitError: True,
    **dict.fromkeys([TruepushAmbiguousError, TruepushServerError, *LASTING], False),
}


@pytest.mark.parametrize(("kind", "again"), PROOF.items())
def test_a_create_is_repeated_only_if_it_certainly_did_not_happen(kind: type[TruepushError], again: bool) -> None:
    decision = wait_before_create(kind("any"), requests=1, waited=0, settings=connection(), jitter=lambda: 0)
    assert decision == (0.25 if again else None)


def test_a_create_keeps_to_attempts_budget_and_retry_after() -> None:
    def decide(requests: int, waited: float) -> float | None:
        error = TruepushRateLimitError("any", retry_after=20)
        settings = connection(max_attempts=3, retry_budget=60)
        return wait_before_create(error, requests=requests, waited=waited, settings=settings, jitter=lambda: 0)

    assert decide(2, 40) == 20
    assert decide(3, 0) is None
    assert decide(2, 40.5) is None


@pytest.mark.parametrize(
    ("asked", "wait", "budget", "expected"),
    [
        (None, None, 120, (0.5, 5)),
        (None, 3.0, 120, (3.0, 120)),
        (8.0, None, 3, (8.0, 3)),
        (8.0, None, 120, (8.0, 5)),
        (8.0, 8.5, 120, (8.5, 120)),
        (8.0, None, 0, (8.0, 0.5)),
    ],
)
def test_the_cooldown_of_other_calls(
    asked: float | None, wait: float | None, budget: float, expected: tuple[float, float]
) -> None:
    error = TruepushRateLimitError("any", retry_after=asked)
    assert cooldown_for_others(error, wait, connection(retry_budget=budget)) == expected


def test_the_waits_of_several_callers_differ() -> None:
    waits = {
        wait_before_repeat(
            endpoint("listSegment"), TruepushServerError("any"), requests=1, waited=0, settings=connection()
        )
        for _ in range(20)
    }
    assert len(waits) > 10
