"""A small Truepush project, and one call of each of the thirteen endpoints in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from airflow_provider_truepush.api.protocol.endpoints import ENDPOINTS, Endpoint
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import (
    CampaignRef,
    CampaignStats,
    Daily,
    SegmentRef,
    TemplateRef,
    TriggerRef,
)

SENT, SCHEDULED = "a1" * 12, "a2" * 12
SEGMENT, TEMPLATE, TRIGGER = "b1" * 12, "c1" * 12, "d1" * 12
#: The id of nothing.
UNKNOWN = "ef" * 12

CAMPAIGN = {"title": "Sale", "message": "Today only", "link": "https://example.com/"}
NEW_TEMPLATE = {**CAMPAIGN, "name": "Sale"}
NEW_TRIGGER = {"name": "Every morning", "template_id": TEMPLATE, "schedule": Daily(9, 30)}
STATS = CampaignStats(100, 90, 80, 40, 9, 2, 1, 3)

BY_NAME: dict[str, Endpoint[Any]] = {endpoint.name: endpoint for endpoint in ENDPOINTS}
CREATES = ("createCampaign", "createTemplate", "createTrigger")
LISTS = ("listCampaign", "listTemplate", "listTrigger", "listSegment")
#: What changes something that is there.
CHANGES = ("cancelCampaign", "deleteSegment", "deleteTemplate", "deleteTrigger", "triggerStatus")


@dataclass(frozen=True, slots=True)
class Use:
    """A call of a hook that uses an endpoint: in the seeded project it succeeds."""

    method: str
    args: tuple[Any, ...] = ()


USES: dict[str, Use] = {
    "createCampaign": Use("create_campaign", (CAMPAIGN,)),
    "cancelCampaign": Use("cancel_campaign", (SCHEDULED,)),
    "campaignStats": Use("get_campaign_stats", (SENT,)),
    "listSegment": Use("list_segments"),
    "deleteSegment": Use("delete_segment", (SEGMENT,)),
    "createTemplate": Use("create_template", (NEW_TEMPLATE,)),
    "deleteTemplate": Use("delete_template", (TEMPLATE,)),
    "listTemplate": Use("list_templates"),
    "createTrigger": Use("create_trigger", (NEW_TRIGGER,)),
    "deleteTrigger": Use("delete_trigger", (TRIGGER,)),
    "listTrigger": Use("list_triggers"),
    "triggerStatus": Use("set_trigger_status", (TRIGGER, "inactive")),
    "listCampaign": Use("list_campaigns"),
}
assert USES.keys() == BY_NAME.keys(), f"add a use of {USES.keys() ^ BY_NAME.keys()} above"


def furnish(emulator: Emulator) -> None:
    """Bring an emulator to the beginning, with the small project in it."""
    emulator.reset()
    emulator.seed(
        {
            "segments": [{"_id": SEGMENT, "name": "Berlin"}],
            "templates": [{"_id": TEMPLATE, "name": "Weekly"}],
            "triggers": [{"_id": TRIGGER, "name": "Sundays", "templateId": TEMPLATE}],
            "campaigns": [
                {"_id": SENT, "title": "Sent"},
                {"_id": SCHEDULED, "title": "Scheduled", "send_at": (emulator.now() + timedelta(days=1)).isoformat()},
            ],
        }
    )
    emulator.set_series(SENT, [STATS.as_dict()])


def rows(emulator: Emulator, name: str) -> list[Any]:
    """What a list holds in truth, in no order."""
    truth: dict[str, list[Any]] = {
        "listCampaign": [CampaignRef(row["id"], row["title"]) for row in emulator.campaigns()],
        "listTemplate": [TemplateRef(row["id"], row["name"]) for row in emulator.templates()],
        "listTrigger": [TriggerRef(row["id"], row["name"], row["status"]) for row in emulator.triggers()],
        "listSegment": [SegmentRef(row["id"], row["name"]) for row in emulator.segments()],
    }
    return truth[name]


def requests_of_success(name: str) -> int:
    """A list asks for its one page, and for the one after it."""
    return 2 if name in LISTS else 1


def check_success(emulator: Emulator, name: str, value: Any, *, told_id: bool = True) -> None:
    """Compare a call's value with the emulator's truth.

    :param told_id: whether creates tell the id.
    """
    if name in LISTS:
        assert sorted(value, key=lambda row: row.id) == sorted(rows(emulator, name), key=lambda row: row.id)
    elif name == "campaignStats":
        assert value == STATS
    elif name in CREATES:
        (created,) = commits(emulator, name)
        assert value == (created if told_id else None)
    else:
        assert value is True
        assert len(commits(emulator, name)) == 1


def commits(emulator: Emulator, name: str) -> list[str]:
    """The ids of all that requests to an endpoint have created or changed."""
    return [request.committed for request in emulator.requests(name) if request.committed is not None]
