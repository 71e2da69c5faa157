"""Find names that resemble a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

from airflow_provider_truepush.api.checks.cut import beginning

#: Names that are compared; comparing takes a fraction of a millisecond each.
COMPARED = 5000
_SHOWN = 5
_SIMILAR = 0.6
#: Longer names are cut in messages.
_LENGTH = 80


def near_matches(name: str, candidates: Iterable[str | None], similar: float = _SIMILAR) -> list[str]:
    """Return at most five names that resemble the given one, the closest first.

    :param name: the name that was not found.
    :param candidates: the names that exist. At most 5,000 are compared.
    :param similar: how similar they must be, from 0 to 1.
    """
    by_form: dict[str, str] = {}
    for candidate in islice(candidates, COMPARED):
        if not isinstance(candidate, str):  # a row of the list without a readable name
            continue
        by_form.setdefault(_form(candidate), candidate)
    close = difflib.get_close_matches(_form(name), by_form, n=_SHOWN, cutoff=similar)
    return [by_form[form] for form in close]


def shown(name: str) -> str:
    """Return a name in quotes, cut to a length that fits a message."""
    return repr(beginning(name, _LENGTH))


def _form(name: str) -> str:
    """Return a name in the form that is compared: without case, without blanks around it, and of bounded length."""
    return " ".join(name.casefold().split())[: 2 * _LENGTH]
