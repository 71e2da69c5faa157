"""Find extras that are misspelled or have another name.

Such an extra, if it is ignored, may be the one that should have kept a real campaign from being sent, or should have
secured the connection.
"""

from __future__ import annotations

import difflib
import re
from posixpath import commonprefix

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import CONNECTION_TYPE, EXTRAS
from airflow_provider_truepush.api.connection.guard_names import guard_of
from airflow_provider_truepush.api.connection.guard_values import asks_for_default, is_opposite, is_unclear
from airflow_provider_truepush.api.connection.words import letters_of, with_own_value, words_of

#: How much a misspelled name resembles the right one, whatever it means; and how much when its words mean nothing.
_NEARLY_EQUAL = 0.88
_SIMILAR = 0.75
_OF_ANOTHER_TYPE = re.compile(rf"^extra__(?!{CONNECTION_TYPE}__)[a-z0-9]+_*__")
_NAMES = {letters_of(extra.name): extra.name for extra in EXTRAS}
#: Both are off by default.
_GUARDS = ("dry_run", "require_segment")
_HOST, _PASSWORD = "the Host field", "the Password field"

#: Words that may be misspelled in the name of a secret.
_SECRETS = ("token", "password", "secret", "apikey")
#: In a word of so few letters, a replaced letter makes another word: ``taken`` is no ``token``.
_SHORT = 5
#: Patterns of a name's words, joined by one space each, and what they mean. The first match counts. The guards come
#: before them: the others are of no use to a push that must not go out.
_OTHERS: tuple[tuple[str, str], ...] = (
    (r"prox(y|ies)|\bsocks", "proxies"),
    (r"(retry|retries|backoff).*(budget|seconds|time|wait|delay|duration)|\bbackoff\b", "retry_budget"),
    (r"\bredis\b|rate ?limit\w*.*\bconn|\bconn\w*.*rate ?limit", "rate_limit_conn_id"),
    (r"\brate\b.*\bshare\b|\bshare\b.*\brate\b", "rate_limit_share"),
    (r"time ?outs?\b", "timeout"),
    (r"\b(max ?)?(retry|retries|attempts?|tries)\b", "max_attempts"),
    (
        r"\b(rates?|rpm|rps|qps|tps|throttl\w*|rate ?limit\w*|max ?requests)\b"
        r"|\bper ?(second|sec|minute|min|hour)\b|\brequests? ?per",
        "requests_per_second",
    ),
    (r"\b(api ?keys?|(\w+ )?token|(\w+)?(token|tkn)|password|passwd|pwd|secrets?|authorization|bearer)\b", _PASSWORD),
    (
        r"\b(ca|cas|root ?ca|ca ?(certs?|file|path|bundle|info|dir)|cert(ificate)? ?auth\w*"
        r"|trust(ed)? ?(store|cas?|certs?))\b",
        "verify",
    ),
    (r"insecure|unverified|self ?signed|check ?hostname", "verify"),
    (
        r"\b(\w*certs?|\w*certificates?|cert ?files?|key ?files?|(private|client|ssl|tls) ?keys?|pem|p12|pkcs12)\b",
        "cert",
    ),
    (r"ssl|tls|verif", "verify"),
    (r"time ?zone|\btz ?(info|name)?\b|\bzoneinfo\b|^zone$", "timezone"),
    (r"\b((base|api|server|service|root|host) ?(url|uri|address|host)|url|uri|host ?(name)?|end ?points?)\b", _HOST),
    (r"^(host|server|address|port|schema?|scheme|protocol|api)$", _HOST),
)


def refuse_misspelled(name: object, value: object) -> None:
    """Refuse an unknown extra that probably means a known one.

    :param name: the key of the extra.
    :param value: its value.
    """
    if (meant := meant_by(name, value)) is None:
        return
    refuse(
        f"extra.{name_to_show(meant, name)}",
        value if _may_be_shown(meant) else "a value that is not shown",
        "is not an extra of this connection",
        how_to_write(meant, name, "instead"),
    )


def meant_by(name: object, value: object) -> str | None:
    """Return the extra, or the field of the connection, that an unknown extra probably means.

    :param name: the key of the extra.
    :param value: its value.
    :return: the name of an extra, or the words for a field of the connection; None for an extra that may be ignored.
    """
    name, value = with_own_value(name, value)
    meant = resembled(name, value)
    return None if meant in _GUARDS and asks_for_default(words_of(name), value) else meant


def resembled(name: object, value: object = True) -> str | None:
    """Return what an unknown extra resembles, also if its value asks for the default, see :func:`meant_by`."""
    words = words_of(name)
    plain = letters_of(words)
    if (meant := guard_of(words, value)) is not None:
        return meant
    if _OF_ANOTHER_TYPE.match(str(name).strip()):  # a leftover of a connection whose type was changed
        return None
    if (meant := _close(plain, _NEARLY_EQUAL) or _first(_OTHERS, words)) is not None:
        return meant
    return _PASSWORD if _is_like_a_secret(words) else _close(plain, _SIMILAR)


def how_to_write(meant: str, name: object, place: str) -> str:
    """Return the advice for what an unknown extra was meant to be.

    :param meant: the result of :func:`meant_by`.
    :param name: the key of the extra.
    :param place: the words that follow the name of the right extra.
    """
    if meant in (_HOST, _PASSWORD):
        return f"Use {meant} of the connection instead"
    words = words_of(with_own_value(name, None)[0])
    if is_opposite(words):
        return f"Write `{meant}: true` {place}"
    if meant == "dry_run" and is_unclear(words):
        return "Remove it, or write `dry_run: true` if nothing may be sent"
    return f"Write `{meant}` {place}"


def name_to_show(meant: str, name: object) -> str:
    """Return the name of an unknown extra for an error, without a secret that the name took in as its value."""
    return str(name) if _may_be_shown(meant) else re.split("[:=]", str(name))[0]


def _may_be_shown(meant: str) -> bool:
    """Return whether an error may show the value. It must not when the value may be or contain a secret."""
    return meant not in ("proxies", "cert", "rate_limit_conn_id", _HOST, _PASSWORD)


def _is_like_a_secret(words: str) -> bool:
    """Return whether a word, or all of them together, is a misspelled word for a secret. A plural is another word."""
    return any(
        _is_one_slip_apart(word, secret)
        for word in {*words.split(), letters_of(words)}
        if word.removesuffix("s") not in _SECRETS
        for secret in _SECRETS
    )


def _is_one_slip_apart(word: str, right: str) -> bool:
    """Return whether one letter was omitted, added or replaced in a word, or two neighbors swapped."""
    start = len(commonprefix([word, right]))
    rest, rest_of_right = word[start:], right[start:]
    if end := len(commonprefix([rest[::-1], rest_of_right[::-1]])):
        rest, rest_of_right = rest[:-end], rest_of_right[:-end]
    if len(rest) == len(rest_of_right) == 1:
        return len(right) > _SHORT
    return len(rest + rest_of_right) == 1 or (len(rest) <= 2 and rest == rest_of_right[::-1])


def _first(patterns: tuple[tuple[str, str], ...], words: str) -> str | None:
    return next((meant for pattern, meant in patterns if re.search(pattern, words)), None)


def _close(plain: str, cutoff: float) -> str | None:
    if plain in _NAMES:
        return _NAMES[plain]
    close = difflib.get_close_matches(plain, _NAMES, n=1, cutoff=cutoff)
    return _NAMES[close[0]] if close else None
