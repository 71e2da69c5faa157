"""A server's words in an error: a bounded part of them is read, and no secret is shown."""

from __future__ import annotations

import pytest

from airflow_provider_truepush.api.connection.redaction import redactor
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.exchange import Exchange
from tests.api.support import NAMES, TOKEN, body, call_of, result_or_error, row

#: Characters of an answer that may be searched for secrets, for both places that quote it.
MOST = 2 * 13_000
REFUSALS = [
    (400, "BAD-REQUEST"),
    (401, "TOKEN-NOT-FOUND"),
    (429, "API-LIMIT-EXCEEDED"),
    (500, "DB-ERROR"),
    (502, "UNKNOWN"),
    (204, None),
]


@pytest.mark.parametrize("words", ["...", TOKEN[:8] + "... ", "x"], ids=["dots", "parts of a token", "letters"])
@pytest.mark.parametrize(("status", "code"), REFUSALS)
@pytest.mark.parametrize("name", NAMES)
def test_only_the_beginning_of_a_long_answer_is_searched(name: str, status: int, code: str | None, words: str) -> None:
    searched: list[int] = []

    def hide(text: str) -> str:
        searched.append(len(text))
        return redactor(TOKEN)(text)

    text = words * (1_000_000 // len(words))
    members = body(status_code=status, status="ERROR", message=text, data=code or row(name).negative)
    result_or_error(lambda: Exchange(call_of(name)).conclude(Reply(200, members, None, hide)))
    result_or_error(lambda: Exchange(call_of(name)).conclude(Reply(502, text.encode(), None, hide)))
    assert sum(searched) < 2 * MOST


@pytest.mark.parametrize("place", range(12_780, 12_801))
def test_a_token_that_the_first_cut_parts_stays_hidden(place: int) -> None:
    """Everything before it is removed, so that it moves to where the error shows it."""
    text = ("\u200b" * place) + TOKEN
    page = Reply(502, (b"\0" * place) + TOKEN.encode(), None, redactor(TOKEN))
    members = body(status_code=500, status="ERROR", message=text, data="DB-ERROR")
    for reply in (page, Reply(200, members, None, redactor(TOKEN))):
        error = result_or_error(lambda reply=reply: Exchange(call_of("campaignStats")).conclude(reply))
        assert TOKEN[:6] not in str(error)
