"""What the data of a success turns into."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.models.stats import CampaignStats
from airflow_provider_truepush.api.protocol import answers
from airflow_provider_truepush.api.protocol.answers import UnreadableDataError, created_id
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushBadRequestError
from airflow_provider_truepush.models import CampaignRef, SegmentRef, TemplateRef, TriggerRef
from tests.api.support import COUNTERS, ID, OTHER_ID, quick, unchained, without


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (f"Campaign Created Successfully with id:{ID}", ID),
        (f"Trigger Added successfully with\n    id:{ID}", ID),
        (f"Trigger Added successfully with\r\n\r\n\t id:{ID}", ID),
        (f"with id: {ID}", ID),
        (f"with id :\n {ID}\n", ID),
        (f"id:{ID}", ID),
        (f"id:{ID}.", ID),
        (f"(id:{ID})", ID),
        (f"id:{ID.upper()}", ID),
        (f"id:{ID} (id: {ID})", ID),
        # It is unknown which one is new.
        (f"id:{ID}, not id:{OTHER_ID}", None),
        (f"Copied from id:{OTHER_ID}. Campaign Created Successfully with id:{ID}", None),
        ("Campaign Created Successfully", None),
        ("", None),
        (ID, None),  # an id that nobody calls one
        (f"paid:{ID}", None),
        (f"id:{ID}0", None),
        (f"id:{ID[:-1]}", None),
        (f"id:{ID[:-1]}g", None),
        (f"id={ID}", None),
        ("id:undefined", None),
    ],
)
def test_the_id_is_read_from_the_message(message: str, found: str | None) -> None:
    assert created_id(message, None) == found


@quick
@given(
    st.text(st.characters(exclude_categories=["L", "N", "Pc"])),
    st.text(" \r\n\t"),
    st.text(" \r\n\t"),
    st.text("0123456789abcdef", min_size=24, max_size=24),
)
def test_the_id_is_read_among_blanks_and_line_breaks(before: str, gap: str, second_gap: str, wanted: str) -> None:
    assert created_id(f"{before}id{gap}:{second_gap}{wanted}", "ignored") == wanted


ROWS_OF: list[tuple[Any, dict[str, str]]] = [
    (CampaignRef, {"_id": ID, "title": "T"}),
    (TemplateRef, {"_id": ID, "name": "N"}),
    (SegmentRef, {"_id": ID, "name": "N"}),
    (TriggerRef, {"_id": ID, "name": "N", "status": "active"}),
]


@pytest.mark.parametrize(("ref", "given_row"), ROWS_OF)
def test_rows_are_read(ref: Any, given_row: dict[str, str]) -> None:
    read = answers.rows(ref)
    expected = ref(ID, *list(given_row.values())[1:])
    assert read("", [given_row]) == [expected]
    assert read("", []) == []
    assert read("", [{**given_row, "unknown": 1}, given_row]) == [expected, expected]


def reprlib_id(value: Any) -> str:
    return f"{type(value).__name__}-{len(value) if hasattr(value, '__len__') else ''}"


NESTED = json.loads("[" * 900 + "]" * 900)


@pytest.mark.parametrize(
    "odd", [None, 5, 1.5, True, [], {"a": 1}, NESTED, 10**5000, "\ud83d", "x" * 20_000], ids=reprlib_id
)
@pytest.mark.parametrize(("ref", "given_row"), ROWS_OF)
def test_values_that_are_not_text_are_kept_as_text(ref: Any, given_row: dict[str, str], odd: Any) -> None:
    for name in (name for name in given_row if name != "_id"):
        for row in ({**given_row, name: odd}, without(given_row, name)):
            page = answers.rows(ref)("", [given_row, row, given_row])
            assert [each.id for each in page] == [ID] * 3
            assert isinstance(getattr(page[1], name), str)
            assert json.dumps(page[1].as_dict()).encode()


def test_a_title_that_is_a_number_or_missing() -> None:
    page = answers.rows(CampaignRef)("", [{"_id": ID, "title": 5}, {"_id": ID, "title": None}, {"_id": ID}])
    assert [row.title for row in page] == ["5", "", ""]


def test_an_unpaired_surrogate_is_kept_and_goes_out_writable() -> None:
    (row,) = answers.rows(CampaignRef)("", [{"_id": ID, "title": "cut \ud83d"}])
    assert row.title == "cut \ud83d"
    assert row.as_dict() == {"id": ID, "title": "cut \ufffd"}


ODD_ROWS = [
    None, "text", 5, [], {}, "\ud800", {"_id": None, "title": "T"}, {"_id": 5}, {"_id": ""}, {"_id": "no-object-id"},
    {"_id": ID + "0"}, {"_id": {"$oid": ID}}, {"title": "T"}, NESTED, {"_id": NESTED}, {"_id": "y" * 100_000},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_ROWS, ids=reprlib_id)
def test_a_row_without_an_id_is_reported_and_skipped(odd: Any, caplog: pytest.LogCaptureFixture) -> None:
    answers._report_row.cache_clear()
    good = {"_id": ID, "title": "T"}
    for _ in range(2):
        page = answers.rows(CampaignRef)("", [odd, good, odd])
        assert page == [CampaignRef(ID, "T")]
        assert page.skipped == 2
    (line,) = [record.getMessage() for record in caplog.records]
    assert "listed a row without a valid id" in line
    assert len(line) < 400
    assert line.encode()


def test_a_page_of_many_rows_without_an_id_is_reported_in_few_lines(caplog: pytest.LogCaptureFixture) -> None:
    answers._report_row.cache_clear()
    answers._report_number.cache_clear()
    page = answers.rows(CampaignRef)("", [{"number": number} for number in range(10_000)])
    assert page.skipped == 10_000
    assert len(caplog.records) == 6
    assert "has 10000 rows without a valid id" in caplog.records[-1].getMessage()


def test_a_page_of_odd_rows_is_not_the_end_of_a_list() -> None:
    assert answers.rows(CampaignRef)("", [None])
    assert not answers.rows(CampaignRef)("", [])


@pytest.mark.parametrize("data", [None, "text", {}, 5, True])
def test_a_page_must_be_a_list(data: Any) -> None:
    with pytest.raises(UnreadableDataError, match=f"expected a list of rows, got {type(data).__name__}"):
        answers.rows(CampaignRef)("", data)


def test_an_empty_page_has_no_rows() -> None:
    assert answers.no_rows(CampaignRef)("any message") == []


def test_counters_are_read() -> None:
    assert answers.stats("", COUNTERS) == CampaignStats(200, 100, 80, 40, 8, 3, 2, 4)
    assert answers.nothing("No Stats Found") is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("data", [None, [], "CAMPAIGN-STATS", 5])
def test_counters_must_be_an_object(data: Any) -> None:
    with pytest.raises(UnreadableDataError, match=f"expected an object of counters, got {type(data).__name__}"):
        answers.stats("", data)


@pytest.mark.parametrize(
    ("odd", "kept"),
    [
        (10**400, "1" + "0" * 400),
        (-(2**64), str(-(2**64))),
        (2**63 - 1, 2**63 - 1),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        ("cut \ud83d", "cut \ufffd"),
        ([1, {"a\0": "b\0"}], [1, {"a\ufffd": "b\ufffd"}]),
        ({"a": 10**400}, {"a": "1" + "0" * 400}),
        (None, None),
        (True, True),
    ],
)
def test_an_unknown_counter_is_kept_in_a_form_that_can_be_stored(odd: Any, kept: Any) -> None:
    found = answers.stats("", {**COUNTERS, "New": odd})
    assert found is not None
    assert found.extra == {"New": kept}
    assert json.dumps(found.extra, allow_nan=False).encode()


@pytest.mark.parametrize("odd", [NESTED, [NESTED], {"a": NESTED}, 10**10_000], ids=reprlib_id)
def test_a_huge_unknown_counter_is_kept_as_text(odd: Any) -> None:
    found = answers.stats("", {**COUNTERS, "New": odd})
    assert found is not None
    assert isinstance(found.extra["New"], str)
    assert len(found.extra["New"]) < 500


@pytest.mark.parametrize("odd", [2**63, 10**400, 10**10_000, -1, 1.0, True, None, "5", NESTED], ids=reprlib_id)
def test_an_invalid_counter_is_refused(odd: Any) -> None:
    with pytest.raises(UnreadableDataError, match="counter Views is ") as caught:
        answers.stats("", {**COUNTERS, "Views": odd})
    assert len(str(caught.value)) < 300


def test_a_missing_counter_is_refused() -> None:
    with pytest.raises(UnreadableDataError, match="counter Views is missing") as caught:
        answers.stats("", without(COUNTERS, "Views"))
    unchained(caught.value)


def test_the_answers_of_changes() -> None:
    assert answers.done("message", None) is True
    assert answers.not_done("message") is False


@pytest.mark.parametrize(("message", "said"), [("Name is taken", "(Name is taken)"), ("", "(no message)")])
def test_the_error_of_a_failed_create(message: str, said: str) -> None:
    with pytest.raises(TruepushAmbiguousError) as doubt:
        answers.doubtful_create(message)
    assert str(doubt.value) == f"reported that creating failed {said}"
    with pytest.raises(TruepushBadRequestError) as taken:
        answers.name_taken(message)
    assert str(taken.value).startswith(f"did not add the trigger {said}: a trigger of this name already exists")


@pytest.mark.parametrize("data", [[], [[], []], {}, 5, True])
def test_a_change_is_not_done_when_data_is_not_a_code(data: object) -> None:
    with pytest.raises(answers.UnreadableDataError, match="expected a code"):
        answers.done("x", data)
    assert answers.done("x", None)
    assert answers.done("x", "CAMPAIGN-CANCELLED-SUCCESFULLY")
