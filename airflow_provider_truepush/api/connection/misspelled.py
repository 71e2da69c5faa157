"""Find extras that are misspelled or have another name.

Such an extra, if it is ignored, may be the one that should have kept a real campaign from being sent, or should have
secured the connection.
"""

from __future__ import annotations

import difflib
import json
import re
import unicodedata
from collections.abc import Mapping

from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import CONNECTION_TYPE, EXTRAS
from airflow_provider_truepush.api.connection.guard_values import asks_for_default, is_opposite, is_unclear

#: How much a misspelled name resembles the right one, whatever it means; and how much when its words mean nothing.
_NEARLY_EQUAL = 0.88
_SIMILAR = 0.75
#: How Airflow's forms named extras before version 2.3.
_PREFIX = re.compile(rf"^extra__({CONNECTION_TYPE}__)?")
_OF_ANOTHER_TYPE = re.compile(rf"^extra__(?!{CONNECTION_TYPE}__)[a-z0-9]+_*__")
_NAMES = {re.sub("[^a-z]", "", extra.name): extra.name for extra in EXTRAS}
#: Both are off by default.
_GUARD_EXTRAS = ("dry_run", "require_segment")
_GUARD_LETTERS = frozenset({"dryrun", "requiresegment"})
_HOST, _PASSWORD = "the Host field", "the Password field"

#: Patterns of a name's words, joined by one space each, and what they mean. The first match counts. Those of
#: ``dry_run`` and ``require_segment`` come first: the others are of no use to a push that must not go out.
_GUARDS: tuple[tuple[str, str], ...] = (
    (
        r"segment|audience|\bsegs?\b|\breq\w*segs?\b|\beveryone\b|\beverybody\b|broadcast|subscriber|recipient",
        "require_segment",
    ),
    (r"dry|simulat|sandbox|\bno ?ops?\b|\bnop\b|preview|rehears|pretend", "dry_run"),
    (
        r"\b(test|testing|tests|tester|test ?(mode|only|run|ing)?|mock|mocks|mocked|mocking|fake|stub|dummy|draft)\b",
        "dry_run",
    ),
    (r"\b(mock|fake|safe|trial|debug|demo|check|log|live|silent|offline) ?(mode|only|run)\b|\bsafe(ty)?\b", "dry_run"),
    (r"\b(read|log|print|validate|check|plan|test) ?only\b|\bwhat ?if\b|\bmute[d]?\b|\bpaused?\b|\bsuspend", "dry_run"),
    (r"\b(disabled?|enabled?|(in)?active)\b|\bshadow|\bemulat|^demo$", "dry_run"),
    (r"^(is |do |really )*(send|sending|push|pushing|live|real|really)$", "dry_run"),
    (
        r"\b(no|not|dont|don t|never|skip|block|prevent|stop|without|allow|forbid|deny|suppress|disable|enable)\b.*"
        r"\b(send|sends|sending|push|pushes|post|write|writes|publish|deliver|delivery|requests|change|changes)\b",
        "dry_run",
    ),
    (r"\b(no|skip|block|dont|stop|allow|disable|enable)(send|sends|sending|push|pushes|write|writes)\b", "dry_run"),
)
#: Extras that are looked for inside of other extras, by the letters of the other's name. One that is ignored there
#: sends a real campaign, or leaves the connection without what secures it. The rest may be about something else.
_INSIDE: tuple[tuple[str, frozenset[str]], ...] = (
    (r"(conn|connection)?extras?|truepush", frozenset(_NAMES)),
    (
        r"(conn(ection)?|http|client|session|requests?)?(options?|settings?|config(uration)?|params?|args|kwargs)"
        r"|conn(ection)?|http|client|session|requests?",
        _GUARD_LETTERS | {"proxies", "verify", "cert"},
    ),
    (r".*", _GUARD_LETTERS),
)
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
    (r"\b(api ?keys?|(\w+ )?token|(\w+)?token|password|passwd|pwd|secrets?|authorization|bearer)\b", _PASSWORD),
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
    (r"time ?zone|\btz\b|\bzoneinfo\b|^zone$", "timezone"),
    (r"\b((base|api|server|service|root|host) ?(url|uri|address|host)|url|uri|host ?(name)?|end ?points?)\b", _HOST),
    (r"^(host|server|address|port|schema?|scheme|protocol|api)$", _HOST),
)


def refuse_misspelled(name: object, value: object) -> None:
    """Refuse an unknown extra that probably means a known one, or has one inside it.

    :param name: the key of the extra.
    :param value: its value.
    """
    meant, words = resembled(name), _words_of_extra(name)
    if meant is not None and not (meant in _GUARD_EXTRAS and asks_for_default(words, value)):
        advice = "Write `dry_run: true` instead" if is_opposite(words) else how_to_write(meant)
        if meant == "dry_run" and is_unclear(words):
            advice = "Remove it, or write `dry_run: true` if nothing may be sent"
        refuse(
            f"extra.{name}",
            value if may_be_shown(meant) else "a value that is not shown",
            "is not an extra of this connection",
            advice,
        )
    if (inside := known_inside(name, value)) is not None:
        refuse(
            f"extra.{name}",
            "a value that is not shown",
            f"is not an extra of this connection, so `{inside}` in it has no effect",
            f"Write `{inside}` among the extras themselves",
        )


def resembled(name: object) -> str | None:
    """Return the extra, or the field of the connection, that an unknown name probably means.

    :param name: the key of an extra.
    :return: the name of an extra, or the words for a field of the connection; None for an unrelated name.
    """
    given = str(name).strip()
    words = _words_of_extra(name)
    plain = re.sub("[^a-z]", "", words)
    if (meant := _first(_GUARDS, words)) is not None:
        return meant
    if _OF_ANOTHER_TYPE.match(given):  # a leftover of a connection whose type was changed
        return None
    return _close(plain, _NEARLY_EQUAL) or _first(_OTHERS, words) or _close(plain, _SIMILAR)


def may_be_shown(meant: str) -> bool:
    """Return whether an error may show the value. It must not when the value may be or contain a secret.

    :param meant: the result of :func:`resembled`.
    """
    return meant not in ("proxies", "cert", "rate_limit_conn_id", _HOST, _PASSWORD)


def how_to_write(meant: str) -> str:
    """Return the advice for what an extra was meant to be, see :func:`resembled`."""
    return f"Use {meant} of the connection instead" if meant in (_HOST, _PASSWORD) else f"Write `{meant}` instead"


def known_inside(name: object, value: object) -> str | None:
    """Return the first extra of this connection that is written inside of another one and must not be ignored.

    :param name: the key of the other one.
    :param value: its value, which may be JSON as text.
    """
    letters = re.sub("[^a-z]", "", _words(str(name)))
    return _inside(value, next(names for pattern, names in _INSIDE if re.fullmatch(pattern, letters)), 3)


def _inside(value: object, names: frozenset[str], depth: int) -> str | None:
    """Return the first of some extras in a value, in which ``depth`` levels of mappings and lists are searched."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        for name, inner in value.items():
            letters = re.sub("[^a-z]", "", _words(str(name)))
            if letters in names and not (letters in _GUARD_LETTERS and asks_for_default(_words_of_extra(name), inner)):
                return _NAMES[letters]
            if (found := _inside(inner, names, depth - 1)) is not None:
                return found
    elif isinstance(value, (list, tuple)):
        return next((found for one in value if (found := _inside(one, names, depth - 1)) is not None), None)
    return None


def _words_of_extra(name: object) -> str:
    """Return the words of an extra's name without the prefix of older versions of Airflow."""
    return _words(_PREFIX.sub("", str(name).strip()))


def _words(name: str) -> str:
    """Return the words of a name in lower case, with one space between them: ``testMode``, ``TEST-MODE``."""
    name = unicodedata.normalize("NFKC", name)
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    # Any other sign or letter is a part of a word: it may turn the meaning around.
    return " ".join(re.split(r"[\s_./:-]+", apart.casefold())).strip()


def _first(patterns: tuple[tuple[str, str], ...], words: str) -> str | None:
    return next((meant for pattern, meant in patterns if re.search(pattern, words)), None)


def _close(plain: str, cutoff: float) -> str | None:
    if plain in _NAMES:
        return _NAMES[plain]
    close = difflib.get_close_matches(plain, _NAMES, n=1, cutoff=cutoff)
    return _NAMES[close[0]] if close else None
