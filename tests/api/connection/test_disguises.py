"""A secret is found in every form in which a server or a proxy returns it."""

from __future__ import annotations

import html
import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.checks.cut import MARK
from airflow_provider_truepush.api.connection.redaction import redactor
from tests.api.support import quick

TOKEN = "ab/cd+ef9h" + "Kx7" * 8 + "=="
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJwcm9qIjoiYWJjZGVmIn0.s1gN4tur3-_Zq8/x+y=="
HALF = len(TOKEN) // 2
FORMS = {
    "slash": TOKEN.replace("/", "\\/"),
    "JSON": TOKEN.replace("/", "\\u002f").replace("=", "\\u003D"),
    "JSON twice": json.dumps(json.dumps(TOKEN.replace("/", "\\/"))),
    "percent": quote(TOKEN, safe=""),
    "percent in lower case": quote(TOKEN, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
    "percent but for the slash": quote(TOKEN),
    "percent twice": quote(quote(TOKEN, safe=""), safe=""),
    "entities": TOKEN.replace("/", "&#x2F;").replace("=", "&#61;").replace("+", "&plus;"),
    "entities twice": TOKEN.replace("/", "&amp;#x2f;"),
    "escaped bytes": "".join(f"\\x{ord(letter):02x}" for letter in TOKEN),
    "hex digits": TOKEN.encode().hex(),
    "HEX DIGITS": TOKEN.encode().hex().upper(),
    "upper case": TOKEN.upper(),
    "lower case": TOKEN.lower(),
    "line break": f"{TOKEN[:HALF]}\r\n {TOKEN[HALF:]}",
    "escaped line break": f"{TOKEN[:HALF]}\\n{TOKEN[HALF:]}",
    "blank": f"{TOKEN[:HALF]} {TOKEN[HALF:]}",
    "zero width": f"{TOKEN[:HALF]}\u200b{TOKEN[HALF:]}",
    "UTF-16": TOKEN.encode("utf-16").decode("utf-8", "replace"),
    "UTF-16 of other machines": TOKEN.encode("utf-16-be").decode("utf-8", "replace"),
    "Base64 for addresses": urlsafe_b64encode(TOKEN.encode()).decode(),
    **{f"Base64 {n}": b64encode(b"u" * n + TOKEN.encode() + b":" * n).decode() for n in range(4)},
}


def shown(text: str) -> list[str]:
    """Return the parts of the token that a text shows, in any form that the forms above have."""
    plain = "".join(html.unescape(text).replace("\0", "").replace("\u200b", "").split()).lower()
    sources = {TOKEN, quote(TOKEN, safe=""), TOKEN.encode().hex(), *FORMS.values()}
    return [
        source[at : at + 10]
        for source in sources
        for at in range(len(source) - 9)
        if source[at : at + 10].lower() in plain or source[at : at + 10] in text
    ]


@pytest.mark.parametrize("form", FORMS)
def test_a_token_in_any_form_is_hidden(form: str) -> None:
    text = f"The proxy got <{FORMS[form]}> in a header, and <{FORMS[form]}> again."
    hidden = redactor(TOKEN)(text)
    assert hidden.startswith("The proxy got <")
    assert hidden.endswith("> again.")
    assert "> in a header, and <" in hidden
    assert hidden.count("***") >= 2
    assert shown(hidden) == []


@pytest.mark.parametrize(
    "form", ["slash", "percent in lower case", "percent but for the slash", "Base64 0", "hex digits"]
)
def test_a_part_of_an_encoded_token_at_a_cut_is_hidden(form: str) -> None:
    for length in range(10, len(FORMS[form]) - 4):
        assert redactor(TOKEN)(f"got {FORMS[form][:length]}{MARK}") == f"got ***{MARK}"


@pytest.mark.parametrize("part", JWT.split("."))
def test_the_segments_of_a_jwt_are_hidden(part: str) -> None:
    assert redactor(JWT)(f"Invalid segment {part}, sorry.") == "Invalid segment ***, sorry."


def test_the_password_of_a_proxy_in_another_form_is_hidden() -> None:
    hide = redactor("token", ("http://user:s%20cret%2F1+of-it@proxy",))
    assert "cret" not in hide("s cret\\/1+of-it") + hide("s%20cret%2f1%2bof-it")


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("truepush", "Truepush did not answer."),
        ("truepush", "That is true push."),
        ("connection", "CONNECTION REFUSED: the con nection was closed"),
        ("shop", "sh%6fp s hop SHOP"),
        (TOKEN, "100% of 25 %41 &amp; \\n C:\\new &unknown; &#x110000; &#99999999;"),
    ],
)
def test_a_text_that_only_looks_alike_is_unchanged(token: str, text: str) -> None:
    assert redactor(token)(text) == text


@quick
@given(st.text(), st.text())
def test_what_surrounds_a_disguised_token_is_kept(before: str, after: str) -> None:
    before, after = (before + "<").replace("\\", ""), ">" + after
    if "***" not in before + after and "@" not in before + after and MARK not in before + after:
        assert redactor(TOKEN)(before + FORMS["JSON"] + after) == f"{before}***{after}"
