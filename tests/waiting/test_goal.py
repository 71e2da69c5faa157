"""When a wait ends: what may be asked for."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pendulum
import pytest

from airflow_provider_truepush.waiting.goal import Goal, Verdict
from tests.api.support import refused

COUNTS = ["reach", "sent", "delivered", "views", "clicks", "button0", "button1", "unsubscribers"]
RATES = ["delivery_rate", "view_rate", "click_rate", "unsubscribe_rate"]


def test_every_counter_and_every_rate() -> None:
    goal = Goal({**dict.fromkeys(COUNTS, 1000), **dict.fromkeys(RATES, 0.5)})
    assert list(goal.thresholds) == COUNTS + RATES


@pytest.mark.parametrize(
    ("name", "value", "shown", "why"),
    [
        ("deliverd", 5, "5", "is not a counter or a rate, got"),
        ("Delivered", 5, "5", "is not a counter or a rate"),
        ("extra", 5, "5", "is not a counter or a rate"),
        ("open_rate", 0.5, "0.5", "is not a counter or a rate"),
        (5, 5, "5", "is not a counter or a rate"),
        ("delivery_rate", 1.01, "1.01", "is a rate and must lie between 0 and 1"),
        ("delivery_rate", 95, "95", "is a rate and must lie between 0 and 1"),
        ("delivery_rate", "95", "95", "is a rate and must lie between 0 and 1"),
        ("delivery_rate", -0.1, "-0.1", "must be a number of at least 0"),
        ("delivered", -1, "-1", "must be a number of at least 0"),
        ("delivered", "-1", "-1", "must be a number of at least 0"),
        ("delivered", "many", "'many'", "must be a number of at least 0"),
        ("delivered", "", "''", "must be a number of at least 0"),
        ("delivered", None, "None", "must be a number of at least 0"),
        ("delivered", True, "True", "must be a number of at least 0"),
        ("delivered", [5], "[5]", "must be a number of at least 0"),
        ("delivered", float("nan"), "nan", "must be a number of at least 0"),
        ("delivered", float("inf"), "inf", "must be a number of at least 0"),
        ("delivered", "1e999", "inf", "must be a number of at least 0"),
        ("delivery_rate", float("inf"), "inf", "must be a number of at least 0"),
        ("delivered", 0.5, "0.5", "is a counter and must be a whole number"),
        ("delivered", "0.95", "0.95", "is a counter and must be a whole number"),
    ],
)
def test_bad_bounds(name: Any, value: Any, shown: str, why: str) -> None:
    for argument in ("thresholds", "fail_if"):
        given: dict[str, Any] = {"thresholds": {"sent": 1}, argument: {"sent": 1, name: value}}
        with refused(f"{argument}.{name}", shown, why):
            Goal(**given)


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("delivered", "1000", 1000),
        ("delivered", " 1000 ", 1000),
        ("delivered", "1e3", 1000),
        ("delivered", 1000.0, 1000),
        ("delivered", 0, 0),
        ("delivery_rate", "0.95", 0.95),
        ("delivery_rate", "1", 1),
        ("delivery_rate", 0, 0),
        ("delivery_rate", 1, 1),
    ],
)
def test_numbers_as_templates_render_them(name: str, value: Any, read: float) -> None:
    assert Goal({name: value}).thresholds == {name: read}


@pytest.mark.parametrize("argument", ["thresholds", "fail_if"])
@pytest.mark.parametrize("value", ["delivered", 5, ["delivered"], [("delivered", 5)]])
def test_bounds_are_a_mapping(argument: str, value: Any) -> None:
    given: dict[str, Any] = {"thresholds": {"sent": 1}, argument: value}
    with refused(argument, repr(value), "must be a mapping"):
        Goal(**given)


@pytest.mark.parametrize(
    ("given", "field", "shown"),
    [
        ({"require": "both"}, "require", "'both'"),
        ({"require": None}, "require", "None"),
        ({"on_settled": "skip"}, "on_settled", "'skip'"),
        ({"settled_after": 0}, "settled_after", "0"),
        ({"settled_after": -5}, "settled_after", "-5"),
        ({"settled_after": timedelta(0)}, "settled_after", "0.0"),
        ({"settled_after": float("nan")}, "settled_after", "nan"),
        ({"settled_after": float("inf")}, "settled_after", "inf"),
        ({"settled_after": True}, "settled_after", "True"),
        ({"settled_after": "an hour"}, "settled_after", "'an hour'"),
        ({"error_budget": -1}, "error_budget", "-1"),
        ({"error_budget": 1.5}, "error_budget", "1.5"),
        ({"error_budget": "10 minutes"}, "error_budget", "'10 minutes'"),
        ({"error_budget": timedelta(0)}, "error_budget", "datetime.timedelta(0)"),
        ({"error_budget": timedelta(minutes=-1)}, "error_budget", "datetime.timedelta(days=-1"),
        ({"error_budget": {"seconds": 0}}, "error_budget", "0"),
        ({"error_budget": {"polls": 5}}, "error_budget", "{'polls': 5}"),
        ({"error_budget": None}, "error_budget", "None"),
        ({"error_budget": True}, "error_budget", "True"),
    ],
)
def test_bad_arguments(given: dict[str, Any], field: str, shown: str) -> None:
    with refused(field, shown):
        Goal({"sent": 1}, **given)


@pytest.mark.parametrize("thresholds", [{}, None])
def test_something_must_end_the_wait(thresholds: Any) -> None:
    with refused("thresholds", "{}", "must name a counter or a rate unless settled_after is set"):
        Goal(thresholds, fail_if={"unsubscribers": 5})
    assert Goal(thresholds, settled_after=60).thresholds == {}


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, None), (90, 90.0), (0.5, 0.5), (timedelta(hours=1), 3600.0), (pendulum.duration(minutes=1), 60.0)],
)
def test_settled_after_in_seconds(given: Any, seconds: float | None) -> None:
    assert Goal({"sent": 1}, settled_after=given).settled_after == seconds


def test_defaults() -> None:
    goal = Goal({"sent": 1}, fail_if=None)  # type: ignore[arg-type]
    assert (goal.require, goal.fail_if, goal.settled_after) == ("all", {}, None)
    assert (goal.on_settled, goal.error_budget) == ("succeed", timedelta(minutes=10))


RENDERED: Any = {"delivered": "5", "delivery_rate": "0.5"}
MINUTE: Any = timedelta(minutes=1)


@pytest.mark.parametrize(
    "goal",
    [
        Goal({"sent": 1}),
        Goal(RENDERED, "any", {"unsubscribe_rate": 0.02}, 60, "fail", 0),
        Goal({}, settled_after=MINUTE),
        Goal({"sent": 1}, error_budget=timedelta(hours=1)),
        Goal({"sent": 1}, error_budget=timedelta(seconds=0.5)),
    ],
)
def test_a_goal_goes_through_json(goal: Goal) -> None:
    assert Goal(**json.loads(json.dumps(goal.as_dict()))) == goal


def test_a_goal_keeps_what_it_was_given_apart() -> None:
    given = {"sent": 1.0}
    goal = Goal(given)
    given["sent"] = 99
    goal.as_dict()["thresholds"]["sent"] = 99
    assert goal.thresholds == {"sent": 1}


@pytest.mark.parametrize(
    ("state", "over", "good"),
    [
        ("waiting", False, False),
        ("met", True, True),
        ("settled", True, True),
        ("guardrail", True, False),
        ("stalled", True, False),
        ("errors", True, False),
        ("timeout", True, False),
    ],
)
def test_verdicts(state: Any, over: bool, good: bool) -> None:
    verdict = Verdict(state, "why", {"sent": 1}, news=True)
    assert (verdict.over, verdict.good) == (over, good)
    assert Verdict(**json.loads(json.dumps(verdict.as_dict()))) == verdict
