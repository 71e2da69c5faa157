"""Which arguments are final when a Dag file is parsed, and so can be checked at once."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_provider_truepush.api.checks.literals import check_literal, is_literal
from airflow_provider_truepush.api.models.button import Button

LATER = SimpleNamespace(resolve=lambda context: "x")


@pytest.mark.parametrize(
    ("value", "is_final"),
    [
        ("Sale", True),
        ("{{ ds }}", False),
        ("{% if x %}", False),
        ("{# note #}", False),
        (5, True),
        (None, True),
        (["a", "b"], True),
        (("a", "{{ ds }}"), False),
        ({"a": "b"}, True),
        ({"a": "{{ ds }}"}, False),
        ({"{{ ds }}": "a"}, False),
        (frozenset({"{{ ds }}"}), False),
        (Button("Buy", "https://example.com/"), True),
        (Button("Buy", "{{ link }}"), False),
        (LATER, False),
        ([LATER], False),
        (lambda context: "x", False),
        (Path("a"), True),
    ],
)
def test_a_template_or_an_xcom_anywhere_in_it_is_not_final(value: Any, is_final: bool) -> None:
    assert is_literal(value) is is_final


def test_only_what_is_final_is_checked() -> None:
    checked: list[tuple[Any, ...]] = []

    def check(*given: Any) -> None:
        checked.append(given)

    check_literal(check, "title", "Sale", 1)
    check_literal(check, "title", "{{ ds }}", 1)
    assert checked == [("title", "Sale", 1)]
