"""Refuse arguments that were meant for the task and that only the function of a decorated task got.

A function with ``**kwargs`` accepts any name. Without these checks the campaign could go to every subscriber.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from inspect import Parameter, signature
from typing import Any

from airflow_provider_truepush.api.checks.given import is_nothing, refuse_empty
from airflow_provider_truepush.api.checks.values import CHECK_SOURCE, refuse, shown_value
from airflow_provider_truepush.operators.campaign_arguments import FIELDS, MUST_NOT_BE_EMPTY
from airflow_provider_truepush.operators.meant_names import Meant, is_off, meant_by_function

AUDIENCE = frozenset({"segment_id", "segment"})
#: Arguments that decide who gets the campaign, when, through what, and what stops it. A function with ``**kwargs``
#: accepts them too. The other arguments have names that a function may use for something else.
LOST = frozenset(
    {
        *MUST_NOT_BE_EMPTY,
        *("truepush_conn_id", "expires_in", "schedule_ahead", "quiet_hours", "in_quiet_hours", "max_lateness"),
        *("on_doubt", "thresholds", "fail_if", "cancel_on_failure", "cancel_on_kill"),
    }
)
#: Those of them whose None would address every subscriber, send at once or at night, or lose what keeps a send from
#: being repeated. A None of another one guards nothing.
_NEVER_NONE = frozenset({*MUST_NOT_BE_EMPTY, "quiet_hours", "max_lateness"})
_RETURNABLE = frozenset({*FIELDS, "send_token"})
_NO_PARAMETER = "was passed to the function, which has no parameter of this name"
_log = logging.getLogger(__name__)


def passed_arguments(
    function: Callable[..., Any], args: Collection[Any] | None, kwargs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Return the arguments of a function's call by name, without its defaults.

    :param function: the function.
    :param args: its positional arguments.
    :param kwargs: its keyword arguments.
    """
    return {**signature(function).bind_partial(*(args or ())).arguments, **(kwargs or {})}


def none_in_expand(partial: Mapping[str, Any], mapped: Mapping[str, Any]) -> list[str]:
    """Return the arguments that are a literal None in ``partial()`` or among the literals of ``expand()``.

    :param partial: the arguments of ``partial()``.
    :param mapped: those of ``expand()``; lists are literals, an XCom is not.
    """
    literal = [name for name, values in mapped.items() if isinstance(values, (list, tuple)) and _has_none(values)]
    return [*_none_in(partial), *literal]


def none_in_expand_kwargs(partial: Mapping[str, Any], items: object, *, is_strict: bool) -> list[str]:
    """Return the arguments that are a literal None in ``partial()`` or in the items of ``expand_kwargs()``.

    An item of an XCom may have the same arguments. Then it is unknown where a None comes from, and none is a literal.

    :param partial: the arguments of ``partial()``.
    :param items: the items.
    :param is_strict: whether no item may replace an argument of ``partial()``.
    """
    if isinstance(items, (list, tuple)) and all(isinstance(item, Mapping) for item in items):
        return [*_none_in(partial), *(name for item in items for name in _none_in(item))]
    return _none_in(partial) if is_strict else []


def _none_in(given: Mapping[str, Any]) -> list[str]:
    return [name for name, value in given.items() if value is None]


def _has_none(values: Sequence[Any]) -> bool:
    return any(value is None for value in values)


def _is_same_segment(name: str, one: object, other: object) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):  # an array has no truth value
        return False
    # An id may be written in upper case, and an XCom may have a line break. Names are looked up as they are.
    return one.strip().lower() == other.strip().lower() if name == "segment_id" else one == other


class PassedArguments:
    """The arguments that a function was called with, against those of its task.

    :param function: the function.
    :param passed: its arguments by name.
    :param none_in_dag_file: those that may be None, because the Dag file says so.
    :param returned: the names of the fields that the function returned.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        passed: Mapping[str, Any],
        none_in_dag_file: Collection[str],
        returned: Collection[str],
    ) -> None:
        parameters = signature(function).parameters
        various = (Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL)
        self._declared = {name for name, one in parameters.items() if one.kind not in various}
        self._passed = {name: value for name, value in passed.items() if name in LOST}
        self._others = {name: value for name, value in passed.items() if name not in LOST and name not in parameters}
        self._none_in_dag_file = none_in_dag_file
        self._returned = returned

    def refuse_lost(self, has: Callable[[str, Any], bool], own_audience: Mapping[str, Any]) -> None:
        """Refuse an argument that only the function got.

        A segment is refused although the function has a parameter of this name: the campaign would go to every
        subscriber.

        :param has: returns whether the task was given an argument, or has this value of it by default.
        :param own_audience: the segment of the task, by its id or by its name; empty without one.
        """
        for name, value in self._passed.items():
            if self._is_chosen_none(name, value, (name,)):
                continue
            if name in AUDIENCE:
                self._check_audience(name, value, own_audience)
            elif name not in self._declared and name not in self._returned and not has(name, value):
                self._refuse(name, value)

    def refuse_misnamed(
        self, has: Callable[[str, Any], bool], own_audience: Mapping[str, Any], names: frozenset[str]
    ) -> None:
        """Refuse a name that only ``**kwargs`` of the function takes, and that means an argument of the task.

        A name that may as well be one of the function is a warning.

        :param has: see :meth:`refuse_lost`.
        :param own_audience: see :meth:`refuse_lost`.
        :param names: the arguments of the task.
        """
        for name, value in self._others.items():
            meant = meant_by_function(name, names)
            if meant.extra:
                self._check_extra(name, value, meant.extra)
                continue
            arguments = tuple(one for one in meant.arguments or meant.perhaps if one in LOST)
            if not arguments or self._is_chosen_none(name, value, arguments) or self._has_any(arguments):
                continue
            if AUDIENCE.issuperset(arguments):
                has_it = any(_is_same_segment(key, value, one) for key, one in own_audience.items())
                has_it = has_it or bool(own_audience and not meant.arguments)
            else:
                has_it = any(has(one, value) for one in arguments)
            if not has_it:
                self._report(name, value, meant, own_audience)

    def _is_chosen_none(self, name: str, value: Any, arguments: Collection[str]) -> bool:
        return value is None and (name in self._none_in_dag_file or _NEVER_NONE.isdisjoint(arguments))

    def _has_any(self, arguments: Collection[str]) -> bool:
        return not set(arguments).isdisjoint(self._returned)

    @staticmethod
    def _check_extra(name: str, value: Any, extra: str) -> None:
        # A template renders to text.
        if not is_off(value) and not (isinstance(value, str) and value.strip() in ("False", "None")):
            refuse(
                name,
                value,
                f"{_NO_PARAMETER}, and is not an argument of the task",
                f"Set the extra `{extra}` of the connection. {_declare(name)}",
            )

    @staticmethod
    def _report(name: str, value: Any, meant: Meant, own_audience: Mapping[str, Any]) -> None:
        """Refuse a name that means an argument which the task does not have; warn if it may mean something else."""
        shown = " or ".join(meant.arguments or meant.perhaps)
        if not meant.arguments:
            advice = f"If it is meant for the task, pass {shown} to the decorator or to .override()."
            _log.warning("%s %s, and the task has no %s. %s", name, _NO_PARAMETER, shown, advice)
            return
        remedy = f"Pass {shown} to the decorator or to .override()"
        why = f"{_NO_PARAMETER}, and is not an argument of the task"
        if _RETURNABLE.issuperset(meant.arguments):
            is_one = len(meant.arguments) == 1
            remedy += ", or return it" if is_one else ", or return one of them"
            missing = f"no {shown}" if is_one else f"neither {' nor '.join(meant.arguments)}"
            why = f"{_NO_PARAMETER} and returned {missing}"
        if AUDIENCE.issuperset(meant.arguments) and own_audience:
            why = f"{_NO_PARAMETER}, but the task's own {_shown_audience(own_audience)}"
        refuse(name, value, why, f"{remedy}. {_declare(name)}")

    def _check_audience(self, name: str, value: Any, own: Mapping[str, Any]) -> None:
        if not AUDIENCE.isdisjoint(self._returned):
            return
        if own:
            if name in self._declared or _is_same_segment(name, value, own.get(name)):
                return
            refuse(
                name,
                value,
                f"{_NO_PARAMETER}, but the task's own {_shown_audience(own)}",
                "Set the segment that is meant on the decorator or with .override(), or return it from the function",
            )
        if is_nothing(value):
            refuse_empty(name, value)
        self._refuse(name, value)

    def _refuse(self, name: str, value: Any) -> None:
        is_declared = name in self._declared
        cause = "" if is_declared else "has no parameter of this name and "
        remedy = f"Pass it to the decorator or to .override({name}=...), or return it"
        if is_declared:
            remedy += ", or rename the parameter if every subscriber is meant"
        if value is None:
            remedy = f"{CHECK_SOURCE}, and pass it to the decorator or to .override({name}=...)"
        refuse(name, value, f"was passed to the function, which {cause}returned no such field", remedy)


def _shown_audience(own: Mapping[str, Any]) -> str:
    return " and ".join(f"{key} is {shown_value(one)}" for key, one in own.items())


def _declare(name: str) -> str:
    return f"If the function reads {name} itself, declare it as a parameter"
