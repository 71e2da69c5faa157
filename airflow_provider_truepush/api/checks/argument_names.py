"""Refuse arguments that a class does not have, and say which one was probably meant.

Python and Airflow refuse them too, but without a suggestion, and of mapped tasks only when they run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.errors import TruepushValidationError

_T = TypeVar("_T")
_PACKAGE = __name__.partition(".")[0]
#: Names that people try for an argument of several classes, and the right ones.
_OTHER_NAMES = {
    "conn_id": "truepush_conn_id",
    "connection_id": "truepush_conn_id",
    "http_conn_id": "truepush_conn_id",
    "text": "message",
    "label": "text",
    "body": "message",
    "url": "link",
    "ttl": "expires_in",
    "expiry": "expires_in",
    "on_missing": "if_missing",
    "on_exists": "if_exists",
}
#: The length of a name of few letters.
_SHORT = 6


class ConstructorSignature:
    """The signature of a class: that of ``__init__``. Tools would read that of ``__new__``, which takes anything.

    An instance has none of its own: Airflow reads from the signature of a notifier how it is called.
    """

    def __get__(self, instance: object, owner: type[Any]) -> inspect.Signature:
        if instance is not None:
            raise AttributeError("__signature__")
        whole = inspect.signature(owner.__init__)
        return whole.replace(parameters=list(whole.parameters.values())[1:])


class NamesArguments:
    """Base of classes that users create in their code: an unknown argument is refused with the name that was meant.

    :cvar connection_extras: names that belong in the connection.
    """

    __slots__ = ()
    __signature__: ClassVar[Any] = ConstructorSignature()
    connection_extras: ClassVar[frozenset[str]] = frozenset()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse arguments that do not exist. The constructor would report the missing ones first."""
        cls.refuse_unknown(kwargs)
        return new_instance(super().__new__, cls, args, kwargs)

    @classmethod
    def refuse_unknown(cls, names: Iterable[str]) -> None:
        """Refuse arguments that the class does not have.

        :param names: the names of the arguments.
        :raises TruepushValidationError: one of them does not exist.
        """
        refuse_unknown(cls, names, extras=cls.connection_extras)


def new_instance(create: Callable[..., _T], kind: type[_T], args: Iterable[Any], kwargs: Mapping[str, Any]) -> _T:
    """Return a new instance, by the next class's ``__new__``: a class that a user mixes in may need the arguments.

    :param create: that ``__new__``.
    """
    return create(kind) if create is object.__new__ else create(kind, *args, **kwargs)


def refuse_unknown(kind: Any, given: Iterable[str], more: Iterable[str] = (), extras: Collection[str] = ()) -> None:
    """Refuse arguments that the constructor of a class does not accept.

    A class outside of this package may read further arguments from its ``kwargs``, so it is left to Python. A class
    may have ``other_names``: names that people try for it, and what to write instead.

    :param kind: the class.
    :param given: the names of the arguments.
    :param more: names that are accepted although no constructor has them.
    :param extras: names that belong in the connection.
    :raises TruepushValidationError: one of them does not exist. The error does not show its value.
    """
    if _module_of(kind).partition(".")[0] != _PACKAGE:
        return
    own, accepted = _names(kind)
    for name in given:
        if name not in accepted and name not in more and not name.startswith("_airflow"):
            right = getattr(kind, "other_names", {}).get(name) or _closest(name, own, accepted)
            advice = f"Use {right}" if right else f"Its arguments are: {', '.join(own)}"
            if name in extras and right is None:
                advice = f"Set the extra `{name}` of the connection"
            raise TruepushValidationError(f"{name}: is not an argument of {shown_name(kind)}. {outcome()} {advice}.")


def shown_name(kind: Any) -> str:
    """Return the name of a class as users write it: that of its decorator, if they use one.

    :param kind: the class.
    """
    return str(getattr(kind, "custom_operator_name", kind.__name__))


def _closest(name: str, own: Mapping[str, None], accepted: frozenset[str]) -> str | None:
    if (right := _OTHER_NAMES.get(name)) in own:
        return right
    from airflow_provider_truepush.api.checks.near_matches import near_matches

    # Few letters, and those of Airflow's many arguments, match by chance: they must be closer.
    near = near_matches(name, own, 0.7 if len(name) <= _SHORT else 0.6) or near_matches(name, accepted, 0.75)
    return near[0] if near else None


def _module_of(kind: Any) -> str:
    return str(getattr(kind.__init__, "__module__", ""))


@cache
def _names(kind: Any) -> tuple[dict[str, None], frozenset[str]]:
    """Return the arguments of the classes of this package, and those of all its bases."""
    own: dict[str, None] = {}
    accepted: set[str] = set()
    for base in kind.__mro__:
        if "__init__" not in vars(base) or base is object:
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters.values()
        names = [one.name for one in parameters if one.kind in (one.KEYWORD_ONLY, one.POSITIONAL_OR_KEYWORD)]
        accepted.update(names)
        if _module_of(base).partition(".")[0] == _PACKAGE:
            own.update(dict.fromkeys(name for name in names if name not in ("self", "python_callable")))
    return own, frozenset(accepted)
