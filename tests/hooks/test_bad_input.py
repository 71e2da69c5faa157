"""Bad input is named, field and value, before anything is sent: through hooks, operators and the sensor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.driver import CONN_ID, Flavour, attempt, call, connect
from tests.contract.world import CAMPAIGN, SENT
from tests.sensors.context import context

BUTTON = {"text": "Go", "link": "https://example.com/"}
PAST = datetime(2020, 1, 1, tzinfo=UTC)
NAIVE = (datetime.now() + timedelta(days=30)).replace(second=0, microsecond=0)

#: A campaign's change for the worse, the field to be named, and the value to be shown.
BAD_CAMPAIGNS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no-title": ({"title": None}, "campaign.title", "None"),
    "empty-title": ({"title": "  "}, "campaign.title", "'  '"),
    "title-of-another-kind": ({"title": 7}, "campaign.title", "7"),
    "no-message": ({"message": None}, "campaign.message", "None"),
    "link-of-another-kind": ({"link": "example.com"}, "campaign.link", "'example.com'"),
    "three-buttons": ({"buttons": [BUTTON] * 3}, "campaign.buttons", "Go"),
    "button-without-link": ({"buttons": [{"text": "Go"}]}, "campaign.buttons[0].link", "None"),
    "button-without-text": ({"buttons": [BUTTON, {"link": "https://a.b/"}]}, "campaign.buttons[1].text", "None"),
    "sent-in-the-past": ({"send_at": PAST}, "campaign.send_at", "2020-01-01"),
    "no-time-at-all": ({"send_at": "soon"}, "campaign.send_at", "'soon'"),
    "malformed-segment": ({"segment_id": "12345"}, "campaign.segment_id", "'12345'"),
    "expires-before-it-is-sent": ({"expires_in": -1}, "campaign.expires_in", "-1"),
    "image-of-another-kind": ({"image": "cat.png"}, "campaign.image", "'cat.png'"),
}
MALFORMED = ("", "123", "g" * 24, "ab" * 13, " " + "ab" * 12, None, 5, "../deleteSegment/" + "a" * 7)
BAD_GOALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown-threshold": ({"thresholds": {"opens": 5}}, "thresholds.opens", "5"),
    "unknown-guardrail": ({"fail_if": {"complaints": 0.5}}, "fail_if.complaints", "0.5"),
    "rate-above-one": ({"thresholds": {"delivery_rate": 95}}, "thresholds.delivery_rate", "95"),
    "guardrail-above-one": ({"fail_if": {"unsubscribe_rate": 1.5}}, "fail_if.unsubscribe_rate", "1.5"),
    "negative-counter": ({"thresholds": {"sent": -1}}, "thresholds.sent", "-1"),
    "nothing-to-wait-for": ({"thresholds": {}}, "thresholds", "{}"),
    "require-of-another-kind": ({"require": "some"}, "require", "'some'"),
    "settled-before-it-began": ({"settled_after": -5}, "settled_after", "-5"),
}


@pytest.mark.parametrize("name", BAD_CAMPAIGNS)
def test_a_bad_campaign_in_a_hook(
    name: str, flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, field, value = BAD_CAMPAIGNS[name]
    connect(monkeypatch, emulator, timezone="Europe/Berlin")

    told = attempt(flavour, CONN_ID, "create_campaign", {**CAMPAIGN, **change})

    assert told.name == "TruepushValidationError"
    assert str(told.error).startswith(f"{field}:")
    assert value in str(told.error)
    assert isinstance(told.error, ValueError)
    assert emulator.count() == 0


@pytest.mark.parametrize("name", BAD_CAMPAIGNS)
def test_a_bad_campaign_in_the_operator(name: str, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    change, field, value = BAD_CAMPAIGNS[name]
    connect(monkeypatch, emulator, timezone="Europe/Berlin")
    templates = {**CAMPAIGN, **dict.fromkeys(change, "{{ later }}")}
    operator = TruepushCreateCampaignOperator(task_id="send", truepush_conn_id=CONN_ID, **templates)
    for argument, rendered in change.items():
        setattr(operator, argument, rendered)

    with pytest.raises(AirflowFailException, match="Nothing was sent") as caught:
        operator.execute(context())

    assert field in str(caught.value)
    assert value in str(caught.value)
    assert emulator.count() == 0


def test_a_campaign_that_lacks_a_field_altogether(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator)
    for name in ("title", "message", "link"):
        given = {key: value for key, value in CAMPAIGN.items() if key != name}
        told = attempt(flavour, CONN_ID, "create_campaign", given)
        assert told.name == "TruepushValidationError"
        assert str(told.error).startswith(f"campaign.{name}: ")
    told = attempt(flavour, CONN_ID, "create_campaign", {**CAMPAIGN, "buton": []})
    assert "campaign.buton" in str(told.error)
    assert emulator.count() == 0


def test_a_naive_time_needs_the_connections_zone(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = {**CAMPAIGN, "send_at": NAIVE}
    connect(monkeypatch, emulator)
    told = attempt(flavour, CONN_ID, "create_campaign", campaign)
    assert told.name == "TruepushValidationError"
    assert "campaign.send_at" in str(told.error)
    assert NAIVE.isoformat() in str(told.error)
    assert "timezone" in str(told.error)
    with pytest.raises(AirflowFailException, match="timezone"):
        TruepushCreateCampaignOperator(task_id="send", truepush_conn_id=CONN_ID, **campaign).execute(context())
    assert emulator.count() == 0

    connect(monkeypatch, emulator, timezone="Asia/Kolkata")
    call(flavour, CONN_ID, "create_campaign", campaign)
    (request,) = emulator.requests("createCampaign")
    assert request.body["timings"] == {"date": NAIVE.strftime("%d-%m-%Y"), "time": NAIVE.strftime("%H:%M")}
    assert request.body["scheduled"] is True


def test_an_aware_time_is_moved_to_the_connections_zone(
    flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator, timezone="Asia/Kolkata")
    year = datetime.now().year + 1
    call(flavour, CONN_ID, "create_campaign", {**CAMPAIGN, "send_at": datetime(year, 3, 1, 20, 0, tzinfo=UTC)})
    (request,) = emulator.requests("createCampaign")
    assert request.body["timings"] == {"date": f"02-03-{year}", "time": "01:30"}


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("get_campaign_stats", ()),
        ("cancel_campaign", ()),
        ("delete_template", ()),
        ("delete_trigger", ()),
        ("delete_segment", ()),
        ("set_trigger_status", ("active",)),
    ],
)
def test_a_malformed_id_in_a_hook(
    method: str, more: tuple[Any, ...], flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator)
    for bad in MALFORMED:
        told = attempt(flavour, CONN_ID, method, bad, *more)
        assert told.name == "TruepushValidationError"
        assert "_id: must be" in str(told.error)
        assert repr(bad) in str(told.error)
    assert emulator.count() == 0


@pytest.mark.parametrize("operator", [TruepushCancelCampaignOperator, TruepushGetCampaignStatsOperator])
@pytest.mark.parametrize("bad", MALFORMED)
def test_a_malformed_id_in_an_operator(
    bad: Any, operator: type[Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, emulator)
    with pytest.raises(AirflowFailException, match="campaign_id") as caught:
        operator(task_id="t", campaign_id=bad, truepush_conn_id=CONN_ID).execute(context())
    assert repr(bad) in str(caught.value)
    assert emulator.count() == 0


def test_a_status_that_there_is_not(flavour: Flavour, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, emulator)
    told = attempt(flavour, CONN_ID, "set_trigger_status", SENT, "paused")
    assert told.name == "TruepushValidationError"
    assert "'paused'" in str(told.error)
    assert emulator.count() == 0


@pytest.mark.parametrize(
    "mode", [{}, {"mode": "reschedule"}, {"deferrable": True}], ids=["poke", "reschedule", "defer"]
)
@pytest.mark.parametrize("name", [*BAD_GOALS, "malformed-id"])
def test_a_bad_wait_in_the_sensor(
    name: str, mode: dict[str, Any], emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, field, value = BAD_GOALS.get(name, ({"campaign_id": "123"}, "campaign_id", "'123'"))
    connect(monkeypatch, emulator)
    arguments = {"campaign_id": SENT, "thresholds": {"sent": 1}, "truepush_conn_id": CONN_ID, **change, **mode}

    with pytest.raises(
        AirflowFailException, match="The campaign is not affected"
    ) as caught:  # as the Dag file is parsed
        TruepushCampaignStatsSensor(task_id="wait", **arguments)

    assert str(caught.value).startswith(f"{field}:")
    assert value in str(caught.value)
    assert emulator.count() == 0
