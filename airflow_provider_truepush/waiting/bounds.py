"""Check the arguments of a wait: when the Dag file is parsed, as far as they are literals, and when the task runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.literals import is_literal
from airflow_provider_truepush.api.models.counters import COUNTERS, RATES
from airflow_provider_truepush.waiting.error_budget import check_error_budget

#: No campaign has more subscribers. Python does not write numbers of thousands of digits.
_LARGEST = 10**15
#: Arguments that are one of a few words.
CHOICES = {"require": ("all", "any"), "on_settled": ("succeed", "fail")}


def check_literals(
    *,
    thresholds: object,
    require: object,
    fail_if: object,
    settled_after: object,
    on_settled: object,
    error_budget: object,
) -> None:
    """Check the arguments of a wait that are literals.

    :raises TruepushValidationError: one of them is invalid, whatever the templates render to.
    """
    given = {
        "thresholds": thresholds,
        "require": require,
        "fail_if": fail_if,
        "settled_after": settled_after,
        "on_settled": on_settled,
        "error_budget": error_budget,
    }
    for name, value in given.items():
        check_literal_of(name, value)
    if not thresholds and settled_after is None:
        refuse_endless(thresholds)


def check_literal_of(name: str, value: object) -> None:
    """Check one argument of a wait, if it is a literal.

    :param name: its name. An argument that does not belong to a wait passes.
    :param value: its value in the Dag file.
    """
    if name in ("thresholds", "fail_if"):
        _check_literal_bounds(name, value)
    elif not is_literal(value):
        return
    elif name in CHOICES:
        check_choice(name, value, CHOICES[name])
    elif name == "settled_after" and value is not None:
        checks.seconds(name, value)
    elif name == "error_budget":
        check_error_budget(value)


def _check_literal_bounds(name: str, given: object) -> None:
    if is_literal(given):
        check_bounds(name, templated.mapping(name, given))
    elif isinstance(given, Mapping):
        for key, value in given.items():
            if is_literal(key):
                (check_bound if is_literal(value) else check_name)(name, key, value)


def refuse_endless(thresholds: object) -> None:
    """Refuse a wait that nothing would end but its timeout."""
    checks.refuse("thresholds", thresholds, "must name a counter or a rate unless settled_after is set")


def check_choice(name: str, given: object, choices: tuple[str, ...]) -> None:
    """Check that a value is one of a few words."""
    checks.choice(name, given, choices)


def check_bounds(name: str, given: Any) -> dict[str, float]:
    """Check a mapping of counters and rates to numbers."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        checks.refuse(name, given, "must be a mapping of counters or rates to numbers")
    return {key: check_bound(name, key, value) for key, value in given.items()}


def check_bound(name: str, key: str, value: Any) -> float:
    """Check one number of such a mapping."""
    check_name(name, key, value)
    field = f"{name}.{key}"
    if isinstance(value, str):
        value = _number(value)  # templates render to strings
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        checks.refuse(field, value, "must be a number of at least 0")
    if key in RATES and value > 1:
        checks.refuse(field, value, "is a rate and must lie between 0 and 1")
    if key not in RATES and value != int(value):
        checks.refuse(field, value, "is a counter and must be a whole number")
    if value > _LARGEST:
        checks.refuse(field, value, f"must be at most {_LARGEST:,}")
    return value


def check_name(name: str, key: object, value: object) -> None:
    """Check that a counter or a rate of that name exists."""
    known = (*COUNTERS.values(), *RATES)
    if key not in known:
        checks.refuse(f"{name}.{key}", value, "is not a counter or a rate", checks.one_of(key, known))


def _number(value: str) -> float | str:
    try:
        return float(value) if "." in value or "e" in value.lower() else int(value)
    except ValueError:
        return value
