"""The endpoint table against the reference."""

from __future__ import annotations

import itertools
import json
from urllib.parse import unquote

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from tests.api.support import CREATES, ID, NAMES, ROWS, Row, call_of, endpoint, quick, row


def test_the_thirteen_endpoints_are_in_the_order_of_the_reference() -> None:
    assert [each.name for each in ENDPOINTS] == NAMES
    assert len(ENDPOINTS) == 13


@pytest.mark.parametrize("expected", ROWS, ids=NAMES)
def test_each_endpoint_as_the_reference_describes_it(expected: Row) -> None:
    actual = endpoint(expected.name)
    assert actual.method == expected.method
    assert actual.path == f"/api/v1/{expected.name}"
    assert actual.resource == expected.resource
    assert actual.success == expected.success
    assert actual.negative == expected.negative
    assert actual.has_argument == (expected.parameter is not None)
    assert actual.reads == (expected.method == "GET")
    assert actual.repeatable == (expected.method != "POST")
    assert actual.has_body == (expected.method == "POST" or expected.name == "triggerStatus")
    assert (actual.action == "list") == (expected.parameter == "page")


def test_the_misspelled_code_of_a_cancellation_is_kept() -> None:
    assert endpoint("cancelCampaign").success == "CAMPAIGN-CANCELLED-SUCCES" + "FULLY"
    assert sum("SUCCESFULLY" in (each.success or "") for each in ENDPOINTS) == 1


def test_no_two_rows_share_a_code() -> None:
    codes = [code for each in ENDPOINTS for code in (each.success, each.negative) if code]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("name", NAMES)
def test_the_path_of_a_call(name: str) -> None:
    ending = {None: "", "id": f"/{ID}", "page": "/1"}[row(name).parameter]
    call = call_of(name)
    assert call.path == f"/api/v1/{name}{ending}"
    assert str(call) == f"{row(name).method} /api/v1/{name}{ending}"


@pytest.mark.parametrize("name", NAMES)
def test_a_call_takes_exactly_its_argument_and_payload(name: str) -> None:
    takes = (row(name).parameter is not None, row(name).method == "POST" or name == "triggerStatus")
    for argument, payload in itertools.product([None, ID], [None, {"a": 1}]):
        if (argument is not None, payload is not None) == takes:
            assert endpoint(name).call(argument, payload).argument == argument
        else:
            with pytest.raises(TypeError, match=name):
                endpoint(name).call(argument, payload)


@pytest.mark.parametrize("name", CREATES)
def test_an_empty_payload_counts_as_a_payload(name: str) -> None:
    assert endpoint(name).call(payload={}).body == b"{}"


def test_body_is_utf8_json_without_blanks() -> None:
    call = endpoint("createCampaign").call(payload={"title": "Grüße 🎉", "buttons": [{"text": "a"}]})
    assert call.body == '{"title":"Grüße 🎉","buttons":[{"text":"a"}]}'.encode()


@pytest.mark.parametrize("name", NAMES)
def test_body_only_where_there_is_a_payload(name: str) -> None:
    call = call_of(name)
    assert (call.body is None) == (call.payload is None)
    if call.body is not None:
        assert json.loads(call.body) == call.payload


@quick
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_an_argument_cannot_change_the_path(argument: str) -> None:
    path = endpoint("cancelCampaign").call(argument).path
    prefix = "/api/v1/cancelCampaign/"
    assert path.startswith(prefix)
    assert path.isascii()
    assert not set(path[len(prefix) :]) & set("/?#& \r\n")
    assert unquote(path[len(prefix) :]) == argument


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        endpoint("createCampaign").name = "other"  # type: ignore[misc]
    assert all(isinstance(each, Endpoint) for each in ENDPOINTS)
