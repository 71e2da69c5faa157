"""The names that resemble ``dry_run`` or ``require_segment``: patterns of their words, joined by one space each."""

from __future__ import annotations

import re

from airflow_provider_truepush.api.connection.words import letters_of

#: ``no_of_messages`` is a number.
_ALWAYS_NOT = (
    r"no(?! of\b)|not|dont|don t|never|skip|block|prevent|stop|without|forbid|deny|suppress|disable|mute|pause|suspend"
)
NOT = f"({_ALWAYS_NOT}|do not|doesnt|cant|cannot|wont|isnt|mustnt|shouldnt|nothing|nobody)"
#: These count only right before what is sent: ``avoid_duplicate_requests`` is something else.
HOLD = "(hold|halt|freeze|avoid|inhibit)"
PUSH = "(sends?|sending|push|pushes|pushing|publish|deliver)"
SENDING = "(sends?|sending|push|pushes|pushing|post|writes?|publish|deliver|delivery|requests|changes?)"
#: What is sent. These words say so only at the end of a name: ``disable_notification_icons`` is something else.
SENT = "(sent|posts|deliveries|campaigns?|notifications?|messages?)"
#: After a word for sending, at the end of a name.
STOPPED = "(off|nothing|none|nobody|no one|noone|never|stopped|blocked|halted|fr(ee|o)zen?|disabled|suspended)"
LIVE = "(live|real|wet|prod|production)"
AUDIENCE = "(segments?|audiences?|segs?)"
REQUIRES = "(requires?|required|req|needs?)"
EVERYONE = "(every(one|body)|any(one|body)|all( (users?|subscribers?))?)"
#: The whole name, if nothing goes out.
HALTED = "off|stop(ped)?|blocked|halt(ed)?|kill ?switch|freeze|frozen|(on )?hold"
CHECKING_ONLY = (
    "(read|log(s|ging)?|print|validat(e|es|ing|ion)|check(s|ing)?|plan|verif(y|ies|ying|ication)|test) ?only"
)

#: Patterns and the guard that they mean, whatever the value is. The first match counts.
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
    (r"^((is|do|really) )*(send|sending|push|pushing|live|real|really)$", "dry_run"),
    (rf"\b({_ALWAYS_NOT}|allow|enable)\b.*\b{SENDING}\b", "dry_run"),
    (r"\b(no|skip|block|dont|stop|allow|disable|enable)(sends?|sending|push|pushes|writes?)\b", "dry_run"),
)
#: The same for names that count only with a value such as ``true`` or ``off``. ``hold: 30`` is something else.
_NOT_TO_ALL = (
    rf"^{NOT} ({SENDING} )?((to|for) )?{EVERYONE}$|^((allow|{PUSH}) )?to all$|^(allow|{PUSH}) all$"
    r"|^require (target|group)$",
    "require_segment",
)
_IF_BOOLEAN: tuple[tuple[str, str], ...] = (
    (rf"\b{CHECKING_ONLY}\b", "dry_run"),
    (rf"^((is|do|really|in) )*({PUSH}|{LIVE}|really)$|^((is|in) )?{LIVE} ?(mode|only|run|{PUSH})$", "dry_run"),
    (rf"\b{NOT}\b.*\b{SENDING}\b|\b{HOLD} {SENDING}$", "dry_run"),
    (rf"\b({NOT}\b.*|{HOLD} )\b{SENT}$|^(is )?(allow|enable)(ed|d)? {SENT}$", "dry_run"),
    (rf"\b(non|{NOT}) ((is|in|for|real|really) )*{LIVE}( {PUSH})?$|^non ?prod(uction)?$", "dry_run"),
    (rf"\b(no|skip|block|dont|stop|allow|disable|enable){SENDING}\b|\b{SENDING} ?((is|are|to) )*{STOPPED}$", "dry_run"),
    (rf"^((is|truepush) )*({HALTED})$", "dry_run"),
)
_BOOLEANS = ("true", "yes", "on", "1", "1.0", "false", "no", "off", "0", "0.0")
_EXACT = {"dryrun": "dry_run", "requiresegment": "require_segment"}


def guard_of(words: str, value: object) -> str | None:
    """Return the guard that an extra means in any wording; None for others.

    :param words: the words of its name.
    :param value: its value, which decides for names that may mean something else.
    """
    patterns = (_NOT_TO_ALL, *_GUARDS, *_IF_BOOLEAN) if is_boolean(value) else _GUARDS
    return next((meant for pattern, meant in patterns if re.search(pattern, words)), None)


def is_boolean(value: object) -> bool:
    """Return whether a value is a boolean, or a number or a word for one."""
    return str(value).strip().casefold() in _BOOLEANS


def exact_guard(words: str) -> str | None:
    """Return the guard whose name the words are, in any notation: ``dryRun``, ``X-Truepush-Dry-Run``."""
    return _EXACT.get(letters_of(words).removeprefix("truepush"))
