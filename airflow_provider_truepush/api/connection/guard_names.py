"""The names that resemble ``dry_run`` or ``require_segment``: patterns of their words, joined by one space each."""

from __future__ import annotations

import difflib
import re

from airflow_provider_truepush.api.connection.words import letters_of

NOT = (
    "(no|not|dont|don t|do not|doesnt|cant|cannot|wont|isnt|mustnt|shouldnt|never|nothing|nobody|skip|block|prevent"
    "|stop|without|forbid|deny|suppress|disable|mute|pause|suspend)"
)
#: These count only right before what is sent: ``avoid_duplicate_requests`` is something else.
HOLD = "(hold|halt|freeze|avoid|inhibit)"
PUSH = "(sends?|sending|push|pushes|pushing|publish|deliver)"
SENDING = "(sends?|sending|push|pushes|pushing|post|writes?|publish|deliver|delivery|requests|changes?)"
#: What is sent. These words say so only at the end of a name: ``disable_notification_icons`` is something else.
SENT = "(sent|posts|deliveries|campaigns?|notifications?|messages?)"
#: After a word for sending, at the end of a name.
STOPPED = "(off|nothing|none|nobody|no one|noone|never|stopped|blocked|halted|fr(ee|o)zen?|disabled|suspended)"
LIVE = "(live|real|wet|prod|production)"
AUDIENCE = "(segments?|audiences?|segs?|targets?|groups?|cohorts?)"
REQUIRES = "(requires?|required|req|needs?)"
EVERYONE = "(every(one|body)|any(one|body)|all( (users?|subscribers?))?)"
#: The whole name, if nothing goes out.
HALTED = "off|stop(ped)?|blocked|halt(ed)?|kill ?switch|freeze|frozen|(on )?hold"
CHECKING_ONLY = (
    "(read|log(s|ging)?|print|validat(e|es|ing|ion)|check(s|ing)?|plan|verif(y|ies|ying|ication)|test) ?only"
)

#: Patterns and the guard that they mean. The first match counts.
GUARDS: tuple[tuple[str, str], ...] = (
    (
        r"segment|audience|\bsegs?\b|\breq\w*segs?\b|\beveryone\b|\beverybody\b|broadcast|subscriber|recipient",
        "require_segment",
    ),
    (rf"\b{REQUIRES}( an?)? {AUDIENCE}$|\b{AUDIENCE} (is )?(required|needed)$", "require_segment"),
    (
        rf"^{NOT} ({SENDING} )?((to|for) )?{EVERYONE}$|^((allow|{PUSH}) )?to all$|^(allow|{PUSH}) all$",
        "require_segment",
    ),
    (r"dry|simulat|sandbox|\bno ?ops?\b|\bnop\b|preview|rehears|pretend", "dry_run"),
    (
        r"\b(test|testing|tests|tester|test ?(mode|only|run|ing)?|mock|mocks|mocked|mocking|fake|stub|dummy|draft)\b",
        "dry_run",
    ),
    (r"\b(mock|fake|safe|trial|debug|demo|check|log|live|silent|offline) ?(mode|only|run)\b|\bsafe(ty)?\b", "dry_run"),
    (rf"\b{CHECKING_ONLY}\b|\bwhat ?if\b|\bmute[d]?\b|\bpaused?\b|\bsuspend", "dry_run"),
    (r"\b(disabled?|enabled?|(in)?active)\b|\bshadow|\bemulat|^demo$", "dry_run"),
    (rf"^((is|do|really|in) )*({PUSH}|{LIVE}|really)$|^((is|in) )?{LIVE} ?(mode|only|run|{PUSH})$", "dry_run"),
    (rf"\b({NOT}|allow|enable)\b.*\b{SENDING}\b|\b{HOLD} {SENDING}$", "dry_run"),
    (rf"\b({NOT}\b.*|{HOLD} )\b{SENT}$|^(is )?(allow|enable)(ed|d)? {SENT}$", "dry_run"),
    (rf"\b(non|{NOT}) ((is|in|for|real|really) )*{LIVE}( {PUSH})?$|^non ?prod(uction)?$", "dry_run"),
    (rf"\b(no|skip|block|dont|stop|allow|disable|enable){SENDING}\b|\b{SENDING} ?((is|are|to) )*{STOPPED}$", "dry_run"),
    (rf"^((is|truepush) )*({HALTED})$", "dry_run"),
)
#: How much a name resembles one of the guards in its spelling. ``rerun`` and ``requires_agreement`` do not.
_MISSPELLED = 0.82
_SPELLED = (("dryrun", "dry_run"), ("requiresegment", "require_segment"))
_AS_IT_IS = re.compile(r"\b(dry ?runs?)\b|\brequires? ?segments?\b")


def guard_of(words: str) -> str | None:
    """Return the guard that the words of a name mean in any wording; None for other names."""
    return next((meant for pattern, meant in GUARDS if re.search(pattern, words)), None)


def spelled_guard(words: str) -> str | None:
    """Return the guard whose name the words are, with any misspelling and with words beside it; None for others."""
    if (exact := _AS_IT_IS.search(words)) is not None:
        return "dry_run" if exact[1] else "require_segment"
    letters = letters_of(words)
    if re.fullmatch("(requirements?)?", letters):
        return None
    close = difflib.get_close_matches(letters, [name for name, _ in _SPELLED], n=1, cutoff=_MISSPELLED)
    return dict(_SPELLED)[close[0]] if close else None
