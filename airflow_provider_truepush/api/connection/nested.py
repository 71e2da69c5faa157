"""Find guards inside other extras, where they have no effect."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum

from airflow_provider_truepush.api.checks.cut import beginning
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import EXTRAS
from airflow_provider_truepush.api.connection.guard_names import exact_guard, guard_of, is_boolean
from airflow_provider_truepush.api.connection.guard_values import asks_for_default, plainly_asks
from airflow_provider_truepush.api.connection.misspelled import how_to_write, meant_by, name_to_show
from airflow_provider_truepush.api.connection.words import letters_of, with_own_value, words_of

#: The levels of mappings and lists that are searched, and the most letters of a text and of the place in an error.
_DEPTH = 5
_READ = 10_000
_SHOWN = 80


class _Scope(Enum):
    """Decide which names count inside an extra, by the letters of its own name."""

    #: Everything that counts among the extras themselves.
    EXTRAS = re.compile(r"(conn|connection)?extras?|truepush")
    #: Guards in every plain wording with a boolean value, also as a text without a value.
    FLAGS = re.compile(
        r"(feature|run|safety)?(flags?|toggles?|switch(es)?|modes?)|features?|guards?|safeguards?|safety"
    )
    #: The guards and what secures the connection, by their exact names.
    SETTINGS = re.compile(
        r"(conn(ection)?|http|client|session|requests?)?(options?|settings?|config(uration)?|params?|args|kwargs)"
        r"|conn(ection)?|http|client|session|requests?"
    )
    #: Deeper in extras: all extras by their exact names.
    IN_EXTRAS = re.compile(r"(?!)")
    #: Only the guards by their exact names: other names are about something else.
    OTHER = re.compile(r".*")

    def inside(self, name: object) -> _Scope:
        """Return the scope inside a value of this scope."""
        if self in (_Scope.SETTINGS, _Scope.IN_EXTRAS, _Scope.OTHER):
            return self
        scope = _Scope.of(name)
        if self is _Scope.EXTRAS:
            return _Scope.IN_EXTRAS if scope is _Scope.OTHER else scope
        return _Scope.FLAGS if scope is _Scope.FLAGS else _Scope.OTHER

    @staticmethod
    def of(name: object) -> _Scope:
        """Return the scope inside an extra of this name."""
        letters = letters_of(words_of(name))
        return next(scope for scope in _Scope if scope.value.fullmatch(letters))

    def meant_by(self, name: object, value: object) -> str | None:
        """Return the extra that a name and its value mean; None for what may be ignored here."""
        if self is _Scope.EXTRAS:
            return meant_by(name, value)
        name, value = with_own_value(name, value)
        words = words_of(name)
        # A part of a name is not enough: `disable_cache` is about something else.
        is_plain = self is _Scope.FLAGS and is_boolean(value) and plainly_asks(words)
        meant = guard_of(words, value) if is_plain else exact_guard(words)
        if meant is not None:
            return None if asks_for_default(words, value) else meant
        return _EXACT.get(self, {}).get(letters_of(words))


#: Extras that count by their letters: one that is ignored may leave the connection unsecured.
_NAMES = {letters_of(extra.name): extra.name for extra in EXTRAS}
#: The texts of other scopes, such as tags and notes, only mention a name.
_WITH_TEXTS = (_Scope.EXTRAS, _Scope.FLAGS)
_SECURING = {name: name for name in ("proxies", "verify", "cert")}
_EXACT = {_Scope.IN_EXTRAS: _NAMES, _Scope.SETTINGS: _SECURING}


def refuse_nested(name: object, value: object) -> None:
    """Refuse an unknown extra that has one inside it that must not be ignored.

    :param name: the key of the unknown extra.
    :param value: its value, which may be JSON as text.
    """
    for place, key, meant in _found(str(name), name, value, _Scope.of(name), _DEPTH):
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
        if scope in _WITH_TEXTS or (scope is _Scope.SETTINGS and not place.endswith("]")):
            yield from _in_text(place, value, scope)
    elif depth > 0 and isinstance(value, Mapping):
        for key, inner in value.items():
            at = f"{place}.{key}"
            if (meant := scope.meant_by(key, inner)) is not None:
                yield f"{place}.{name_to_show(meant, key)}", key, meant
            yield from _found(at, key, inner, scope.inside(key), depth - 1)
    elif depth > 0 and isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            yield from _found(f"{place}[{index}]", name, inner, scope, depth - 1)


def _in_text(place: str, text: str, scope: _Scope) -> Iterator[tuple[str, object, str]]:
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
        else:
            meant = guard_of(words, True) if scope is _Scope.FLAGS and plainly_asks(words) else exact_guard(words)
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
