"""Find guards inside other extras, where they have no effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum

from airflow_provider_truepush.api.checks.cut import beginning
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import EXTRAS
from airflow_provider_truepush.api.connection.guard_names import guard_of, spelled_guard
from airflow_provider_truepush.api.connection.guard_values import asks_for_default, is_opposite, plainly_asks
from airflow_provider_truepush.api.connection.misspelled import how_to_write, meant_by, name_to_show
from airflow_provider_truepush.api.connection.words import letters_of, with_own_value, words_of

#: The levels of mappings and lists that are searched, and the most letters of a text and of the place in an error.
_DEPTH = 5
_READ = 10_000
_SHOWN = 80
#: The most words of a text that is a name, and not a sentence.
_NAME = 3


class _Scope(Enum):
    """Decide which names count inside an extra, by the letters of its own name."""

    #: Everything that counts among the extras themselves.
    EXTRAS = re.compile(r"(conn|connection)?extras?|truepush")
    #: Guards in every plain wording, also as a text without a value.
    FLAGS = re.compile(
        r"(feature|run|safety)?(flags?|toggles?|switch(es)?|modes?)|features?|guards?|safeguards?|safety"
    )
    #: Guards in every plain wording, and what secures the connection.
    SETTINGS = re.compile(
        r"(conn(ection)?|http|client|session|requests?)?"
        r"(options?|settings?|config(uration)?|params?|args|kwargs|defaults?|headers?)"
        r"|conn(ection)?|http|client|session|requests?|push(es)?|sends?|campaigns?"
    )
    #: Deeper in extras: the extras by their exact names, and guards in every plain wording.
    IN_EXTRAS = re.compile(r"(?!extras)(?!)")
    #: Deeper in settings: the names of the guards, with any misspelling, and what secures the connection.
    IN_SETTINGS = re.compile(r"(?!settings)(?!)")
    #: Only the names of the guards, with any misspelling: other names are about something else.
    OTHER = re.compile(r".*")

    def inside(self, name: object) -> _Scope:
        """Return the scope inside a value of this scope."""
        letters = letters_of(words_of(name))
        scope = next(scope for scope in _Scope if scope.value.fullmatch(letters))
        if scope is _Scope.EXTRAS:
            return scope
        if self in (_Scope.EXTRAS, _Scope.FLAGS, _Scope.SETTINGS) and scope is not _Scope.OTHER:
            return scope
        deeper = {_Scope.EXTRAS: _Scope.IN_EXTRAS, _Scope.SETTINGS: _Scope.IN_SETTINGS, _Scope.FLAGS: _Scope.OTHER}
        return deeper.get(self, self)

    def meant_by(self, name: object, value: object) -> str | None:
        """Return the extra that a name and its value mean; None for what may be ignored here."""
        if self is _Scope.EXTRAS:
            return meant_by(name, value)
        name, value = with_own_value(name, value)
        words = words_of(name)
        # In settings a part of a name is not enough: `disable_cache` is about something else.
        is_plain = self in (_Scope.FLAGS, _Scope.SETTINGS) and (plainly_asks(words) or is_opposite(words))
        is_plain = is_plain or (self is _Scope.IN_EXTRAS and plainly_asks(words))
        meant = (guard_of(words) if is_plain else None) or spelled_guard(words)
        if meant is not None:
            return None if asks_for_default(words, value) else meant
        return _EXACT.get(self, {}).get(letters_of(words))


#: Extras that count by their letters: one that is ignored may leave the connection unsecured.
_NAMES = {letters_of(extra.name): extra.name for extra in EXTRAS}
_SECURING = {name: name for name in ("proxies", "verify", "cert")}
_EXACT = {_Scope.IN_EXTRAS: _NAMES, _Scope.SETTINGS: _SECURING, _Scope.IN_SETTINGS: _SECURING}


def refuse_nested(name: object, value: object) -> None:
    """Refuse an unknown extra that has one inside it that must not be ignored.

    :param name: the key of the unknown extra.
    :param value: its value, which may be JSON as text.
    """
    for place, key, meant in _found(str(name), name, value, _Scope.FLAGS.inside(name), _DEPTH):
        where = "" if place == str(name) else f", so `{beginning(place, _SHOWN)}` in it has no effect"
        refuse(
            f"extra.{name}",
            "a value that is not shown",
            f"is not an extra of this connection{where}",
            how_to_write(meant, key, "among the extras themselves"),
        )


def _found(place: str, name: object, value: object, scope: _Scope, depth: int) -> Iterator[tuple[str, object, str]]:
    """Yield the place, the name and the meaning of each extra inside of a value."""
    value = _parsed(value)
    if isinstance(value, str):
        yield from _in_text(place, value, scope, is_item=place.endswith("]"))
    elif depth > 0 and isinstance(value, Mapping):
        for key, inner in value.items():
            at = f"{place}.{key}"
            if (meant := scope.meant_by(key, inner)) is not None:
                yield f"{place}.{name_to_show(meant, key)}", key, meant
            yield from _found(at, key, inner, scope.inside(key), depth - 1)
    elif depth > 0 and isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _found(f"{place}[{index}]", name, inner, scope, depth - 1)


def _in_text(place: str, text: str, scope: _Scope, *, is_item: bool) -> Iterator[tuple[str, object, str]]:
    """Yield the extras that a text names: ``dry_run=true``, or ``dry_run`` alone where that turns it on."""
    text = re.sub(r"\s*([=:])\s*", r"\1", text[:_READ])
    for part in re.split(r"[,;&|\n]|\s(?=\S*=)|(?<==\w)\s", text):
        item = part.strip(" \t\r{}[]()\"'-")
        if not item or len(item) > _SHOWN:
            continue
        key, own = with_own_value(item, None)
        words = words_of(key)
        if own is not None:
            meant = scope.meant_by(key, own)
        elif scope is _Scope.FLAGS and plainly_asks(words):
            meant = guard_of(words)
        elif is_item or scope in (_Scope.EXTRAS, _Scope.FLAGS, _Scope.SETTINGS):
            meant = spelled_guard(words) if len(words.split()) <= _NAME else None
        else:
            meant = None
        if meant is not None:
            yield place, key, meant


def _parsed(value: object) -> object:
    """Return what a text of JSON contains; any other value as it is."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value
