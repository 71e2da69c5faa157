"""The token of a connection: required, checked and never shown."""

from __future__ import annotations

import pytest

from airflow_provider_truepush.exceptions import TruepushAuthError
from tests.api.connection.reading import read
from tests.api.support import TOKEN, unchained


@pytest.mark.parametrize("token", [None, "", " ", "\n"])
def test_no_token(token: str | None) -> None:
    with pytest.raises(TruepushAuthError, match="The connection has no token"):
        read(token=token)


@pytest.mark.parametrize(
    "token", ["two words", "two\nlines", "two\r\nlines", "tab\there", "größe", "nul\0", "zero\u200bwidth"]
)
def test_a_token_that_is_none(token: str) -> None:
    with pytest.raises(TruepushAuthError, match="has characters that are not allowed") as caught:
        read(token=token)
    assert token not in str(caught.value)
    unchained(caught.value)


@pytest.mark.parametrize(("before", "after"), [(" ", ""), ("", "\n"), ("\t", "\r\n")])
def test_blanks_around_a_token_are_a_slip(before: str, after: str) -> None:
    assert read(token=before + TOKEN + after).token == TOKEN


def test_the_token_is_not_shown() -> None:
    settings = read({"proxies": "http://user:secret@proxy"})
    for text in (repr(settings), str(settings), f"{settings}"):
        assert TOKEN not in text
        assert "secret" not in text


def test_hide() -> None:
    assert read().hide(f"Authorization: {TOKEN}, {TOKEN}") == "Authorization: ***, ***"
