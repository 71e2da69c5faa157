"""The objects that Truepush's reference mentions, with the ids that it shows.

With them the commands of the reference work as they are printed, in any order.
"""

from __future__ import annotations

from typing import Any

from airflow_provider_truepush.emulator.clock import as_datetime

#: The reference cancels this campaign and reads its counters as well. No campaign can be both unsent and counted,
#: so it is scheduled, and its counters are scripted.
CAMPAIGN = "5fca2051f5dcf4f88078e23a"
COUNTERS = {
    "Reach": 2, "Sent": 2, "Delivered": 1, "Views": 1, "Clicks": 1, "Button0": 0, "Button1": 0, "Unsubscribers": 1,
}  # fmt: skip

_DAY = 86400.0


def objects(now: float) -> dict[str, list[dict[str, Any]]]:
    """Return the objects, for :func:`.seeding.seed`.

    :param now: seconds since the epoch.
    """
    return {
        "segments": [
            {"_id": "5f89365f51e2766113d29fd6", "name": "Indian Android users"},
            {"_id": "5f8aed2a004e183c01199e9c", "name": "Indian Windows Users"},
            {"_id": "5f8aee042a8d683f9e63c39d", "name": "Indian MAC users"},
        ],
        "templates": [
            {"_id": "5f8d550652c49342b6423fad", "name": "Welcome to Truepush"},
            {"_id": "5fb8cde682a1419035c8d981", "name": "News of the day"},
            {"_id": "5fb8d81b8deea45b89458df9", "name": "News of yesterday"},
        ],
        "triggers": [
            _trigger("5f8d5d900db83d4f8cf35d79", "MAC and welcome", "inactive"),
            _trigger("5f8ee892df5ff41f7f00694c", "Test1 Once", "inactive"),
            _trigger("5fae1887042f2bee7ef8aef9", "Test2 Daily", "inactive"),
            _trigger("5fb2087c68e8e445158b7307", "Test3 Daily", "inactive"),
        ],
        "campaigns": [
            {"_id": "5f71b707ce17f26371ebc12e", "title": "Campaign 1", "send_at": as_datetime(now - _DAY)},
            {"_id": "5f71bfa5ce17f26371ebc130", "title": "Campaign 2", "send_at": as_datetime(now - _DAY / 2)},
            {"_id": CAMPAIGN, "title": "Campaign 3", "send_at": as_datetime(now + _DAY)},
        ],
    }


def _trigger(trigger_id: str, name: str, status: str) -> dict[str, Any]:
    return {"_id": trigger_id, "name": name, "status": status, "templateId": "5f8d550652c49342b6423fad"}
