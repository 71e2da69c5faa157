"""The documented responses, word for word, and the other forms they take."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator import DIALECTS, Dialect, Emulator
from tests.emulator.support import BY_NAME, CAMPAIGN, TEMPLATE, UNKNOWN, Api, a_call, trigger

#: Message and data of each success and each "204" row, from the reference; ID stands for an id.
DOCUMENTED: dict[str, tuple[str, str, str]] = {
    "createCampaign": (
        "Campaign Created Successfully with id:ID", "Data CAMPAIGN-CREATED-SUCCESSFULLY", "Campaign Creating failed",
    ),
    "cancelCampaign": (
        "Campaign Cancelled Successfully", "Data CAMPAIGN-CANCELLED-SUCCESFULLY",
        "Can't Cancel Because Already Sent or Cancelled",
    ),
    "campaignStats": ("Stats Fetched Successfully", "data", "No Stats Found"),
    "listSegment": ("Successfully fetched Segment data.", "data", "Segments Not Found"),
    "deleteSegment": (
        "Segment Deleted Successfully", "data SEGMENT-DELETED-SUCCESSFULLY", "No Segment Found to Delete",
    ),
    "createTemplate": (
        "Template Created Successfully with id:ID", "Data TEMPLATE-CREATED-SUCCESSFULLY", "Template Creating failed",
    ),
    "deleteTemplate": (
        "Template Deleted Successfully", "data TEMPLATE-DELETED-SUCCESSFULLY", "No Template Found to Delete",
    ),
    "listTemplate": ("Successfully fetched template data.", "data", "No Templates Found"),
    "createTrigger": (
        "Trigger Added successfully with\n    id:ID", "data TRIGGER-ADDED-SUCCESSFULLY", "Trigger adding failed",
    ),
    "deleteTrigger": (
        "Trigger Deleted Successfully", "data TRIGGER-DELETED-SUCCESSFULLY", "No Trigger Found to Delete",
    ),
    "listTrigger": ("Successfully fetched Trigger data.", "data", "Triggers Not Found"),
    "triggerStatus": (
        "Trigger Updated Successfully", "data TRIGGER-UPDATED-SUCCESSFULLY",
        "No Trigger Found to Update or already in given status",
    ),
    "listCampaign": ("Successfully fetched Campaigns data.", "data", "Campaigns Not Found"),
}  # fmt: skip
SHARED = {
    "401": (401, "No token provided.", "TOKEN-NOT-FOUND"),
    "429": (429, "API Usage Limit Exceeded", "API-LIMIT-EXCEEDED"),
    "500": (500, "Internal Server Error", "DB-ERROR"),
}
CREATES = ("createCampaign", "createTemplate", "createTrigger")
CASES = [
    *((endpoint, row) for endpoint in ENDPOINTS for row in ("200", "204", "401", "429", "500")),
    *((BY_NAME[name], "400") for name in CREATES),
]


def negative_call(emulator: Emulator, endpoint: Endpoint[Any]) -> tuple[str | None, Any]:
    """An argument and a body with which an endpoint answers its "204" row, the emulator's state alone causing it."""
    if endpoint.name in ("createCampaign", "createTemplate"):
        emulator.fault(endpoint.name, effect="outcome", code=endpoint.negative)
        return None, CAMPAIGN if endpoint.name == "createCampaign" else TEMPLATE
    if endpoint.name == "createTrigger":
        made = emulator.seed({"templates": [{}], "triggers": [{"name": "A trigger"}]})
        return None, trigger(made["templates"][0])
    return ("99" if endpoint.action == "list" else UNKNOWN), ({"status": "active"} if endpoint.has_body else None)


def ask(emulator: Emulator, api: Api, endpoint: Endpoint[Any], row: str) -> Any:
    """Bring a documented response about."""
    if row == "204":
        return api.call(endpoint.name, *negative_call(emulator, endpoint))
    argument, body = a_call(emulator, endpoint)
    if row == "429":
        emulator.fault(endpoint.name, effect="429")
    elif row == "500":
        emulator.fault(endpoint.name, effect="outcome", code="DB-ERROR")
    elif row == "401":
        api.session.headers.pop("Authorization")
    elif row == "400":
        body = {}
    return api.call(endpoint.name, argument, body)


def test_there_are_68() -> None:
    assert len(CASES) == 68


@pytest.mark.parametrize(("endpoint", "row"), CASES, ids=lambda value: getattr(value, "name", value))
def test_the_reference_dialect_answers_as_documented(
    emulator: Emulator, api: Api, endpoint: Endpoint[Any], row: str
) -> None:
    emulator.set_dialect("reference")
    answer = ask(emulator, api, endpoint, row)
    message, data, negative = DOCUMENTED[endpoint.name]
    if row in SHARED:
        number, message, code = SHARED[row]
        wanted: dict[str, Any] = {"status_code": number, "status": "ERROR", "message": message, "data": code}
        status = number
    elif row == "400":
        wanted = {"status_code": 400, "status": "ERROR", "message": "Invalid Data Message", "data": "BAD-REQUEST"}
        status = 401
    elif row == "204":
        wanted = {"status_code": 204, "status": "ERROR", "message": negative, "data": endpoint.negative}
        status = 200
    else:
        key, _, code = data.partition(" ")
        created = emulator.requests()[-1].committed or ""
        told = code or answer.json()[key]
        said = "SUCCESS" if endpoint.name == "listTemplate" else 200
        wanted = {"status_code": said, "status": "SUCCESS", "message": message.replace("ID", created), key: told}
        status = 200
        assert code or isinstance(told, (list, dict))
    assert answer.json() == wanted
    assert answer.status_code == status


@pytest.mark.parametrize(("endpoint", "row"), CASES, ids=lambda value: getattr(value, "name", value))
def test_express_says_the_outcome_in_the_http_status_and_empties_204(
    emulator: Emulator, api: Api, endpoint: Endpoint[Any], row: str
) -> None:
    answer = ask(emulator, api, endpoint, row)
    assert answer.status_code == int(row)
    if row == "204":
        assert answer.content == b""
        assert "Content-Type" not in answer.headers
    else:
        assert answer.json()["status_code"] == int(row)
        assert "data" in answer.json()


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_says_every_outcome(name: str) -> None:
    for endpoint, row in CASES:
        if endpoint.name not in ("createTrigger", "listTemplate"):
            continue
        with Emulator(dialect=name) as emulator:
            client = Api(emulator)
            answer = ask(emulator, client, endpoint, row)
            client.session.close()
        always, body = name == "always200", answer.json() if answer.content else None
        if always:
            assert answer.status_code == 200
        if row == "204":
            assert (body is None) is (name in ("express", "odd"))
            continue
        assert body is not None
        assert ("Data" in body) is (name == "odd")
        if row == "400":
            assert answer.status_code == {"always200": 200, "odd": 401, "reference": 401}.get(name, 400)
            assert body["status_code"] == (401 if name == "odd" else 400)
        if row == "200":
            word = name == "odd" or (name == "reference" and endpoint.name == "listTemplate")
            assert body["status_code"] == ("SUCCESS" if word else 200)
        if row == "200" and endpoint.name == "createTrigger":
            assert ("id:" in body["message"]) is (name != "mute")
            assert ("with\n    id:" in body["message"]) is (name in ("odd", "reference"))


def test_a_dialect_changes_while_it_runs_and_keeps_the_page_size(emulator: Emulator, api: Api) -> None:
    emulator.set_dialect(page_size=2)
    assert len(api.call("listSegment", 1).json()["data"]) == 2
    emulator.set_dialect("odd")
    assert len(api.call("listSegment", 1).json()["Data"]) == 2
    emulator.set_dialect(Dialect(page_size=1), data_key="Data")
    assert len(api.call("listSegment", 1).json()["Data"]) == 1


@pytest.mark.parametrize("settings", [{"page_size": 0}, {"page_size": True}, {"data_key": "DATA"}, {"colour": "red"}])
def test_what_no_dialect_has_is_refused(emulator: Emulator, settings: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(settings))):
        emulator.set_dialect(**settings)
    with pytest.raises(ValueError, match="klingon"):
        emulator.set_dialect("klingon")
