"""Every documented response, in every dialect, read by both hooks: 68 rows, each with its outcome and its requests."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from airflow_provider_truepush.api.protocol.codes import DB_ERROR
from airflow_provider_truepush.emulator import DIALECTS, Dialect, Emulator
from tests.contract.driver import CONN_ID, Flavour, attempt, connect
from tests.contract.world import (
    BY_NAME,
    CAMPAIGN,
    CREATES,
    LISTS,
    NEW_TRIGGER,
    SENT,
    UNKNOWN,
    USES,
    Use,
    check_success,
    commits,
    furnish,
    requests_of_success,
)

ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A documented response: an endpoint and the number that the reference gives it."""

    endpoint: str
    number: int

    def __str__(self) -> str:
        return f"{self.endpoint}-{self.number}"


ROWS = [
    *(Row(name, number) for name in USES for number in (200, 204, 401, 429, 500)),
    *(Row(name, 400) for name in CREATES),
]

#: The "204" rows, and bad data, that come about without help: the call to make for them.
BY_NATURE: dict[Row, Use] = {
    Row("cancelCampaign", 204): Use("cancel_campaign", (SENT,)),
    Row("campaignStats", 204): Use("get_campaign_stats", (UNKNOWN,)),
    Row("deleteSegment", 204): Use("delete_segment", (UNKNOWN,)),
    Row("deleteTemplate", 204): Use("delete_template", (UNKNOWN,)),
    Row("deleteTrigger", 204): Use("delete_trigger", (UNKNOWN,)),
    Row("createTrigger", 204): Use("create_trigger", ({**NEW_TRIGGER, "name": "Sundays"},)),
    Row("triggerStatus", 204): Use("set_trigger_status", (UNKNOWN, "inactive")),
    Row("createCampaign", 400): Use("create_campaign", ({**CAMPAIGN, "segment_id": UNKNOWN},)),
    Row("createTrigger", 400): Use("create_trigger", ({**NEW_TRIGGER, "template_id": UNKNOWN},)),
}

#: What design.md makes of the "204" rows: a value, or an error's name.
NEGATIVE: dict[str, object] = {
    "createCampaign": "TruepushAmbiguousError",
    "createTemplate": "TruepushAmbiguousError",
    "createTrigger": "TruepushBadRequestError",
    "campaignStats": None,
    **{name: [] for name in LISTS},
    **dict.fromkeys(("cancelCampaign", "deleteSegment", "deleteTemplate", "deleteTrigger", "triggerStatus"), False),
}
ERRORS = {
    400: "TruepushBadRequestError",
    401: "TruepushAuthError",
    429: "TruepushRateLimitError",
    500: "TruepushServerError",
}


def provoke(emulator: Emulator, row: Row) -> Use:
    """Have the emulator give a response; returns the call to make."""
    if row.number == 429:
        emulator.fault(row.endpoint, effect="429")
    elif row.number == 500:
        emulator.fault(row.endpoint, effect="outcome", code=DB_ERROR)
    elif row.number == 204 and row not in BY_NATURE:
        emulator.fault(row.endpoint, effect="outcome", code=BY_NAME[row.endpoint].negative)
    elif row.number == 400 and row not in BY_NATURE:
        emulator.fault(row.endpoint, effect="outcome", code="BAD-REQUEST")
    return BY_NATURE.get(row, USES[row.endpoint])


def expected_requests(row: Row) -> int:
    """How many requests a response costs: those of a create are one, whatever is answered."""
    if row.endpoint in CREATES:
        return 1
    if row.number in (429, 500):
        return ATTEMPTS
    return requests_of_success(row.endpoint) if row.number == 200 else 1


def http_status(dialect: Dialect, row: Row) -> int:
    """What stands on the wire."""
    if dialect.http_status == "always200":
        return 200
    if row.number == 204:
        return 204 if dialect.negative == "empty" else 200
    return dialect.bad_request_http if row.number == 400 else row.number


def test_the_reference_documents_68_responses() -> None:
    assert len(ROWS) == len(set(ROWS)) == 68


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_documented_response(
    row: Row, dialect: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(emulator)
    emulator.set_dialect(dialect)
    use = provoke(emulator, row)
    token = {"token": "token-of-no-project"} if row.number == 401 else {}
    connect(monkeypatch, emulator, timezone="UTC", timeout=20, max_attempts=ATTEMPTS, **token)

    told = attempt(flavour, CONN_ID, use.method, *use.args)

    # Counted on the socket, whatever the endpoint: nothing else was asked.
    assert emulator.count() == emulator.count(row.endpoint) == expected_requests(row)
    assert emulator.requests()[0].status == http_status(DIALECTS[dialect], row)
    if row.number == 200:
        assert told.name is None, told.error
        check_success(emulator, row.endpoint, told.value, told_id=DIALECTS[dialect].id_style != "none")
        return
    assert commits(emulator, row.endpoint) == []
    outcome = told.value if told.error is None else told.name
    if row.number == 204:
        assert outcome == NEGATIVE[row.endpoint]
        assert type(outcome) is type(NEGATIVE[row.endpoint])
    elif row.number == 500 and row.endpoint in CREATES:
        assert outcome == "TruepushAmbiguousError"
    else:
        assert outcome == ERRORS[row.number]
    if told.error is not None:
        assert told.error.endpoint == row.endpoint
        assert told.error.http_status == http_status(DIALECTS[dialect], row)
        assert told.error.code == _code(row)


def _code(row: Row) -> str:
    shared = {400: "BAD-REQUEST", 401: "TOKEN-NOT-FOUND", 429: "API-LIMIT-EXCEEDED", 500: "DB-ERROR"}
    return shared.get(row.number, BY_NAME[row.endpoint].negative)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("order", "length", "pages"), [("oldest", 5, 4), ("newest", 4, 3), ("oldest", 0, 1)])
def test_a_list_is_read_page_by_page_to_its_end(
    order: str, length: int, pages: int, dialect: str, flavour: Flavour, emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ids = emulator.add_campaigns(length)
    emulator.set_dialect(dialect, page_size=2, order=order)
    connect(monkeypatch, emulator)

    told = attempt(flavour, CONN_ID, "list_campaigns")

    assert [row.id for row in told.value] == (ids if order == "oldest" else ids[::-1])
    assert [row.argument for row in emulator.requests()] == [str(page + 1) for page in range(pages)]
