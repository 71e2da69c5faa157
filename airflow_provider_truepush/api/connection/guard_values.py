"""Decide what the value of an unknown extra asks for, if its name means ``dry_run`` or ``require_segment``.

Both guards are off by default. An extra that asks for this, such as ``paused: false``, may be ignored. One that is
ignored although it asks for a guard sends a campaign to everyone. So a false value counts only if all words of the name
are known: any other word may turn the meaning around, and ``dry_run_bypass: false`` asks for a dry run. A true value of
a name with ``allow`` or ``enable`` counts unless one of its words is known to turn the meaning around.
"""

from __future__ import annotations

import re

from airflow_provider_truepush.api.connection.guard_names import (
    AUDIENCE,
    CHECKING_ONLY,
    EVERYONE,
    HALTED,
    HOLD,
    LIVE,
    NOT,
    PUSH,
    REQUIRES,
    SENDING,
    SENT,
    STOPPED,
)

#: Words that leave the meaning of the others as it is.
_NEUTRAL = "(is|use|enabled?|mode|only|run|flag|extra|http|truepush)"
#: The rest of a name whose true value means that nothing goes out, or that no campaign goes to everyone. Each is
#: complete: a pattern with a gap would let a ``no`` pass.
_SAFE = "|".join(
    (
        "dry( ?runs?)?|no ?ops?|nop|what ?if|simulat(e|ed|es|ion|or)|sandbox(ed)?|preview(s|ed)?|rehears(e|ed|al)",
        "pretend|test(s|ing)?|mock(s|ed|ing)?|fake|stub|dummy|draft|trial|debug|demo|shadow|emulat(e|ed|ion|or)",
        "safe(ty)?|(test|safe|mock|fake|trial|debug|demo) ?(mode|run)|(check|log|silent|offline) ?(mode|run)",
        CHECKING_ONLY,
        "inactive|not (active|enabled)|(disable|mute|pause|suspend)d?|suspended",
        f"({NOT}|{HOLD}) ?({SENDING}|broadcast|{SENT})|(non|{NOT}) ((in|for) )?{LIVE}|nonprod(uction)?|{HALTED}",
        f"{NOT} ({SENDING} (to|for) |(to|for) )?{EVERYONE}",
        f"({SENDING}|broadcast) ?((is|are|to) )?(muted|paused|{STOPPED})",
        f"{REQUIRES} ?(an? )?{AUDIENCE}|{AUDIENCE} (is )?(required|needed)|require (target|group)",
    )
)
_ASKS_FOR_GUARD = re.compile(rf"({_NEUTRAL} )*({_SAFE})( {_NEUTRAL})*")
#: Words after ``allow`` or ``enable`` with which the name may ask for a guard.
_TURNS = (
    "(no|not|non|un|anti|dont|never|without|off|out|opt|ex|end|only|(skip|block|prevent|stop|forbid|den(y|i)|suppress"
    "|disabl|deactivat|mut(e|i)|paus|suspend|ignor|bypass|overrid|exit|remov|cancel|unset|leav|exclu|exempt|avoid|omit"
    "|drop|reject|refus|negat|invert|revers|except|unless|until|waiv|dry|test|mock|fake|safe|sandbox|simulat|preview"
    "|pretend|stub|dummy|draft|trial|debug|demo|shadow|quiet|silen|turn|expir|finish|quit|hold|limit|restrict)\\w*)"
)
#: Names whose false value means ``dry_run: true``. True is what a connection does anyway.
_OPPOSITES = re.compile(
    rf"((is|do|really|in) )*({PUSH}|{LIVE}|really|active|enabled?)|((is|in) )?{LIVE} ?(mode|only|run|{PUSH})"
    rf"|(is )?(allow|enable)(ed|d)? ?((?!{_TURNS} )\w+ )*{SENDING}|(is )?(allow|enable)(ed|d)? {SENT}"
    rf"|((allow|{PUSH}) )?to all|(allow|{PUSH}) all"
)
#: Values that turn an opposite off, beside those of a boolean.
_NEVER = ("never", "none", "nothing", "nobody", "disabled", "n", "f")


def is_opposite(words: str) -> bool:
    """Return whether the words of a name mean the opposite of a guard, such as ``active`` or ``to_all``."""
    return _OPPOSITES.fullmatch(words) is not None


def is_unclear(words: str) -> bool:
    """Return whether a name may ask for ``dry_run`` or for its opposite, such as ``enable_stop_push``."""
    return re.match("(is )?(allow|enable)", words) is not None and not is_opposite(words)


def asks_for_default(words: str, value: object) -> bool:
    """Return whether a value of a guard asks for what a connection does anyway: to send, to everyone too.

    Such a value may be ignored. If it is unclear what the value asks for, it may not.

    :param words: the words of a name that means ``dry_run`` or ``require_segment``, in lower case.
    :param value: its value.
    """
    if is_opposite(words):
        return value is None or not (_is_off(value) or str(value).strip().casefold() in _NEVER)
    if value is None:
        return True
    return _is_off(value) and plainly_asks(words)


def plainly_asks(words: str) -> bool:
    """Return whether all words of a name are known, and together they ask for a guard, as ``test_mode`` does."""
    return _ASKS_FOR_GUARD.fullmatch(words) is not None


def _is_off(value: object) -> bool:
    """Return whether a value turns something off, as a boolean, a number or a word."""
    return str(value).strip().casefold() in ("false", "0", "no", "off", "0.0")
