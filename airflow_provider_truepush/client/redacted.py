"""Remove the secrets of all connections that this process has read from errors and logs. Data is never changed.

A name or a title may contain a token, and errors and logs quote names.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING

from airflow_provider_truepush.api.connection.redaction import redactor

if TYPE_CHECKING:
    from airflow_provider_truepush.api.connection.settings import Settings

#: The most connections that are remembered; the oldest is forgotten first.
_MOST = 64
_hiders: dict[str, Callable[[str], str]] = {}


def remember(settings: Settings) -> None:
    """Hide the secrets of a connection from now on.

    :param settings: the connection.
    """
    _remember(settings.token, settings.hide)


def remember_token(token: object) -> None:
    """Hide the token of a connection that cannot be used from now on.

    :param token: as Airflow, or a secrets backend, returns it.
    """
    if isinstance(token, str) and (token := token.strip()) and token not in _hiders:
        _remember(token, redactor(token))


def _remember(token: str, hide_one: Callable[[str], str]) -> None:
    _hiders.pop(token, None)
    _hiders[token] = hide_one
    while len(_hiders) > _MOST:
        del _hiders[next(iter(_hiders))]


def forget() -> None:
    """Forget all secrets, as a new process does."""
    _hiders.clear()


def hide(text: str) -> str:
    """Return a text without secrets."""
    for hide_one in tuple(_hiders.values()):
        text = hide_one(text)
    return text


def hide_in(error: BaseException) -> None:
    """Remove secrets from an error, its causes and its notes. They keep their types and attributes."""
    pending: list[BaseException] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        hidden = tuple(hide(part) if isinstance(part, str) else part for part in one.args)
        if hidden != one.args:
            one.args = hidden
        if notes := getattr(one, "__notes__", None):
            notes[:] = [hide(note) for note in notes]
        pending += [part for part in one.args if isinstance(part, BaseException)]
        pending += [part for part in (one.__cause__, one.__context__) if part is not None]


@contextmanager
def redacted_errors(read_connection: Callable[[], object]) -> Iterator[None]:
    """Remove secrets from every error that leaves the block.

    :param read_connection: reads the connection, whose secrets are hidden from then on, unless that was tried before.
        It is called after every error: a template that fails, or a value that is refused, may come before the first
        request, and the error, or the log of it, may contain the token.
    """
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            read_connection()
        hide_in(error)
        raise


@asynccontextmanager
async def redacted_errors_async(read_connection: Callable[[], Awaitable[object]]) -> AsyncIterator[None]:
    """Remove secrets from every error that leaves the block, as :func:`redacted_errors` does.

    :param read_connection: reads the connection without blocking the event loop.
    """
    try:
        yield
    except Exception as error:
        with suppress(Exception):
            await read_connection()
        hide_in(error)
        raise


class _Redaction(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (hidden := hide(message)) != message:
            record.msg, record.args = hidden, ()
        if record.exc_info and record.exc_info[1] is not None:
            hide_in(record.exc_info[1])
        return True


_REDACTION = _Redaction()


def get_logger(name: str) -> logging.Logger:
    """Return the logger of a module, whose messages are logged without secrets.

    :param name: the module's name.
    """
    logger = logging.getLogger(name)
    logger.addFilter(_REDACTION)
    return logger


#: The core does not know connections, and its logs quote rows of lists.
get_logger("airflow_provider_truepush.api.protocol.answers")
