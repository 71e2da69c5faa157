"""The words of an ordinary refusal, such as "title must be a string" or "API Usage Limit Exceeded".

What a server may claim cannot be listed, so the words that it may use are: a message with any other word leaves doubt.
"""

from __future__ import annotations

import re

#: Words of which a refusal has at least one.
_REFUSING = """
    not no must should cannot invalid required requires require missing absent empty unknown unsupported unexpected
    unrecognized undefined exceeded exceeds limit limits quota limited throttled too slow failed fails failure error
    errors unable unauthorized unauthorised unauthenticated forbidden denied refused rejected bad wrong incorrect
    malformed mismatch expired past allowed unsuccessful nothing none insufficient suspended disabled unavailable
    """
#: Further words: what is wrong, where, and what to do.
_ORDINARY = """
    a an and any are as at be because been before but by can could did do does each either for from had has have here
    i if in is it may more most least less greater fewer longer shorter equal than that the their then there these they
    this those to was were when where which while with within without would will you your of on only or other out one
    two three first last same both all between below above after under over up per please try again later wait retry
    check use provide provided specify specified expected expects got given found exist match matches contain contains
    include includes set allow valid range long short large small big many much few high low early late
    future ago now today time times date dates day days week weeks month months year years hour hours minute minutes
    second seconds timezone zone format formatted pattern utc gmt dd mm yyyy yy hh ss iso
    type types value values field fields parameter parameters param params property properties key keys argument member
    attribute path body payload header headers query request requests call calls data input json content string strings
    text number numbers numeric integer integers int float boolean bool true false null object objects array arrays list
    lists item items element elements index entry entries character characters char chars letter letters digit digits
    byte bytes size length count minimum maximum min max hexadecimal hex whole positive negative zero uri url urls http
    https scheme host domain address addresses absolute relative unique uniqueness
    title message link scheduled schedule timings timing campaign expiry buttons button tags tag segment segments user
    interaction image icon name note template templates trigger triggers id ids once multiple repeated repeat sub daily
    weekly monthly yearly status active inactive project account campaigns page
    api token tokens authentication authenticate authorization authorized key jwt signature credentials access
    permission permissions kind adding blank exceed path cast objectid
    such current some enter pass select choose plan plans support supported feature features available free subscription
    subscriptions subscriber subscribers website websites upgrade verify create creation method methods position
    mongo validationerror emoji emojis html ip whitelisted
    rate usage reached hit today process processed validate validation validated syntax parse
    parsed parsing reason details detail code down ca wo don s t
    """
REFUSING = frozenset(_REFUSING.split())
_ALLOWED = REFUSING | frozenset(_ORDINARY.split())
_WORD = re.compile(r"[^\W\d_]+")
_NOT = re.compile(r"n['\u2019`]t(?![a-z])")
#: "Please provide a valid link" refuses as well, and what was received instead of the expected is no claim.
_ASKS = re.compile(
    r"\bplease (provide|enter|pass|specify|select|choose|use|upgrade|verify|check) (a |an |the |your )?\w"
)
_INSTEAD = re.compile(r"\breceived (a |an )?(string|number|integer|float|boolean|object|array|null|undefined|nan)\b")
#: "No errors": a negation of what refuses.
_NO_REFUSAL = re.compile(
    r"(?<![a-z])(no|not|without|never|nothing|none|zero|0|cannot)[ ]+((be|been|an|any|a|yet|the|longer)[ ]+)*"
    r"(error|fail|refused|rejected|denied|exceeded|limit|throttled|expired|invalid|wrong|bad|unsuccessful|slow|too[ ])"
)


def reads_as_refusal(text: str, known: frozenset[str]) -> bool:
    """Return whether a message has only the words of refusals, and one that refuses.

    A message without any words claims nothing.

    :param text: the message in lower case, with single blanks, without what it quotes of the request.
    :param known: further words, such as the names of the request's fields.
    """
    text, instead = _INSTEAD.subn(" ", _NOT.sub(" not", text))
    words = _WORD.findall(text)
    if len(words) == 1 and len(words[0]) == 1:
        return True  # an abbreviation at most
    if any(word not in _ALLOWED and word not in known for word in words):
        return False
    refuses = bool(instead) or not REFUSING.isdisjoint(words) or _ASKS.search(text) is not None
    return not words or (refuses and _NO_REFUSAL.search(text) is None)
