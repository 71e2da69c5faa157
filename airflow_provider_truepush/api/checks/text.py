"""Make text safe to write to databases, files, XComs, events and logs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Characters that some target refuses: an unpaired surrogate has no encoding, and PostgreSQL stores no NUL.
_UNWRITABLE = re.compile("[\ud800-\udfff\0]")
_REPLACEMENT = "\ufffd"


def writable(text: str) -> str:
    """Return a text in a form that every encoding, database, file and log accepts.

    JSON allows an unpaired surrogate, which is left when an emoji is cut in two; most other targets do not. It is
    replaced by U+FFFD, and so is the character NUL. Any other text is returned unchanged.

    :param text: the text.
    """
    return _UNWRITABLE.sub(_REPLACEMENT, text)


def writable_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a mapping whose values are writable where they are text.

    :param values: one row of primitives, such as a campaign's id and title.
    """
    return {name: writable(value) if isinstance(value, str) else value for name, value in values.items()}
