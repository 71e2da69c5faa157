"""Refuse keys of ``default_args`` that mean an argument of an operator, but are not its name.

Airflow ignores such a key. Other operators share ``default_args``, so only keys are refused that hardly mean anything
else, and that decide who gets a push, when, through which project, or whether.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from airflow_provider_truepush.api.checks.values import refuse

#: Patterns of the key's letters, and the arguments that are meant.
_PATTERNS: dict[str, tuple[str, ...]] = {
    r"truepush(connection|conn?|hook)?(ids?|names?)?": ("truepush_conn_id",),
    r".*segment(?!.*(connid|connection|debug|size|length|offset|key$)).*|segs?(ids?|names?)?|audience.*": (
        "segment_id",
        "segment",
    ),
    r"schedul(ed?)?(at|for|time)|sen[dt](at|on|time|date|datetime|after)(utc|time|ts)?|sendingtime": ("send_at",),
    r"(deliver|push)at": ("send_at",),
    r".*ledger.*": ("ledger_conn_id",),
    r"sen[dt](ing)?(token|key)s?": ("send_token",),
    r"(quiet|night)(time|hours?|times?)": ("quiet_hours",),
    r"expire?in|expiresin(hours?|seconds?)": ("expires_in",),
}
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
#: A few letters resemble many words.
_SHORT = 6


def refuse_misnamed_defaults(kind: str, defaults: object, names: Collection[str]) -> None:
    """Refuse keys of ``default_args`` that nothing would read although an argument of the operator is meant.

    :param kind: the operator's class name.
    :param defaults: the ``default_args`` in effect: those of the Dag, its task groups and the task.
    :param names: the operator's own arguments, which are right.
    """
    for key, value in defaults.items() if isinstance(defaults, Mapping) else ():
        if key in names:
            continue
        field, plain = f"default_args[{key!r}]", re.sub("[^a-z]", "", str(key).casefold())
        if plain == "dryrun" and value not in (None, False) and not _OF_CHANGES.isdisjoint(names):
            refuse(
                field, value, f"is not an argument of {kind}", "Set the extra `dry_run` of the connection, or remove it"
            )
        if meant := _meant(plain, names):
            refuse(field, value, f"is not an argument of {kind} and has no effect. Use {' or '.join(meant)}")


def _meant(plain: str, names: Collection[str]) -> tuple[str, ...]:
    for pattern, meant in _PATTERNS.items():
        if re.fullmatch(pattern, plain) and all(name in names for name in meant):
            return meant
    if "segmentconn" in plain or plain.endswith("truepushconnid"):  # a connection of another operator
        return ()
    import difflib

    known = {name.replace("_", ""): name for name in _CLOSE if name in names and len(name) > _SHORT}
    close = difflib.get_close_matches(plain, known, n=1, cutoff=_NEARLY_EQUAL)
    if not close:
        return ()
    return ("segment_id", "segment") if "segment" in close[0] else (known[close[0]],)
