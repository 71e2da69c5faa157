"""A cut text ends in a mark, and a short one is unchanged."""

from __future__ import annotations

from airflow_provider_truepush.api.checks.cut import beginning, error_text


def test_a_text_is_cut_at_its_length() -> None:
    assert beginning("shop", 4) == "shop"
    assert beginning("shops", 4) == "shop…"


def test_an_error_text_is_on_one_line() -> None:
    assert error_text(ValueError("no\n  route to host")) == "no route to host"
    assert error_text(ValueError()) == ""
    assert error_text(ValueError("x " * 9_000)) == f"{'x ' * 250}…"
