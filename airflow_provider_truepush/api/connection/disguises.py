"""Find secrets in a text however a server or a proxy writes them: escaped, encoded, wrapped, in other case."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Collection
from html import unescape

#: A shorter secret is searched only as it is, because its letters occur in every message.
_LONG = 8
#: A secret of this length that is not one word is searched in any case.
_ANY_CASE = 12
_ESCAPE = re.compile(
    r"%(?:25){0,3}(?P<percent>[0-9A-Fa-f]{2})"
    r"|\\++(?:u(?P<unicode>[0-9A-Fa-f]{4})|x(?P<hex>[0-9A-Fa-f]{2})|(?P<blank>[nrt]))?"
    r"|&(?:amp;){0,3}(?P<entity>(?:#[xX]?[0-9A-Fa-f]{1,7}|[A-Za-z]{2,31});)"
)
#: Characters around and between the letters of a secret: blanks, invisible characters, and those of a text in another
#: encoding that is read as UTF-8.
_BETWEEN = re.compile(
    "[\\s\x00-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufe00-\ufe0f\ufeff\ufffd]+"
)
_JWT = re.compile(r"eyJ[\w+/=-]+(?:\.[\w+/=-]*){2,4}", re.ASCII)


class Disguises:
    """The forms of some secrets that are not found by comparing letters.

    :param secrets: the secrets.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _LONG for form in (secret, *encoded(secret))}
        plain = {found for form in forms if len(found := _plain(form)) >= _LONG}
        self._in_any_case = sorted({_lower(each) for each in plain if len(each) >= _ANY_CASE and not each.isalpha()})
        self._as_written = sorted(each for each in plain if len(each) < _ANY_CASE or each.isalpha())

    def hide(self, text: str, mark: str) -> str:
        """Return a text in which a mark replaces each secret.

        :param text: the text.
        :param mark: the mark.
        """
        plain = _plain(text)
        words = [span for secret in self._as_written for span in _spans(plain, secret)]
        lower = _lower(plain) if self._in_any_case else ""
        found = [span for secret in self._in_any_case for span in _spans(lower, secret)]
        if not words and not found:
            return text
        begins, ends = _places(text)
        places = [(begins[begin], ends[end - 1]) for begin, end in found]
        # Several words, or letters, may read like a short secret.
        apart = [(begins[begin], ends[end - 1]) for begin, end in words]
        places += [(begin, end) for begin, end in apart if " " not in text[begin:end]]
        return _replaced(text, places, mark)


def encoded(secret: str) -> set[str]:
    """Return a secret in Base64, wherever in the encoded text it begins, as hex digits, and the segments of a JWT."""
    raw = secret.encode("utf-8", "surrogatepass")
    forms = {raw.hex()}
    for before in range(3):
        letters = b64encode(bytes(before) + raw).decode()
        # The letters at both ends depend on what is encoded beside the secret.
        letters = letters[(0, 2, 3)[before] : (before + len(raw)) * 8 // 6]
        forms |= {letters, letters.replace("+", "-").replace("/", "_")}
    if _JWT.fullmatch(secret):
        forms |= {segment for segment in secret.split(".") if len(segment) >= _LONG}
    return forms


def _plain(text: str) -> str:
    """Return a text without escapes and separators."""
    return _BETWEEN.sub("", _ESCAPE.sub(_unescaped, text))


def _unescaped(escape: re.Match[str]) -> str:
    """Return the character of an escape; the text itself if it is not a valid escape."""
    if digits := escape["percent"] or escape["unicode"] or escape["hex"]:
        return chr(int(digits, 16))
    if entity := escape["entity"]:
        character = unescape(f"&{entity}")
        return character if len(character) == 1 else escape.group()
    return ""  # a backslash before another character, or an escaped line break


def _lower(text: str) -> str:
    """Return a text of the same length in lower case."""
    return text.encode("ascii", "replace").decode().lower()


def _spans(text: str, secret: str) -> list[tuple[int, int]]:
    spans = []
    at = text.find(secret)
    while at >= 0:
        spans.append((at, at + len(secret)))
        at = text.find(secret, at + len(secret))
    return spans


def _replaced(text: str, places: list[tuple[int, int]], mark: str) -> str:
    parts: list[str] = []
    done = 0
    for begin, end in sorted(places):
        if begin >= done:
            parts += [text[done:begin], mark]
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _places(text: str) -> tuple[list[int], list[int]]:
    """Return where in a text each character of its plain text begins and ends."""
    characters: list[tuple[str, int, int]] = []
    done = 0
    for escape in _ESCAPE.finditer(text):
        characters += [(text[at], at, at + 1) for at in range(done, escape.start())]
        characters += [(character, *escape.span()) for character in _unescaped(escape)]
        done = escape.end()
    characters += [(text[at], at, at + 1) for at in range(done, len(text))]
    kept = [(begin, end) for character, begin, end in characters if not _BETWEEN.fullmatch(character)]
    return [begin for begin, _ in kept], [end for _, end in kept]
