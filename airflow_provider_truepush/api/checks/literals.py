"""Find the arguments that can be checked while a Dag file is parsed: those without a template and without an XCom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

#: The beginning of an expression, a statement or a comment of a template.
_MARKS = ("{{", "{%", "{#")
#: The options of a Jinja environment that set other ones.
OPTIONS = (
    "variable_start_string",
    "block_start_string",
    "comment_start_string",
    "line_statement_prefix",
    "line_comment_prefix",
)
#: What may begin a template of some Dag: the delimiters that people set are pairs of such characters.
_PAIR = re.compile(r"[\[\]<>(){}$%#@|!~^*=+\\]{2}")
#: None where the Dag is not known yet.
_marks: ContextVar[tuple[str, ...] | None] = ContextVar("truepush_template_marks", default=_MARKS)


@contextmanager
def templates_of(dag: Any) -> Iterator[None]:
    """Treat text as a template as a Dag does, whose ``jinja_environment_kwargs`` may set other delimiters.

    :param dag: the Dag; None where it is not known.
    """
    options = getattr(dag, "jinja_environment_kwargs", None) or {}
    marks = tuple(options[name] for name in OPTIONS if options.get(name))
    token = _marks.set((*_MARKS, *marks))
    try:
        yield
    finally:
        _marks.reset(token)


@contextmanager
def templates_of_any_dag() -> Iterator[None]:
    """Treat text as a template that may be one of a Dag, which is known only when the task runs.

    Use it for objects that are created apart from a Dag. What they contain is checked again before it is sent.
    """
    token = _marks.set(None)
    try:
        yield
    finally:
        _marks.reset(token)


def is_literal(value: object) -> bool:
    """Return whether a value is final in the Dag file, so that rendering does not change it.

    :param value: an argument. Text with Jinja in it, an XCom of another task, a callable that Airflow calls to render,
        and a list or mapping with one of these in it are not final.
    """
    if isinstance(value, str):
        marks = _marks.get()
        is_template = any(mark in value for mark in (_MARKS if marks is None else marks))
        return not is_template and (marks is not None or _PAIR.search(value) is None)
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
