"""Secrets leave no error and no log record, wherever in it they stand."""

from __future__ import annotations

import pytest

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushBadRequestError
from airflow_provider_truepush.client.redacted import (
    forget,
    get_logger,
    hide,
    hide_in,
    redacted_errors,
    redacted_errors_async,
    remember,
)
from tests.support.tokens import SESSION_TOKEN

MARK = "***"


@pytest.fixture(autouse=True)
def known() -> None:
    remember(Settings("http://127.0.0.1", SESSION_TOKEN))


def chained() -> ValueError:
    """An error with the token in its argument, its note, its cause, and an error that it holds."""
    inner = KeyError(SESSION_TOKEN)
    error = ValueError(f"it said {SESSION_TOKEN}", RuntimeError(SESSION_TOKEN), 5)
    error.__cause__, inner.__context__ = inner, error
    error.add_note(f"as {SESSION_TOKEN}")
    return error


def assert_hidden(error: ValueError) -> None:
    text, held, number = error.args
    assert (text, held.args, number) == (f"it said {MARK}", (MARK,), 5)
    assert error.__notes__ == [f"as {MARK}"]
    assert error.__cause__ is not None
    assert error.__cause__.args == (MARK,)
    assert error.__cause__.__context__ is error


def test_an_error_is_redacted_with_all_that_belongs_to_it() -> None:
    error = chained()
    hide_in(error)
    assert_hidden(error)


def test_an_error_that_leaves_a_block_is_redacted() -> None:
    with pytest.raises(ValueError, match="it said") as caught, redacted_errors(lambda: None):
        raise chained() from KeyError(SESSION_TOKEN)
    cause = caught.value.__cause__
    assert cause is not None
    assert cause.args == (MARK,)
    assert SESSION_TOKEN not in str(caught.value)


@pytest.mark.parametrize("kind", [ValueError, TypeError, ZeroDivisionError, TruepushBadRequestError])
async def test_the_connection_is_read_for_an_error_of_any_type(kind: type[Exception]) -> None:
    settings = Settings("http://127.0.0.1", SESSION_TOKEN)

    async def read_async() -> None:
        remember(settings)

    forget()
    with pytest.raises(kind) as caught, redacted_errors(lambda: remember(settings)):
        raise kind(SESSION_TOKEN)
    assert str(caught.value) == MARK
    forget()
    with pytest.raises(kind) as caught:
        async with redacted_errors_async(read_async):
            raise kind(SESSION_TOKEN)
    assert str(caught.value) == MARK


async def test_an_error_in_a_loop_is_redacted_even_if_the_connection_cannot_be_read() -> None:
    async def read_async() -> None:
        raise OSError

    with pytest.raises(TruepushBadRequestError) as caught:
        async with redacted_errors_async(read_async):
            raise TruepushBadRequestError(SESSION_TOKEN)
    assert MARK in str(caught.value)


def test_a_log_record_is_redacted_with_its_error(caplog: pytest.LogCaptureFixture) -> None:
    logger = get_logger("airflow_provider_truepush.tests")
    error = chained()
    logger.error("The server said %s.", SESSION_TOKEN, exc_info=error)
    logger.error("Nothing is hidden in %d words.", 6, exc_info=(ValueError, None, None))  # type: ignore[arg-type]

    assert [record.getMessage() for record in caplog.records] == [
        f"The server said {MARK}.",
        "Nothing is hidden in 6 words.",
    ]
    assert_hidden(error)
    assert SESSION_TOKEN not in caplog.text


def test_the_secrets_of_the_connections_used_last_are_known() -> None:
    tokens = [f"token-number-{number:04d}-of-many" for number in range(200)]
    for token in [*tokens, tokens[0]]:
        remember(Settings("http://127.0.0.1", token))
    assert hide(f"{tokens[0]} {tokens[-1]}") == f"{MARK} {MARK}"
    assert hide(tokens[1]) == tokens[1]  # what a process keeps in memory is bounded
    forget()
    assert hide(tokens[0]) == tokens[0]


def test_a_text_without_secrets_is_unchanged() -> None:
    assert hide("The campaign was not sent.") == "The campaign was not sent."
