"""Split the name of an extra into words."""

from __future__ import annotations

import re
import unicodedata

from airflow_provider_truepush.api.connection.form import CONNECTION_TYPE

#: How Airflow's forms named extras before version 2.3, and how HTTP headers of one's own are named.
_PREFIX = re.compile(rf"^(extra__({CONNECTION_TYPE}__)?|[Xx]-)")
#: An apostrophe, which a word such as ``don't`` may omit.
_APOSTROPHE = re.compile(r"(?<=[^\W_])['\u2019\u02bc](?=[^\W_])")
#: A name that took in its value, as in the YAML ``"dry_run: true":``.
_WITH_VALUE = re.compile(r"(.*?[^\W_])[\s\"']*(?:[:=][\s\"']*(\w[\w.+/-]*)|\s(true|false))[\s\"'}\]]*", re.DOTALL)


def words_of(name: object) -> str:
    """Return the words of an extra's name in lower case, with one space between them: ``testMode``, ``TEST-MODE``.

    The prefix of older versions of Airflow, and that of a header, is left out.
    """
    text = unicodedata.normalize("NFKC", _PREFIX.sub("", str(name).strip()))
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", _APOSTROPHE.sub("", text))
    # Any other sign or letter is a part of a word: it may turn the meaning around.
    return " ".join(re.split(r"[\s_./:-]+", apart.casefold())).strip()


def letters_of(words: str) -> str:
    """Return the letters of the words of a name, without anything between them."""
    return re.sub("[^a-z]", "", words)


def with_own_value(name: object, value: object) -> tuple[object, object]:
    """Return the name and value of an extra; a name that took in its value, and has no other, is split.

    :param name: the key of the extra.
    :param value: its value.
    """
    is_empty = value is None or (isinstance(value, str) and not value.strip())
    parts = _WITH_VALUE.fullmatch(str(name).strip()) if is_empty else None
    return (name, value) if parts is None else (parts[1], parts[2] or parts[3])
