"""Judge the head of an answer to a create: a malformed one, or one that names something new, proves no refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from airflow_provider_truepush.api.checks.values import created_at

_ID = re.compile(r"(?<![0-9a-z])[0-9a-f]{24}(?![0-9a-z])")
#: Headers that name an object, whatever their values are.
_LOCATIONS = ("location", "content-location")
#: Headers that name an object if their values have a path.
_NAMES_OBJECT = re.compile(r".*(campaign|template|trigger|push|notification).*(id|uri|url|location)")
#: The beginning of an address, up to its path.
_HOST = re.compile(r"\s*([a-z][a-z0-9+.-]*:)?//[^/?#]*")
#: An id that was created longer ago is not that of a new object. The clocks may differ.
_NEW = timedelta(days=1)
#: Headers whose values may look like an id: they name the request, or what is cached of its answer.
_NAMES_REQUEST = re.compile(r"request|trace|correlation|span|transaction|etag|cookie|ray|session")


class Head(NamedTuple):
    """The head of an answer.

    :param status: the HTTP status.
    :param version: the version of HTTP, such as ``1.1``.
    :param fields: the names and the values of the headers.
    """

    status: int
    version: str
    fields: Sequence[tuple[str, str]]

    def is_irregular(self) -> bool:
        """Return whether it leaves open where the answer ends, or announces a body that nothing reads.

        The parsers of the two hooks differ in what they accept, so that without this check one of them would believe
        what is doubtful for the other.
        """
        lengths = self._values("content-length")
        transfers = self._values("transfer-encoding")
        return (
            self.version not in ("1.0", "1.1")
            or bool(lengths and transfers)
            or len(set(lengths)) > 1
            or any(not re.fullmatch("[0-9]+", length) for length in lengths)
            or transfers not in ([], ["chunked"])
            # HTTP allows no body for these, so nothing reads it.
            or (self.status in (204, 304) and (bool(transfers) or any(length.strip("0") for length in lengths)))
        )

    def names_object(self, sent: str) -> bool:
        """Return whether a header names something that the request does not name.

        :param sent: the request's body, in lower case.
        """
        now = datetime.now(UTC)
        return any(
            name in _LOCATIONS
            or (_NAMES_OBJECT.fullmatch(name) and _has_path(value))
            or (_NAMES_REQUEST.search(name) is None and _has_new_id(value, sent, now))
            for name, value in _lowered(self.fields)
        )

    def _values(self, wanted: str) -> list[str]:
        return [value.strip(" \t") for name, value in _lowered(self.fields) if name == wanted]


def _lowered(fields: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name.lower(), value.lower()) for name, value in fields)


def _has_path(value: str) -> bool:
    rest = _HOST.sub("", value, count=1)
    return "/" in rest and bool(rest.strip("/ "))


def _has_new_id(value: str, sent: str, now: datetime) -> bool:
    """Return whether a value has the id of something new. Many headers have constant ids, such as that of a build."""
    times = [created_at(each) for each in _ID.findall(value) if each not in sent]
    return any(at is not None and abs(now - at) <= _NEW for at in times)
