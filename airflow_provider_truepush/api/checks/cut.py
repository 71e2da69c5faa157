"""Cut long texts for messages. Every cut has a mark: a secret that it parts is recognized there, and removed."""

from __future__ import annotations

#: What a cut leaves in place of the rest.
MARK = "…"


def beginning(text: str, length: int) -> str:
    """Return a text, or its beginning and the mark.

    :param text: the text.
    :param length: the most characters before the mark.
    """
    return text if len(text) <= length else text[:length] + MARK


def error_text(error: BaseException, length: int = 500) -> str:
    """Return the beginning of an error's text on one line.

    :param error: the error of a driver, a server or Airflow.
    :param length: the most characters before the mark.
    """
    return beginning(" ".join(str(error).split()), length)
