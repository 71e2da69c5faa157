"""Find the arguments that can be checked while a Dag file is parsed: those without a template and without an XCom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: The beginning of an expression, a statement or a comment of a template.
_MARKS = ("{{", "{%", "{#")


def is_literal(value: object) -> bool:
    """Return whether a value is final in the Dag file, so that rendering does not change it.

    :param value: an argument. Text with Jinja in it, an XCom of another task, a callable that Airflow calls to render,
        and a list or mapping with one of these in it are not final.
    """
    if isinstance(value, str):
        return not any(mark in value for mark in _MARKS)
    if isinstance(value, Mapping):
        return all(map(is_literal, value)) and all(map(is_literal, value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(is_literal, value))
    if isinstance(getattr(value, "text", None), str) and isinstance(getattr(value, "link", None), str):
        return is_literal([value.text, value.link])  # type: ignore[attr-defined]  # a Button
    # XComArg, LiteralValue, MappedArgument and DagParam have `resolve`; so has a path, which is final.
    return not callable(value) and (not hasattr(value, "resolve") or hasattr(value, "__fspath__"))


def check_literal(check: Callable[..., object], field: str, value: object, *more: Any) -> None:
    """Run a check on a literal; a template or an XCom is checked when the task runs.

    :param check: raises for a bad value; called as ``check(field, value, *more)``.
    :param field: name of the argument, for the error.
    :param value: the argument.
    """
    if is_literal(value):
        check(field, value, *more)
