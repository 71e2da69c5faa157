"""Mapped tasks: their arguments are checked while the Dag file is parsed, and their own defaults are handed on."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_truepush.operators.arguments import TruepushArgumentError

_PACKAGE = __name__.partition(".")[0]
_REQUIRED: Any = inspect.Parameter.empty


class ChecksArguments:
    """Base of the operators and sensors of this package, before Airflow's own base."""

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the arguments that are literals, alone and together. Constructors, ``partial`` and ``expand`` call it.

        :param given: arguments by name.
        :raises TruepushArgumentError: a literal is wrong, or the argument does not exist.
        """

    @classmethod
    def check_mapped(cls, given: Mapping[str, Any]) -> None:
        """Check literals that a task is mapped over."""

    @classmethod
    def check_defaults(cls, defaults: object) -> None:
        """Refuse keys of ``default_args`` that mean an argument of this operator and are not its name."""

    @classmethod
    def applicable(cls, defaults: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        """Return those of the ``default_args`` that are arguments of this operator.

        :param defaults: the ``default_args``.
        :param given: the other arguments by name.
        """
        operator: Any = cls
        names = parameters(operator)
        return {name: value for name, value in defaults.items() if name in names and name not in given}

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """Create a partial operator as Airflow does, and check its literals."""
        defaults = kwargs.get("default_args") or {}
        cls.check_defaults(defaults)
        # Airflow hands the defaults of the Dag to a mapped task, but of the task's own only those it knows itself.
        kwargs = {**cls.applicable(defaults, kwargs), **kwargs}
        cls.check_arguments(kwargs)
        return CheckedPartial(super().partial(**kwargs), cls, kwargs)  # type: ignore[misc]


@cache
def parameters(operator: Any) -> dict[str, Any]:
    """Return the arguments of an operator that are not those of every operator, with their defaults.

    :param operator: a class of this package, or one that is derived from it.
    """
    found: dict[str, Any] = {}
    for kind in operator.__mro__:
        if kind is BaseOperator:
            break
        if "__init__" not in vars(kind):
            continue
        for name, parameter in inspect.signature(kind.__init__).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY:
                found.setdefault(name, parameter.default)
    return found


def inherited_defaults(task: Any) -> dict[str, Any]:
    """Return the ``default_args`` that a task inherits from its Dag and its task groups."""
    levels = (getattr(level, "default_args", None) or {} for level in (task.dag, task.task_group))
    return {name: value for level in levels for name, value in level.items()}


def check_task(operator: Any, task: Any, given: Mapping[str, Any], *, is_whole: bool) -> None:
    """Check a mapped task with all that is known of it: as its constructor will do when the task runs.

    :param operator: its class.
    :param task: Airflow's mapped operator.
    :param given: its own arguments by name.
    :param is_whole: False where others may come out of an XCom.
    :raises TruepushArgumentError: a literal is wrong, or an argument is missing.
    """
    defaults = inherited_defaults(task)
    operator.check_defaults(defaults)
    whole = {**operator.applicable(defaults, given), **given}
    # A derived class with a constructor of its own may add arguments there.
    if is_whole and operator.__init__.__module__.partition(".")[0] == _PACKAGE:
        known = parameters(operator)
        if missing := [name for name, default in known.items() if default is _REQUIRED and name not in whole]:
            raise TruepushArgumentError(
                f"{operator.__name__} {task.task_id!r}: argument {', '.join(missing)} is missing. No mapped task could "
                "run. Pass it to partial() or to expand()."
            )
        whole = {**known, **whole}
    operator.check_arguments(whole)


def is_mapped() -> None:
    """Stand for an argument that is mapped: given, and not a literal."""


class CheckedPartial:
    """What ``partial()`` of an operator returns: its ``expand`` checks the literals before Airflow maps them.

    :param partial: the object that Airflow's ``partial()`` returned.
    :param operator: the class of the operator.
    :param given: the arguments of ``partial()``.
    """

    def __init__(self, partial: Any, operator: type[ChecksArguments], given: Mapping[str, Any]) -> None:
        self._partial = partial
        self._operator = operator
        self._given = given

    def expand(self, **mapped_kwargs: Any) -> Any:
        """Map the operator over lists."""
        together = {**self._given, **dict.fromkeys(mapped_kwargs, is_mapped)}
        self._operator.check_arguments(together)
        for name, values in mapped_kwargs.items():
            for value in _literals(values):
                self._operator.check_mapped({name: value})
                self._operator.check_arguments({**together, name: value})
        task = self._partial.expand(**mapped_kwargs)
        check_task(self._operator, task, together, is_whole=True)
        for name, values in mapped_kwargs.items():
            for value in _literals(values):
                check_task(self._operator, task, {**together, name: value}, is_whole=True)
        return task

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        """Map the operator over mappings of arguments."""
        items = [item for item in kwargs if isinstance(item, Mapping)] if isinstance(kwargs, Sequence) else []
        for item in items:
            self._operator.check_mapped(item)
            self._operator.check_arguments({**self._given, **item})
        task = self._partial.expand_kwargs(kwargs, strict=strict)
        for item in items:
            check_task(self._operator, task, {**self._given, **item}, is_whole=True)
        if not items:
            check_task(self._operator, task, self._given, is_whole=False)
        return task

    def __getattr__(self, name: str) -> Any:
        return getattr(self._partial, name)


def _literals(values: Any) -> Iterable[Any]:
    """Return the values that a task is mapped over, as far as they are in the Dag file."""
    if isinstance(values, Mapping):
        return list(values.items())  # Airflow maps over pairs
    return values if isinstance(values, Sequence) and not isinstance(values, (str, bytes)) else ()
