"""Judge the head of an answer to a create: a malformed one, or one that names something new, proves no refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_ID = re.compile(r"(?<![0-9a-z])[0-9a-f]{24}(?![0-9a-z])")
#: Headers that name an object.
_NAMES_OBJECT = re.compile(
    r"(content-)?location|.*(campaign|template|trigger).*|.*(push|object|resource|entity)s?[-_]?(id|uri|url)"
)
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
        return any(
            _NAMES_OBJECT.fullmatch(name)
            or (_NAMES_REQUEST.search(name) is None and any(each not in sent for each in _ID.findall(value)))
            for name, value in _lowered(self.fields)
        )

    def _values(self, wanted: str) -> list[str]:
        return [value.strip(" \t") for name, value in _lowered(self.fields) if name == wanted]


def _lowered(fields: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name.lower(), value.lower()) for name, value in fields)
