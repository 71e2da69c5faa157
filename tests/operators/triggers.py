"""What the tests of the operators for triggers share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import Weekly
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator

TEMPLATE = "5fb8cde682a1419035c8d981"
SEGMENT = "5f8aed2a004e183c01199e9c"
LEAST: dict[str, Any] = {"name": "Weekly", "template_id": TEMPLATE, "schedule": Weekly([1], 9, 30)}
WEEKLY = {"sub_type": "weekly", "week_days": [1], "hours": 9, "minutes": 30}
BODY = {"name": "Weekly", "templateId": TEMPLATE, "type": "repeated", "timings": WEEKLY}
LATER = datetime(datetime.now().year + 1, 12, 24, 18, 0)


@pytest.fixture(name="_template", autouse=True)
def template_fixture(emulator: Emulator) -> None:
    emulator.seed(
        {
            "templates": [{}, {"_id": TEMPLATE, "name": "Digest"}],
            "segments": [{"_id": SEGMENT, "name": "Loyal customers"}],
        }
    )


def create(**arguments: Any) -> Any:
    return TruepushCreateTriggerOperator(task_id="create", **{**LEAST, **arguments}).execute({})


def seed(emulator: Emulator, *names: str, **row: Any) -> list[str]:
    return emulator.seed({"triggers": [{"name": name, **row} for name in names]}).get("triggers", [])


def ids(emulator: Emulator, name: str = "Weekly") -> list[str]:
    return [row["id"] for row in emulator.triggers() if row["name"] == name]


def statuses(emulator: Emulator, name: str = "Weekly") -> list[str]:
    return [row["status"] for row in emulator.triggers() if row["name"] == name]
