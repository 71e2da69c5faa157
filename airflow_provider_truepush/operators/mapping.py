"""Mapped tasks: their arguments are checked while the Dag file is parsed, and their own defaults are handed on.

Some arguments may be None in the Dag file, which is a choice. A mapped value of None is not: it came out of an XCom,
and with it a guardrail or an audience would be lost without a word. Airflow creates the operator of a mapped task when
the task runs, and does not show which arguments it was mapped over. So ``partial`` records which arguments the Dag
file leaves empty, and every other empty one was mapped.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self

from airflow_provider_truepush.api.checks.argument_names import ConstructorSignature, new_instance, shown_name
from airflow_provider_truepush.api.checks.given import is_nothing, refuse_empty
from airflow_provider_truepush.api.checks.outcome import NOT_SENT
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.operators.argument_names import refuse_unknown
from airflow_provider_truepush.operators.arguments import TruepushArgumentError, checked_at_parse
from airflow_provider_truepush.operators.default_names import refuse_misnamed_defaults
from airflow_provider_truepush.operators.parameters import inherited_defaults, parameter_names, parameters
from airflow_provider_truepush.operators.refused_partial import silent_if_refused

_PACKAGE = __name__.partition(".")[0]
_REQUIRED: Any = inspect.Parameter.empty
#: The extra argument of a mapped task with the names of those that the Dag file leaves empty in ``partial``.
_EMPTY_IN_PARTIAL = "truepush_empty_in_partial"
#: The same of a mapped decorated task with the names of its function's arguments that are None in the Dag file.
NONE_IN_DAG_FILE = "truepush_none_in_dag_file"


class ChecksArguments:
    """Base of the operators and sensors of this package, before Airflow's own base.

    :cvar never_empty_fields: arguments whose mapped values must not be empty.
    :cvar argument_names: their names in errors, where these differ.
    :cvar needs_connection: for errors: what the task is about.
    :cvar consequence: for errors: what a refused argument means.
    """

    never_empty_fields: ClassVar[tuple[str, ...]] = ()
    argument_names: ClassVar[Mapping[str, str]] = {}
    needs_connection: ClassVar[str] = "request"
    consequence: ClassVar[str] = NOT_SENT
    __signature__: ClassVar[Any] = ConstructorSignature()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Refuse arguments that do not exist, and empty values that the task is mapped over."""
        # Here the arguments are those that were passed. The constructor also gets default_args and its own defaults.
        cls.refuse_unknown(kwargs)
        if (chosen := kwargs.get(_EMPTY_IN_PARTIAL)) is not None:
            cls.refuse_nothing({name: value for name, value in kwargs.items() if name not in chosen})
        return new_instance(super().__new__, cls, args, kwargs)

    @classmethod
    def refuse_unknown(cls, names: Iterable[str]) -> None:
        """Refuse arguments that the operator does not have.

        :param names: the names of the arguments.
        :raises TruepushArgumentError: one of them does not exist.
        """
        with checked_at_parse(cls.consequence):
            refuse_unknown(cls, names, (_EMPTY_IN_PARTIAL, NONE_IN_DAG_FILE))

    @classmethod
    def refuse_nothing(cls, mapped: Mapping[str, Any]) -> None:
        """Refuse mapped values that are empty.

        :param mapped: arguments by name.
        :raises TruepushArgumentError: one of them must not be empty.
        """
        with checked_at_parse(cls.consequence):
            for name in cls.never_empty_fields:
                if name in mapped:
                    refuse_empty(cls.argument_names.get(name, name), mapped[name], cls.needs_connection)

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the arguments that are literals, alone and together. A constructor calls :meth:`check_constructor`.

        :param given: arguments by name, and the Dag as ``dag``: it decides what is a template.
        :raises TruepushArgumentError: a literal is wrong, or the argument does not exist.
        """

    @classmethod
    def check_constructor(cls, further: Mapping[str, Any], own: Mapping[str, Any]) -> None:
        """Check the arguments of a constructor that are literals.

        :param further: the constructor's ``kwargs``. Airflow 3 adds the current Dag to them.
        :param own: its own arguments by name.
        :raises TruepushArgumentError: a literal is wrong.
        """
        cls.check_defaults(further.get("default_args"))
        cls.check_arguments({"dag": further.get("dag") or _current_dag_of_airflow_2(), **own})

    @classmethod
    def check_defaults(cls, defaults: object) -> None:
        """Refuse keys of ``default_args`` that mean an argument of this operator and are not its name."""
        operator: Any = cls
        with checked_at_parse(cls.consequence):
            refuse_misnamed_defaults(shown_name(operator), defaults, parameter_names(operator))

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
        cls.refuse_unknown(kwargs)
        defaults = kwargs.get("default_args") or {}
        cls.check_defaults(defaults)
        # Airflow hands the defaults of the Dag to a mapped task, but of the task's own only those it knows itself.
        own_defaults = cls.applicable(defaults, kwargs)
        kwargs = {**own_defaults, **kwargs}
        empty = [name for name in cls.never_empty_fields if name in kwargs and is_nothing(kwargs[name])]
        partial: Any = super().partial(**kwargs)  # type: ignore[misc]
        kwargs["dag"] = partial.kwargs.get("dag")
        with silent_if_refused(partial):
            cls.check_arguments(kwargs)
        partial.kwargs[_EMPTY_IN_PARTIAL] = empty
        return CheckedPartial(partial, cls, kwargs, own_defaults)


def _current_dag_of_airflow_2() -> Any:
    """Return the Dag of the ``with`` statement around a task; None in Airflow 3, which passes it to the constructor."""
    context: Any = getattr(sys.modules.get("airflow.models.dag"), "DagContext", None)
    return context.get_current_dag() if hasattr(context, "get_current_dag") else None


def of_the_constructor(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments without the record of ``partial``, which Airflow's constructors do not accept."""
    return {name: value for name, value in kwargs.items() if name != _EMPTY_IN_PARTIAL}


def check_task(operator: Any, task: Any, given: Mapping[str, Any], *, is_whole: bool) -> None:
    """Check a mapped task with all that is known of it: as its constructor will do when the task runs.

    :param operator: its class.
    :param task: Airflow's mapped operator.
    :param given: its own arguments by name.
    :param is_whole: False where others may come out of an XCom.
    :raises TruepushArgumentError: a literal is wrong, or an argument is missing.
    """
    operator.refuse_unknown(given)
    _MappedTask(operator, task.task_id, task.dag, task.task_group).check(given, is_whole=is_whole)


class _MappedTask:
    """A mapped task whose items are checked. What they share is checked once.

    :param operator: its class.
    :raises TruepushArgumentError: a key of the ``default_args`` is wrong.
    """

    def __init__(self, operator: Any, task_id: str, dag: Any, task_group: Any) -> None:
        self._operator, self._task_id, self._dag = operator, task_id, dag
        self._defaults = inherited_defaults(dag, task_group)
        operator.check_defaults(self._defaults)

    def check(self, given: Mapping[str, Any], *, is_whole: bool) -> None:
        """Check one item of the task, see :func:`check_task`. Its arguments exist."""
        operator = self._operator
        whole = {"dag": self._dag, **operator.applicable(self._defaults, given), **given}
        # A derived class with a constructor of its own may add arguments there.
        if is_whole and operator.__init__.__module__.partition(".")[0] == _PACKAGE:
            known = parameters(operator)
            if missing := [name for name, default in known.items() if default is _REQUIRED and name not in whole]:
                raise TruepushArgumentError(
                    f"{shown_name(operator)} {self._task_id!r}: argument {', '.join(missing)} is missing. No "
                    "mapped task can run. Pass it to partial() or to expand()."
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
    :param defaults: those of them that are ``default_args`` of the task itself, which mapped values replace.
    """

    def __init__(
        self,
        partial: Any,
        operator: type[ChecksArguments],
        given: dict[str, Any],
        defaults: Mapping[str, Any],
    ) -> None:
        self._partial = partial
        self._operator = operator
        self._given = given
        self._defaults = defaults

    def expand(self, **mapped_kwargs: Any) -> Any:
        """Map the operator over lists."""
        with silent_if_refused(self._partial):
            self._operator.refuse_unknown(mapped_kwargs)
            self._take_defaults(mapped_kwargs)
            together = {**self._given, **dict.fromkeys(mapped_kwargs, is_mapped)}
            mapped = self._mapped()
            mapped.check(together, is_whole=True)
            for name, values in mapped_kwargs.items():
                for value in _literals(values):
                    self._operator.refuse_nothing({name: value})
                    mapped.check({**together, name: value}, is_whole=True)
            return self._partial.expand(**mapped_kwargs)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
        """Map the operator over mappings of arguments."""
        with silent_if_refused(self._partial):
            items = [item for item in kwargs if isinstance(item, Mapping)] if isinstance(kwargs, Sequence) else []
            # An item out of an XCom cannot be completed here: it would lose the defaults, and with them its audience.
            is_literal = bool(items) and len(items) == len(kwargs)
            taken = self._take_defaults([name for item in items for name in item]) if is_literal else {}
            mapped = self._mapped()
            for item in items:
                self._operator.refuse_unknown(map(str, item))
                if strict:
                    self._refuse_twice(item)
                self._operator.refuse_nothing(item)
                mapped.check({**self._given, **taken, **item}, is_whole=True)
            if not items:
                mapped.check(self._given, is_whole=False)
            return self._partial.expand_kwargs(self._completed(items, taken) if taken else kwargs, strict=strict)

    def _mapped(self) -> _MappedTask:
        task_id, dag, task_group = (self._partial.kwargs.get(name) for name in ("task_id", "dag", "task_group"))
        return _MappedTask(self._operator, str(task_id), dag, task_group)

    def _take_defaults(self, mapped: Iterable[str]) -> dict[str, Any]:
        """Remove those ``default_args`` of the task that the task is mapped over, and return them."""
        taken = {name: self._defaults[name] for name in mapped if name in self._defaults}
        for name in taken:
            self._partial.kwargs.pop(name, None)
            self._given.pop(name, None)
        chosen = self._partial.kwargs[_EMPTY_IN_PARTIAL]
        self._partial.kwargs[_EMPTY_IN_PARTIAL] = [name for name in chosen if name not in taken]
        return taken

    def _completed(self, items: Iterable[Mapping[str, Any]], taken: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the items with the defaults that they leave out. Those that are empty are a choice of these items."""
        fields = self._operator.never_empty_fields
        empty = [name for name in fields if name in taken and is_nothing(taken[name])]
        if not empty:
            return [{**taken, **item} for item in items]
        chosen = self._partial.kwargs.pop(_EMPTY_IN_PARTIAL)
        return [
            {**taken, **item, _EMPTY_IN_PARTIAL: [*chosen, *(name for name in empty if name not in item)]}
            for item in items
        ]

    def _refuse_twice(self, item: Mapping[str, Any]) -> None:
        """Refuse an argument that ``partial`` has too. Airflow would refuse it when the task runs."""
        with checked_at_parse(self._operator.consequence):
            for name in item:
                if name not in self._given:
                    continue
                if name in self._defaults:
                    refuse(
                        name,
                        item[name],
                        "is in default_args of the task and in an item of expand_kwargs() beside items of an XCom",
                        "Give it in every item and not in default_args, or set strict=False to prefer that of the item",
                    )
                refuse(
                    name,
                    item[name],
                    "was given to partial() and to expand_kwargs()",
                    "Give it to one of them, or set strict=False to prefer that of expand_kwargs()",
                )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._partial, name)


def _literals(values: Any) -> Iterable[Any]:
    """Return the values that a task is mapped over, as far as they are in the Dag file."""
    if isinstance(values, Mapping):
        return list(values.items())  # Airflow maps over pairs
    return values if isinstance(values, Sequence) and not isinstance(values, (str, bytes)) else ()
