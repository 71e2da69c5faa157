"""Secrets leave no text that is shown, and texts stay readable."""

from __future__ import annotations

import reprlib
from base64 import b64encode

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.checks.cut import MARK, beginning
from airflow_provider_truepush.api.connection.redaction import redactor
from airflow_provider_truepush.api.errors import TruepushError
from tests.api.support import quick

LONG = "eyJhbGciOi.J/IUzI+1NiIs=.a'b\"c"


@pytest.mark.parametrize(
    ("token", "text", "shown"),
    [
        (LONG, f"sent {LONG}.", "sent ***."),
        (LONG, "GET /x?t=eyJhbGciOi.J%2FIUzI%2B1NiIs%3D.a%27b%22c HTTP", "GET /x?t=*** HTTP"),
        (LONG, repr({"a": LONG}), None),
        ("shop", "a campaign titled 'shop news'", "a campaign titled '*** news'"),
        ("shop", "workshop, shopping", "workshop, shopping"),
        ("t", "it tells that title t=t", "it tells that title ***=***"),
        ("***", "***", "***"),
        ("a.b", "aXb a.b", "aXb ***"),
    ],
)
def test_the_token(token: str, text: str, shown: str | None) -> None:
    hidden = redactor(token)(text)
    if shown is None:
        assert "eyJ" not in hidden
    else:
        assert hidden == shown


@pytest.mark.parametrize("shown", range(1, len(LONG) + 1))
def test_a_token_that_a_cut_has_parted(shown: int) -> None:
    """Fewer letters than six may begin any word."""
    hide = redactor(LONG, ("http://user:s cret-of-the-proxy@proxy",))
    for text in (beginning(f"sent {LONG}.", len("sent ") + shown), repr(beginning(LONG, shown))):
        assert LONG[:6] not in hide(text)
        assert ("***" in hide(text)) is (shown >= 6)
    assert hide(f"s cret-of-the{MARK} and eyJeyJhbGci{MARK}") == f"***{MARK} and eyJ***{MARK}"


@pytest.mark.parametrize("place", range(1_950, 2_060))
def test_a_token_in_the_middle_of_a_long_error(place: int) -> None:
    hidden = redactor(LONG)(str(TruepushError("x" * place + LONG + "y" * 9_000)))
    assert LONG[:6] not in hidden
    other = redactor(LONG)(str(TruepushError("x" * 9_000 + LONG + "y" * place)))
    assert LONG[-6:] not in other
    assert "characters left out" in hidden
    assert "characters left out" in other


def test_a_token_whose_middle_is_left_out() -> None:
    token = "".join(map(str, range(20)))
    shown = reprlib.repr({"name": token, "others": ["a", token]})
    assert token[:12] in shown
    assert redactor(token)(shown) == "{'name': '***...***', 'others': ['a', '***...***']}"


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("truepush-prod-key", "Connecting to truepush... ok"),
        ("campaign-token-2026", "Could not list campaign... retrying"),
        ("connection-token-2026", "Trying to connect... ok"),
        ("2026-of-campaign", "Waiting...campaign found"),
    ],
)
def test_a_word_before_or_after_dots_is_no_secret(token: str, text: str) -> None:
    assert redactor(token)(text) == text


@pytest.mark.parametrize(
    "token",
    [
        *("supersecretpass1", "Sunflowerfield7", "Correcthorsebat!", "deadbeefcafe0123", "swordfish12", "passwordxyz"),
        *("ABCDEFGHIJKLMNO-PQRSTUVWXYZABCD", "campaign-token-2026", "truepush", "a" * 8, "connection" * 20),
    ],
)
def test_at_most_five_letters_are_shown_at_a_cut_and_half_of_it_at_dots(token: str) -> None:
    for mark, most in ((MARK, 5), ("...", max(5, min(9, len(token) // 2)))):
        for length in range(1, len(token)):
            before, after = redactor(token)(f"a {token[:length]}{mark}"), redactor(token)(f"{mark}{token[-length:]} b")
            if length > most:
                assert (before, after) == (f"a ***{mark}", f"{mark}*** b")


@pytest.mark.parametrize("mark", [MARK, "..."])
@pytest.mark.parametrize(
    ("token", "part"),
    [
        ("truepush-prod-key", "truepush-"),
        ("campaign2026", "campaign2"),
        ("qwertzuiopasdfgh", "qwertzuiop"),
        ("qwertzuiopasdfgh-2026", "qwertzuiopasdfgh"),
        ("aBcDeFgHiJkL", "aBcDeF"),
    ],
)
def test_a_part_that_is_no_word_is_hidden(token: str, part: str, mark: str) -> None:
    assert redactor(token)(f"sent {part}{mark} ok") == f"sent ***{mark} ok"
    assert redactor(token[::-1])(f"sent {mark}{part[::-1]} ok") == f"sent {mark}*** ok"


def test_a_part_that_no_cut_has_left_is_no_secret() -> None:
    text = f"sent{MARK} {LONG[:-1]} is data"
    assert redactor(LONG)(text) == text


def test_a_short_token_is_no_part_of_a_word() -> None:
    assert redactor("token")(f"the tok{MARK}") == f"the tok{MARK}"


@pytest.mark.parametrize(
    "address",
    ["http://user:s%20cret%2F1@proxy:3128", "http://user:s cret%2f1@proxy"],
)
def test_the_password_of_a_proxy_in_any_spelling(address: str) -> None:
    hide = redactor(LONG, (address,))
    basic = b64encode(b"user:s cret/1").decode()
    for text in (address, "s cret/1", "s%20cret%2F1", f"Basic {basic}", f"ProxyError('{address}')"):
        shown = hide(text)
        assert "cret" not in shown
        assert basic not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@host/path", "https://***@host/path"),
        ("407, url='http://a:b@c@host:1/p'", "407, url='http://***@host:1/p'"),
        ("http://user@host", "http://***@host"),
        ("https://host/a@b?c@d", "https://host/a@b?c@d"),
        ("mail a@b.c", "mail a@b.c"),
        ("s3://my_conn@bucket/key", "s3://my_conn@bucket/key"),
        ("redis://:pass@host/0", "redis://***@host/0"),
        ("https://token@host", "https://***@host"),
        ("socks5h://u:p@h and ftp://u:p@h", "socks5h://***@h and ftp://***@h"),
    ],
)
def test_user_and_password_of_any_address(text: str, shown: str) -> None:
    assert redactor(LONG)(text) == shown


@pytest.mark.parametrize("piece", ["...", "x", LONG[:8] + "... ", MARK + LONG[-8:] + " "])
def test_of_a_long_text_the_beginning_and_the_end_are_kept(piece: str) -> None:
    hidden = redactor(LONG)("begin " + piece * 1_000_000 + " end")
    assert len(hidden) < 70_000
    assert hidden.startswith("begin ")
    assert hidden.endswith(" end")
    assert "characters left out" in hidden


@quick
@given(st.text(min_size=1), st.text())
def test_no_token_breaks_a_text(token: str, text: str) -> None:
    hidden = redactor(token)(text)
    if len(token) >= 8 and token.strip():
        assert token not in hidden or "*" in token
