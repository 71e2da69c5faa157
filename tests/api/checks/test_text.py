"""Text that goes out can be written anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.checks.text import writable, writable_values
from tests.api.support import quick


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", ""),
        ("größer 😀", "größer 😀"),
        ("cut \ud83d", "cut \ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("a\0b", "a\ufffdb"),
        ("\n\t\r", "\n\t\r"),
        ("\ufffd\uffff", "\ufffd\uffff"),
    ],
)
def test_writable(text: str, written: str) -> None:
    assert writable(text) == written


@quick
@given(st.text(st.characters() | st.sampled_from("\ud83d\ude00\0")))
def test_any_text_can_be_encoded_once_it_is_writable(text: str) -> None:
    shown = writable(text)
    assert shown.encode().decode() == shown
    assert len(shown) == len(text)
    assert "\0" not in shown
    assert writable(shown) == shown


def test_rows() -> None:
    assert writable_values({"a": "\ud83d", "b": 1, "c": None}) == {"a": "\ufffd", "b": 1, "c": None}
