"""Remove secrets from errors and logs. Data is never changed."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Collection
from functools import lru_cache
from urllib.parse import quote, unquote, urlsplit

from airflow_provider_truepush.api.checks.cut import MARK
from airflow_provider_truepush.api.connection.disguises import Disguises, encoded
from airflow_provider_truepush.api.errors import without_middle

_HIDDEN = "***"
#: A shorter part of a secret at a cut is not removed: words begin like it.
_PART = 6
#: The same at "..." for a part that looks like a word: dots end many a sentence, as in "Trying to connect...". At most
#: half of the secret is shown that way.
_WORD_PART = 10
#: Where a text was cut: its rest is missing, or its middle. ``reprlib`` leaves the dots.
_CUT = re.compile(rf"((?: \[)?{MARK}(?:[0-9]+ [a-z ]+{MARK}\] )?|\.\.\.)")
#: A shorter secret is removed only where it is a whole word, because its letters occur in every message.
_LONG = 8
#: The most characters of a text that are kept, so that a long one does not block an event loop. A server's words, and
#: the errors of this provider, are much shorter.
_LONGEST = 64 * 1024
#: What comes before the host in an address: a name and a password. In an address of the web or of a proxy a name alone
#: may be a token; in one of a storage it is the id of an Airflow connection, as in ``s3://my_conn@bucket/key``.
_USERINFO = re.compile(
    r"(?:(?<=http://)|(?<=https://)|(?<=socks5://)|(?<=socks5h://))[^\s/?#\"'<>]*@"
    r"|(?<=://)[^\s/?#\"'<>@:]*:[^\s/?#\"'<>]*@"
)


@lru_cache(maxsize=64)
def redactor(token: str, proxies: tuple[str, ...] = ()) -> Callable[[str], str]:
    """Return a function that removes a connection's secrets from a text.

    It removes the token and the passwords of the proxies, however they are written, and the user and password of every
    address in the text. It removes a part of a secret as well where the text was cut. Of a text above the limit it
    returns the beginning and the end.

    :param token: the project's token.
    :param proxies: addresses of the proxies in use.
    """
    secrets = _forms(token)
    for address in proxies:
        secrets |= _of_proxy(address)
    disguises = Disguises(secrets)
    long = {secret for secret in secrets if len(secret) >= _LONG}
    long |= {form for secret in long for form in encoded(secret)}
    patterns = [_pattern(secret) for secret in sorted(secrets, key=len, reverse=True) if secret.strip()]
    found = re.compile("|".join(patterns)) if patterns else None

    def hide(text: str) -> str:
        text = without_middle(text, _LONGEST)
        text = _USERINFO.sub(f"{_HIDDEN}@", text)
        text = found.sub(_HIDDEN, text) if found is not None else text
        text = disguises.hide(text, _HIDDEN)
        return _without_parts(text, long) if long and (MARK in text or "..." in text) else text

    return hide


def _without_parts(text: str, secrets: Collection[str]) -> str:
    """Remove the beginning of a secret before each cut, and the end of one after it."""
    pieces = _CUT.split(text)  # every second one is a cut
    longest = max(map(len, secrets))
    for at in range(0, len(pieces), 2):
        if len(pieces[at]) < _PART:  # nothing that counts, as between the dots of "......"
            continue
        if at > 0:
            is_cut = MARK in pieces[at - 1]
            start = pieces[at][:longest][::-1]
            if end := max(_cut_part(start, secret[::-1], is_cut) for secret in secrets):
                pieces[at] = _HIDDEN + pieces[at][end:]
        if at < len(pieces) - 1:
            is_cut = MARK in pieces[at + 1]
            if begin := max(_cut_part(pieces[at], secret, is_cut) for secret in secrets):
                pieces[at] = pieces[at][:-begin] + _HIDDEN
    return "".join(pieces)


def _cut_part(text: str, secret: str, is_cut: bool) -> int:
    """Return the length of the beginning of a secret with which a text ends; 0 for none that counts."""
    at = text.find(secret[:_PART], max(0, len(text) - len(secret)))
    while at >= 0:
        if secret.startswith(part := text[at:]):
            return len(part) if len(part) >= (_PART if is_cut else _least(part, secret)) else 0
        at = text.find(secret[:_PART], at + 1)
    return 0


def _least(part: str, secret: str) -> int:
    """Return how long the beginning of a secret must be before "..." to count as a part of it."""
    if not part.isalpha() or not (part.isupper() or part[1:].islower() or part[:-1].islower()):
        return _PART
    return max(_PART, min(_WORD_PART, len(secret) // 2 + 1))


def _forms(secret: str) -> set[str]:
    escaped = secret.encode("unicode_escape").decode()
    percent = quote(secret, safe="")
    in_lower_case = re.sub("%..", lambda escape: escape.group().lower(), percent)
    quoted = (escaped.replace(letter, f"\\{letter}") for letter in "\"'/")
    return {secret, percent, in_lower_case, quote(secret), escaped, *quoted}


def _of_proxy(address: str) -> set[str]:
    try:
        parts = urlsplit(address)
        user, password = parts.username or "", parts.password
    except ValueError:
        return set()
    if not password:
        return set()
    plain = unquote(password)
    pair = b64encode(f"{unquote(user)}:{plain}".encode()).decode()
    return _forms(password) | _forms(plain) | {pair}


def _pattern(secret: str) -> str:
    if len(secret) >= _LONG:
        return re.escape(secret)
    return rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])"
