"""Find the argument of an operator that a name means, if it is misspelled or a word that people use for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

_SEGMENT = ("segment_id", "segment")
#: Patterns of the key's letters, and the arguments that are meant.
_PATTERNS: dict[str, tuple[str, ...]] = {
    r"truepush(connection|conn?|hook)(ids?|names?)?|truepushids?": ("truepush_conn_id",),
    r"(truepush|push|campaign|target|default|my|the|to|send|sendto|subscribers?|audience)?seg(ment)?s?"
    r"(ids?|names?|titles?|list|uuid)?|audiences?(ids?|names?|segments?)?": _SEGMENT,
    r"schedul(ed?)?(at|for|time)|sen[dt](at|on|time|date|datetime|after)(utc|time|ts)?|sendingtime": ("send_at",),
    r"(deliver|push)at|(sned|snd|sendd|sennd|seend|ssend)at|send(att|aat|ta)": ("send_at",),
    r"(truepush|send|sending)?ledgers?(conn?(ection)?)?(ids?|names?)?": ("ledger_conn_id",),
    r"sen[dt](ing)?(token|key)s?": ("send_token",),
    r"(quiet|night)(time|hours?|times?)": ("quiet_hours",),
    r"expires?in(hours?|seconds?)?": ("expires_in",),
    r"timings": ("send_at",),
}
#: The same for keys that may as well mean something else.
_DOUBTFUL: dict[str, tuple[str, ...]] = {
    r".*segment(?!.*(connid|connection|debug|size|length|offset|key$)).*|audience.*": _SEGMENT,
    r"targets?|subscribers?|recipients?": _SEGMENT,
    r".*ledger.*": ("ledger_conn_id",),
    r"when": ("send_at",),
    r"expires?(at)?|expiry|ttl": ("expires_in",),
}
#: The same for names that a decorated function is called with. No other operator gets them.
_OF_A_FUNCTION: dict[str, tuple[str, ...]] = {
    r"conn(ection)?id": ("truepush_conn_id",),
    r"scheduled?": ("send_at",),
}
#: Parts of a name that a function hardly has for something else.
_OF_PUSHES = "push|send|seg|audience"
#: Keys that resemble an argument and belong to another operator, or to another service.
_OF_OTHERS = r".*segmentconn.*|.*truepushconnid|resend.*"
#: Arguments whose misspelled names are refused too.
_CLOSE = (
    "truepush_conn_id",
    "segment_id",
    "segment",
    "send_at",
    "send_token",
    "ledger_conn_id",
    "quiet_hours",
    "in_quiet_hours",
    "max_lateness",
    "schedule_ahead",
    "settle_window",
    "send_on_backfill",
    "wait_for_delivery",
    "cancel_on_failure",
    "cancel_on_kill",
)
#: Arguments of operators that change something in Truepush: one of these at least.
_OF_CHANGES = frozenset({"title", "status", "if_exists", "if_missing", "if_not_cancellable"})
_NEARLY_EQUAL = 0.85
#: The same against the one argument that a pattern already found: ``sned_at``.
_SIMILAR = 0.8
#: A few letters resemble many words.
_SHORT = 6


class Meant(NamedTuple):
    """The meaning of a name that is not an argument of an operator.

    :param extra: the extra of the connection.
    :param arguments: the arguments of the operator.
    :param perhaps: those that it may mean, or something else.
    """

    extra: str | None
    arguments: tuple[str, ...]
    perhaps: tuple[str, ...]


@lru_cache(maxsize=1024)  # the tasks of a Dag share their default_args, and the comparison takes long
def meant_by_default(key: str, names: frozenset[str]) -> Meant:
    """Return the meaning of a key of ``default_args``, which other operators share.

    :param key: the key.
    :param names: the arguments of the operator; the key is none of them.
    """
    plain = _letters(key)
    arguments = _of_pattern(_PATTERNS, plain, names) or _close(key, plain, names)
    return Meant(_extra(plain, names), arguments, _of_pattern(_DOUBTFUL, plain, names))


@lru_cache(maxsize=1024)
def meant_by_function(name: str, names: frozenset[str]) -> Meant:
    """Return the meaning of a name that a decorated function is called with, and that it does not declare.

    :param name: the name.
    :param names: the arguments of the operator; the name is none of them.
    """
    extra, arguments, perhaps = meant_by_default(name, names)
    plain = _letters(name)
    is_certain = re.search(_OF_PUSHES, plain) or _resembles(plain, [_letters(one) for one in arguments], _SIMILAR)
    if not is_certain:
        perhaps = perhaps or arguments or _of_pattern(_OF_A_FUNCTION, plain, names)
        arguments = ()
    if not arguments:
        arguments = tuple(one for one in sorted(names) if _letters(one) == plain)
    return Meant(extra, arguments, perhaps)


def is_off(value: object) -> bool:
    """Return whether a value asks for no extra of the connection: None or a false one. Text is not."""
    try:
        return value in (None, False)  # 0, 0.0 and numpy's False are equal to False
    except Exception:  # an array has no truth value, and its comparisons are arrays
        return False


def _letters(name: object) -> str:
    return re.sub("[^a-z]", "", str(name).casefold())


def _words(key: str) -> int:
    return len(re.findall("[A-Z]?[a-z]+|[A-Z]+", key))


def _extra(plain: str, names: Collection[str]) -> str | None:
    """Return the extra of the connection that a key means, for an operator that it would keep from a change."""
    if plain == "dryrun" and not _OF_CHANGES.isdisjoint(names):
        return "dry_run"
    if "seg" in plain and "segment_id" in names and _resembles(plain, ["requiresegment"]):
        return "require_segment"
    return None


def _of_pattern(patterns: Mapping[str, tuple[str, ...]], plain: str, names: Collection[str]) -> tuple[str, ...]:
    for pattern, meant in patterns.items():
        if all(name in names for name in meant) and re.fullmatch(pattern, plain):
            return meant
    return ()


def _close(key: str, plain: str, names: Collection[str]) -> tuple[str, ...]:
    if re.fullmatch(_OF_OTHERS, plain):
        return ()
    known = {_letters(name): name for name in _CLOSE if name in names and len(_letters(name)) > _SHORT}
    if (close := _resembles(plain, known)) is None:
        return ()
    # Operators of other services have arguments such as cancel_job_on_kill.
    if "cancelon" in close and plain != close and _words(key) not in (1, 3):
        return ()
    return _SEGMENT if "segment" in close else (known[close],)


def _resembles(plain: str, known: Collection[str], cutoff: float = _NEARLY_EQUAL) -> str | None:
    import difflib

    close = difflib.get_close_matches(plain, known, n=1, cutoff=cutoff)
    return close[0] if close else None
