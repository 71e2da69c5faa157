"""The words of an ordinary refusal, such as "title must be a string" or "API Usage Limit Exceeded".

A message is read as one when each of its sentences refuses something or says what to do, and none of them has a word
that claims something. What a server may claim cannot be listed, but few claims are put as a refusal.
"""

from __future__ import annotations

import re

#: Words of which a sentence that refuses has at least one.
_REFUSAL_WORDS = """
    no not must should cannot invalid required requires require missing absent empty unknown unsupported unexpected
    unrecognized undefined exceeded exceeds limit limits quota limited throttled too slow failed fails failure error
    errors unable unauthorized unauthorised unauthenticated forbidden denied refused rejected bad wrong incorrect
    malformed mismatch expired past allowed unsuccessful nothing none insufficient suspended disabled unavailable
    mandatory revoked maximum minimum expected disallowed illegal conflict timeout blocked inactive duplicate
"""
_REFUSING = frozenset(_REFUSAL_WORDS.split())
#: The first words of a sentence that says what to do, or what was expected.
_ADVICE_WORDS = """
    retry please try upgrade contact use check see wait got expected allowed login increase reduce remove add provide
    specify set path at
"""
_ADVICE = frozenset(_ADVICE_WORDS.split())
#: What a sentence says about something that exists, was sent or continues, beside the words of :mod:`.evidence`.
_CLAIM = re.compile(
    r"""(?<![a-z])( on[ ](its|their|the)[ ]way | w(ent|ill[ ]go|as)[ ]out | (is|are)[ ]out(?![ ]of) | in[ ]progress
    | under[ ]?way | creating | enqueu | processing | complete(?![a-z]) | reach(ed|es|ing)[ ](every|all|any)
    | ha(s|ve)[ ](it|them)(?![a-z]) | (?<!not[ ])(?<!not[ ]been[ ])(executed|issued|registered|finished|running
    | transmitted|fired|posted|activated|triggered|confirmed|committed|recorded|generated|exists|received|validated
    | active) )""",
    re.VERBOSE,
)
_WORD = re.compile(r"[^\W\d_]+")
_NOT = re.compile(r"n['\u2019`]t(?![a-z])")
_SENTENCE = re.compile(r"[.;!?]+(?=\s|$)|\n")
#: A request to change something refuses as well: "please provide a valid link".
_ASKS = re.compile(r"\bplease \w+ (?!you)")
#: The type of a wrong value does not claim that the request was received: "expected string, received number".
_INSTEAD = re.compile(
    r"\b(received|got)[ :]+(an? )?(string|number|integer|float|boolean|object|array|null|undefined|nan)\b"
)
#: "No errors", "retry not required", "not only": a negation of what refuses.
_NO_REFUSAL = re.compile(
    r"(?<![a-z])((no|without|never|nothing|none|zero|0|cannot)[ ]+((?!must|should)\w+[ ]+){0,3}?|not[ ]+)"
    r"((error|fail|missing|requir|invalid|refus|reject|deni|exceeded|limit|throttled|expired|wrong|bad|unsuccessful"
    r"|slow|problem|issue)|too[ ]|only[ ])"
)


def reads_as_refusal(text: str, known: frozenset[str]) -> bool:
    """Return whether each sentence of a message refuses something or gives advice, and none claims anything.

    A message without any words claims nothing.

    :param text: the message in lower case, without what it quotes of the request.
    :param known: further words of the request, such as the names of its fields.
    """
    text = _INSTEAD.sub(" not", _NOT.sub(" not", text))
    words = _WORD.findall(text)
    if not words or (len(words) == 1 and len(words[0]) == 1):
        return True  # an abbreviation at most
    foreign = any(not word.isascii() and word not in known for word in words)
    # Letters that stand apart may be a word that is to be overlooked.
    joined = "".join(words).replace("tocreat", "").replace("unsucces", "")
    if foreign or _CLAIM.search(text) or "creat" in joined or "succes" in joined:
        return False
    sentences = [one for one in _SENTENCE.split(text) if _WORD.search(one)]
    return _refuses(sentences[0]) and all(_refuses(one) or _advises(one) for one in sentences)


def _refuses(sentence: str) -> bool:
    words = _WORD.findall(sentence)
    asks = not _REFUSING.isdisjoint(words) or _ASKS.search(sentence) is not None
    return asks and _NO_REFUSAL.search(sentence) is None


def _advises(sentence: str) -> bool:
    return _WORD.findall(sentence)[0] in _ADVICE and _NO_REFUSAL.search(sentence) is None
