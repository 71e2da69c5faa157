"""Readers of the success and the "204" row of each kind of endpoint."""

from __future__ import annotations

import json
import logging
import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import lru_cache
from typing import Any, NoReturn, TypeVar

from airflow_provider_truepush.api.checks.text import writable
from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushBadRequestError
from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.models.stats import CampaignStats, UnreadableStatsError
from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.json_text import is_shallow

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Ref)

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
#: The word before it names what the id is of: a request has one as well.
_ID_IN_MESSAGE = re.compile(
    r"(?:\b(request|trace|correlation|span|transaction)[\s-]{1,3})?\bid\s*:\s*([0-9a-fA-F]{24})\b", re.I
)


class UnreadableDataError(ValueError):
    """The ``data`` of a success does not have the form that the endpoint documents."""


class Page(list[R]):
    """The readable rows of a page of a list.

    It is true unless the server listed nothing: a page whose rows were all skipped is not the end of the list.

    :param rows: the rows.
    :param skipped: number of further rows that could not be read.
    """

    def __init__(self, rows: Iterable[R] = (), skipped: int = 0) -> None:
        super().__init__(rows)
        self.skipped = skipped

    def __bool__(self) -> bool:
        return bool(len(self) or self.skipped)


def created_id(message: str, data: Any) -> str | None:
    """Return the id from the human-readable message, the only place that has it; None when it has none.

    A message with several ids does not say which of them is new, so it has none either.
    """
    found = {each.lower() for owner, each in _ID_IN_MESSAGE.findall(message) if not owner}
    return found.pop() if len(found) == 1 else None


def done(message: str, data: Any) -> bool:
    """Return True: the change was made.

    :raises UnreadableDataError: ``data`` is not a code. A wrong "canceled" would let a campaign go out.
    """
    if data is not None and not isinstance(data, str):
        raise UnreadableDataError(f"expected a code, got {type(data).__name__}")
    return True


def not_done(message: str) -> bool:
    """Return False: there was nothing to change."""
    return False


def stats(message: str, data: Any) -> CampaignStats | None:
    """Return the counters."""
    if not isinstance(data, Mapping):
        raise UnreadableDataError(f"expected an object of counters, got {type(data).__name__}")
    try:
        return CampaignStats.from_api({writable(name): _plain(value) for name, value in data.items()})
    except UnreadableStatsError as error:
        raise UnreadableDataError(str(error)) from None


def nothing(message: str) -> None:
    """Return None. The API does not say whether the campaign does not exist, was sent, or was canceled before."""


def rows(ref: type[R]) -> Callable[[str, Any], list[R]]:
    """Return a reader of list pages.

    A row without a valid id is skipped, because no request can name it. The first ones of a page are logged. In all
    other fields, a value that is not text is converted to text. One invalid row never hides the others.
    """
    names = [field.name for field in fields(ref) if field.name != "id"]

    def read(message: str, data: Any) -> list[R]:
        if not isinstance(data, list):
            raise UnreadableDataError(f"expected a list of rows, got {type(data).__name__}")
        found: list[R] = []
        invalid: list[Any] = []
        for each in data:
            row = one(each)
            if row is not None:
                found.append(row)
            elif len(invalid) < limits.MAX_REPORTED_ROWS:
                invalid.append(each)
        skipped = len(data) - len(found)
        for each in invalid:
            _report_row(ref.__name__, reprlib.repr(each))
        if skipped > len(invalid):
            _report_number(ref.__name__, skipped)
        return Page(found, skipped)

    def one(row: Any) -> R | None:
        found = row.get("_id") if isinstance(row, dict) else None
        if not isinstance(found, str) or not _OBJECT_ID.fullmatch(found.strip()):
            return None
        # Some answers spell an id in capitals, so all are converted to one form.
        return ref(found.strip().lower(), **{name: _text(row.get(name)) for name in names})

    return read


@lru_cache(maxsize=256)  # a list is read again and again
def _report_row(kind: str, row: str) -> None:
    log.warning(
        "Truepush listed a row without a valid id (%s): %s. The row is skipped; the others are used. "
        "If this continues, report it to Truepush.",
        kind,
        row,
    )


@lru_cache(maxsize=256)
def _report_number(kind: str, skipped: int) -> None:
    log.warning("A page of Truepush's list has %d rows without a valid id (%s). They are skipped.", skipped, kind)


def _text(value: Any) -> str:
    """Return a field of a row as text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not is_shallow(value):
        return reprlib.repr(value)
    return _digits(value) or json.dumps(value, ensure_ascii=False)[: limits.MAX_TEXT]


def _plain(value: Any) -> Any:
    """Return a counter as a value that JSON, databases and files accept; as text if they do not."""
    if isinstance(value, str):
        return writable(value)
    if isinstance(value, (dict, list)):
        if not is_shallow(value):
            return reprlib.repr(value)
        if isinstance(value, list):
            return [_plain(inner) for inner in value]
        return {writable(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return _digits(value) if type(value) is int and abs(value) > limits.MAX_COUNTER else value


def _digits(value: Any) -> str | None:
    """Return a whole number as text."""
    if type(value) is not int:
        return None
    try:
        return str(value)
    except ValueError:  # Python writes no number of thousands of digits
        return "a number of thousands of digits"


def no_rows(ref: type[R]) -> Callable[[str], list[R]]:
    """Return the reader of the page after the last one."""

    def read(message: str) -> list[R]:
        return []

    return read


def doubtful_create(message: str) -> NoReturn:
    """Raise: the server reports that creating failed, but not how far it got."""
    raise TruepushAmbiguousError(f"reported that creating failed ({message or 'no message'})")


def name_taken(message: str) -> NoReturn:
    """Raise: a trigger was not added, because its name is in use."""
    raise TruepushBadRequestError(
        f"did not add the trigger ({message or 'no message'}): a trigger of this name already exists"
    )
