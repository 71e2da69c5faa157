"""The thirteen commands of the reference, run by curl itself: only host, port and token are changed."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import START

CURL = shutil.which("curl")
pytestmark = pytest.mark.skipif(CURL is None, reason="there is no curl on this machine")

PICTURE = "https://www.google.co.in/images/branding/googlelogo/1x/googlelogo_color_272x92dp.png"
CONTENT = (
    f'"link": "http://www.gogole.com","image": "{PICTURE}","icon": "{PICTURE}","scheduled": true,'
    '"buttons": [{"text": "button1","link": "https://truepush.com"},{"text": "button2","link": "https://google.com"}]'
)
CAMPAIGN = '{"title":"Notification with API","message": "Notification with API message",' + CONTENT + "}"
TEMPLATE = (
    '{"name":"Template created with API" ,"title":"Creating template with API",'
    '"message": "Creating template with API Message",' + CONTENT + "}"
)
TRIGGER = (
    ' {"name": "Creating a trigger with API","note": "This is a trigger note","templateId": "5fb8cde682a1419035c8d981",'
    '"type": "multiple","timings": {"dates":[ {"date": "24-10-2021","time": "17:50" },'
    ' {"date": "23-10-2021","time": "17:50" }] } }'
)
#: Method, path, data, whether it says that it sends JSON, and the code or message of its success.
COMMANDS: list[tuple[str, str, str | None, bool, str]] = [
    ("POST", "createCampaign", CAMPAIGN, True, "CAMPAIGN-CREATED-SUCCESSFULLY"),
    ("PUT", "cancelCampaign/5fca2051f5dcf4f88078e23a", None, False, "CAMPAIGN-CANCELLED-SUCCESFULLY"),
    ("GET", "campaignStats/5fca2051f5dcf4f88078e23a", None, False, "Stats Fetched Successfully"),
    ("GET", "listSegment/1", None, False, "Successfully fetched Segment data."),
    ("DELETE", "deleteSegment/5f89365f51e2766113d29fd6", None, False, "SEGMENT-DELETED-SUCCESSFULLY"),
    ("POST", "createTemplate", TEMPLATE, True, "TEMPLATE-CREATED-SUCCESSFULLY"),
    ("DELETE", "deleteTemplate/5fb8d81b8deea45b89458df9", None, False, "TEMPLATE-DELETED-SUCCESSFULLY"),
    ("GET", "listTemplate/1", None, False, "Successfully fetched template data."),
    ("POST", "createTrigger", TRIGGER, True, "TRIGGER-ADDED-SUCCESSFULLY"),
    ("DELETE", "deleteTrigger/5fb2087c68e8e445158b7307", None, False, "TRIGGER-DELETED-SUCCESSFULLY"),
    ("GET", "listTrigger/1", None, False, "Successfully fetched Trigger data."),
    ("PUT", "triggerStatus/5fae1887042f2bee7ef8aef9", '{"status":"active"}', True, "TRIGGER-UPDATED-SUCCESSFULLY"),
    ("GET", "listCampaign/1", None, False, "Successfully fetched Campaigns data."),
]
#: What exists in the project of whoever wrote the reference.
PROJECT: dict[str, Any] = {
    "segments": [{"_id": "5f89365f51e2766113d29fd6"}],
    "templates": [{"_id": "5fb8d81b8deea45b89458df9"}, {"_id": "5fb8cde682a1419035c8d981"}],
    "triggers": [
        {"_id": "5fb2087c68e8e445158b7307", "name": "First"},
        {"_id": "5fae1887042f2bee7ef8aef9", "name": "Second", "status": "inactive"},
    ],
}


def curl(*arguments: str) -> tuple[int, str]:
    """Run curl; HTTP status and body."""
    assert CURL is not None
    done = subprocess.run(
        [CURL, "--silent", "--noproxy", "*", *arguments], capture_output=True, text=True, timeout=20, check=True
    )
    head, _, body = done.stdout.partition("\n\n" if "\r" not in done.stdout else "\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    ("method", "path", "data", "typed", "told"), COMMANDS, ids=[row[1].split("/")[0] for row in COMMANDS]
)
@pytest.mark.parametrize("dialect", ["express", "reference"])
def test_each_command_succeeds(
    emulator: Emulator, dialect: str, method: str, path: str, data: str | None, typed: bool, told: str
) -> None:
    emulator.set_dialect(dialect)
    # The reference cancels the very campaign whose stats it reads: it is not sent in the one, and is in the other.
    send_at = START.timestamp() + (60 if method == "PUT" else -60)
    emulator.seed({**PROJECT, "campaigns": [{"_id": "5fca2051f5dcf4f88078e23a", "send_at": send_at}]})
    options = ["--header", "Content-Type: application/json"] if typed else []
    options += [] if data is None else ["-d", data]
    status, body = curl(
        "-X", method, "--include", "--header", f"Authorization:{emulator.token}", *options,
        f"{emulator.url}/api/v1/{path}",
    )  # fmt: skip
    assert status == 200
    answer = json.loads(body)
    assert answer["status"] == "SUCCESS"
    assert told in (answer["message"], answer.get("data"), answer.get("Data"))
    (record,) = emulator.requests()
    assert (record.committed is not None) is (method != "GET")


def test_a_command_without_its_token_is_turned_away(emulator: Emulator) -> None:
    status, body = curl("-X", "GET", "--include", f"{emulator.url}/api/v1/listSegment/1")
    assert (status, json.loads(body)["data"]) == (401, "TOKEN-NOT-FOUND")


@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
def test_all_of_them_one_after_another_on_the_objects_of_the_reference(emulator: Emulator, order: int) -> None:
    status, _ = curl("--include", "-X", "POST", "-d", '{"reference": true}', f"{emulator.url}/_emulator/seed")
    assert status == 200
    for method, path, data, _, told in COMMANDS[::order]:
        options = [] if data is None else ["-d", data]
        status, body = curl(
            "-X", method, "--include", "--header", f"Authorization:{emulator.token}", *options,
            f"{emulator.url}/api/v1/{path}",
        )  # fmt: skip
        assert status == 200, path
        assert told in json.loads(body).values()
