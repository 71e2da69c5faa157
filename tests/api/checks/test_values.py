"""Checks of single values that the models' tests do not reach."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.exceptions import TruepushValidationError
from tests.api.support import ID, quick, refused, result_or_error

anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.text(), st.lists(st.text()), st.just("\ud800")
)


@quick
@given(anything)
def test_a_value_passes_unchanged_or_is_refused(value: Any) -> None:
    every: list[Any] = [checks.text, checks.url, checks.flag, checks.strings, checks.items]
    for check in [*every, checks.object_id, checks.segment_id]:
        passed = result_or_error(check, "f", value)
        if isinstance(passed, TruepushValidationError):
            assert str(passed).startswith("f")
            assert "Nothing was sent" in str(passed)
        else:
            assert passed == (tuple(value) if check is checks.strings else value)


@pytest.mark.parametrize("unseen", ["\u200b", "\u2060 \ufeff", "\u2800", "\u3164", "\ufe0f", "\u202e", "\x07"])
def test_a_text_that_shows_nothing_is_empty(unseen: str) -> None:
    with pytest.raises(TruepushValidationError, match="must not be empty"):
        checks.text("f", unseen)
    assert checks.text("f", f"{unseen}a") == f"{unseen}a"  # data is never changed


@pytest.mark.parametrize("port", [":99999", ":abc", ":-1", ":0", ":80\x01", "/\x7f"])
def test_an_address_that_no_browser_opens_is_refused(port: str) -> None:
    with pytest.raises(TruepushValidationError, match="must be an http or https address"):
        checks.url("f", f"https://example.com{port}")


@pytest.mark.parametrize(
    "address",
    [
        "http://example.com",
        "https://example.com/path?a=1&b=ü#part",
        "HTTPS://EXAMPLE.COM",
        "https://[::1]:8443/",
        "https://例え.jp",
    ],
)
def test_urls(address: str) -> None:
    assert checks.url("f", address) == address


@pytest.mark.parametrize(("value", "fits"), [(3, True), (7, True), (2, False), (8, False), (True, False), (5.0, False)])
def test_whole(value: Any, fits: bool) -> None:
    if fits:
        assert checks.whole("f", value, 3, 7) == value
    else:
        with refused("f", repr(value), why="must be a whole number from 3 to 7"):
            checks.whole("f", value, 3, 7)


@pytest.mark.parametrize("value", [(1, 2), [1, 2], range(1, 3), {1: "a", 2: "b"}.keys()])
def test_what_can_be_read_twice_is_a_list(value: Any) -> None:
    assert checks.items("f", value) == [1, 2]


def test_unknown_names_what_is_known() -> None:
    checks.reject_unknown("model", {"b": 1}, ("a", "b"))
    with refused("model.c", "1", why="is not a field of model", remedy="Use one of a, b"):
        checks.reject_unknown("model", {"b": 1, "c": 1}, ("b", "a"))


@pytest.mark.parametrize(("length", "cut"), [(118, False), (119, True)])
def test_a_long_value_is_cut(length: int, cut: bool) -> None:
    value = "x" * length
    with refused("f", f"'{value}…" if cut else f"'{value}'."):
        checks.refuse("f", value, "why")


@quick
@given(st.datetimes(datetime(1970, 1, 1), datetime(2106, 1, 1), timezones=st.just(UTC)))
def test_an_id_carries_its_creation_time(at: datetime) -> None:
    at = at.replace(microsecond=0)
    for identifier in (f"{int(at.timestamp()):08x}" + "0" * 16, f"{int(at.timestamp()):08X}" + "F" * 16):
        assert checks.created_at(identifier) == at


@pytest.mark.parametrize("value", ["", ID[:-1], ID + "0", "dry-run-0123456789abcdef", "x" * 24, f"{ID}\n"])
def test_another_text_carries_no_time(value: str) -> None:
    assert checks.created_at(value) is None


def test_an_error_raised_while_another_is_handled_hides_it() -> None:
    with refused("f", "1"):
        try:
            raise KeyError("something private")
        except KeyError:
            checks.refuse("f", 1, "why")
