"""What the success and the "204" row of each kind of endpoint turn into."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, NoReturn, TypeVar

from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushBadRequestError
from airflow_provider_truepush.api.models.refs import Ref
from airflow_provider_truepush.api.models.stats import CampaignStats, UnreadableStatsError

R = TypeVar("R", bound=Ref)

_OBJECT_ID = re.compile(r"[0-9a-fA-F]{24}")
_ID_IN_MESSAGE = re.compile(r"\bid\s*:\s*([0-9a-fA-F]{24})\b")


class UnreadableDataError(ValueError):
    """The ``data`` of a success is not what the endpoint promises."""


def created_id(message: str, data: Any) -> str | None:
    """The id that only the human message carries; None when it carries none, which is a success all the same."""
    found = _ID_IN_MESSAGE.search(message)
    return found.group(1).lower() if found else None


def done(message: str, data: Any) -> bool:
    """The change was made."""
    return True


def not_done(message: str) -> bool:
    """There was nothing to change."""
    return False


def stats(message: str, data: Any) -> CampaignStats | None:
    """The counters."""
    if not isinstance(data, Mapping):
        raise UnreadableDataError(f"expected an object of counters, got {type(data).__name__}")
    try:
        return CampaignStats.from_api(data)
    except UnreadableStatsError as error:
        raise UnreadableDataError(str(error)) from None


def nothing(message: str) -> None:
    """Nothing is known: no counters yet or no such campaign, a cancel of before or a send. The API does not tell."""


def rows(ref: type[R]) -> Callable[[str, Any], list[R]]:
    """A reader of list pages."""
    names = [field.name for field in fields(ref)]

    def read(message: str, data: Any) -> list[R]:
        if not isinstance(data, list):
            raise UnreadableDataError(f"expected a list of rows, got {type(data).__name__}")
        return [one(row) for row in data]

    def one(row: Any) -> R:
        given = row if isinstance(row, Mapping) else {}
        values: dict[str, Any] = {name: given.get("_id" if name == "id" else name) for name in names}
        if not all(isinstance(value, str) for value in values.values()):
            raise UnreadableDataError(f"expected a row with {', '.join(names)}, got {reprlib.repr(row)}")
        # One form for each id: answers have been seen to tell it in another.
        if _OBJECT_ID.fullmatch(values["id"].strip()):
            values["id"] = values["id"].strip().lower()
        return ref(**values)

    return read


def no_rows(ref: type[R]) -> Callable[[str], list[R]]:
    """The reader of the page after the last."""

    def read(message: str) -> list[R]:
        return []

    return read


def doubtful_create(message: str) -> NoReturn:
    """The server says that creating failed, and nothing about how far it got."""
    raise TruepushAmbiguousError(f"says that creating failed ({message or 'no message'})")


def name_taken(message: str) -> NoReturn:
    """A trigger was not added: its name is in use."""
    raise TruepushBadRequestError(
        f"added no trigger ({message or 'no message'}): "
        "a trigger of this name exists already. Names are unique in a project"
    )
