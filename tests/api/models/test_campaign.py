"""Campaigns: what is refused, and what exactly goes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pendulum
import pytest

from airflow_provider_truepush.models import Button, Campaign
from tests.api.support import ID, NOW, refused

BERLIN = ZoneInfo("Europe/Berlin")
LEAST: dict[str, Any] = {"title": "T", "message": "M", "link": "https://example.com"}
BUTTON = {"text": "Buy", "link": "https://example.com/buy"}


def payload(**given: Any) -> dict[str, Any]:
    return Campaign(**{**LEAST, **given}).payload(BERLIN, NOW)


def test_the_least() -> None:
    assert payload() == LEAST


def test_everything() -> None:
    assert payload(
        send_at=datetime(2026, 12, 1, 9, 5),
        expires_in=timedelta(hours=2),
        buttons=[Button("Buy", "https://example.com/buy"), {"text": "Later", "link": "http://example.com/later"}],
        tags=["one", "two"],
        segment_id=ID,
        user_interaction=True,
        image="https://example.com/i.png",
        icon="https://example.com/c.png",
    ) == {
        **LEAST,
        "scheduled": True,
        "timings": {"date": "01-12-2026", "time": "09:05"},
        "campaignExpiryTime": 2,
        "buttons": [BUTTON, {"text": "Later", "link": "http://example.com/later"}],
        "tags": ["one", "two"],
        "segment": ID,
        "userInteraction": True,
        "image": "https://example.com/i.png",
        "icon": "https://example.com/c.png",
    }


@pytest.mark.parametrize("name", ["buttons", "tags"])
@pytest.mark.parametrize("empty", [None, (), []])
def test_empty_lists_are_left_out(name: str, empty: Any) -> None:
    assert payload(**{name: empty}) == LEAST


@pytest.mark.parametrize("value", [True, False])
def test_user_interaction_is_said_when_it_is_given(value: bool) -> None:
    assert payload(user_interaction=value) == {**LEAST, "userInteraction": value}


@pytest.mark.parametrize(
    ("expires_in", "hours"),
    [
        (1, 1),
        (2.0, 2),
        (1.5, 1.5),
        (0.25, 0.25),
        (timedelta(minutes=90), 1.5),
        (timedelta(days=2), 48),
        (pendulum.duration(hours=3), 3),
    ],
)
def test_expiry_in_hours(expires_in: Any, hours: float) -> None:
    sent = payload(expires_in=expires_in)["campaignExpiryTime"]
    assert sent == hours
    assert isinstance(sent, int) == (hours == int(hours))


REQUIRED = [("title", None), ("message", None), ("link", None)]
BAD_VALUES: list[tuple[str, Any, str]] = [
    ("title", "", "''"),
    ("title", " \n", "' \\n'"),
    ("title", 5, "5"),
    ("title", "half an emoji \ud83d", "'half an emoji \\ud83d'"),
    ("message", "", "''"),
    ("message", ["M"], "['M']"),
    ("link", "", "''"),
    ("link", "example.com", "'example.com'"),
    ("link", "/path", "'/path'"),
    ("link", "ftp://example.com", "'ftp://example.com'"),
    ("link", "javascript:alert(1)", "'javascript:alert(1)'"),
    ("link", "https://", "'https://'"),
    ("link", "https:///path", "'https:///path'"),
    ("link", "https://exa mple.com", "'https://exa mple.com'"),
    ("link", "https://example.com/a b", "'https://example.com/a b'"),
    ("link", "https://example.com\n", "'https://example.com\\n'"),
    ("link", "https://[::1", "'https://[::1'"),
    ("link", 5, "5"),
    ("image", "", "''"),
    ("image", "picture.png", "'picture.png'"),
    ("icon", "data:image/png;base64,AAAA", "'data:image/png;base64,AAAA'"),
    ("icon", False, "False"),
    ("user_interaction", "yes", "'yes'"),
    ("user_interaction", 1, "1"),
    ("segment_id", "everyone", "'everyone'"),
    ("segment_id", "", "''"),
    ("segment_id", "dry-run-0123456789abcdef", "'dry-run-0123456789abcdef'"),
    ("expires_in", 0, "0"),
    ("expires_in", -1, "-1"),
    ("expires_in", timedelta(0), "datetime.timedelta(0)"),
    ("expires_in", timedelta(hours=-1), "datetime.timedelta"),
    ("expires_in", float("nan"), "nan"),
    ("expires_in", float("inf"), "inf"),
    ("expires_in", True, "True"),
    ("expires_in", "2 hours", "'2 hours'"),
    ("send_at", "tomorrow", "'tomorrow'"),
    ("send_at", "now", "'now'"),
    ("send_at", "2026-12-01", "'2026-12-01'"),
    ("send_at", "09:00", "'09:00'"),
    ("send_at", "12:", "'12:'"),
    ("send_at", "01-12-2026 09:00", "'01-12-2026 09:00'"),
    ("send_at", 1_796_000_000, "1796000000"),
    ("send_at", "", "''"),
    ("buttons", "Buy", "'Buy'"),
    ("buttons", BUTTON, "{'text': 'Buy'"),
    ("buttons", 5, "5"),
    ("buttons", [BUTTON, BUTTON, BUTTON], "[{'text': 'Buy'"),
    ("tags", "one", "'one'"),
    ("tags", {"one": 1}, "{'one': 1}"),
    ("tags", b"one", "b'one'"),
]


@pytest.mark.parametrize(("name", "value", "shown"), [*BAD_VALUES, *((*each, "None") for each in REQUIRED)])
def test_bad_values(name: str, value: Any, shown: str) -> None:
    with refused(f"campaign.{name}", shown):
        Campaign(**{**LEAST, name: value})
    with refused(f"campaign.{name}", shown):
        Campaign.read({**LEAST, name: value})


@pytest.mark.parametrize("name", ["title", "message", "link"])
def test_required(name: str) -> None:
    given = {key: value for key, value in LEAST.items() if key != name}
    with refused(f"campaign.{name}", "None"):
        Campaign.read(given)


@pytest.mark.parametrize(
    ("field", "button", "shown"),
    [
        ("campaign.buttons[1].link", {"text": "Buy"}, "None"),
        ("campaign.buttons[1].text", {"link": "https://example.com"}, "None"),
        ("campaign.buttons[1].text", {"text": "", "link": "https://example.com"}, "''"),
        ("campaign.buttons[1].link", {"text": "Buy", "link": "example.com"}, "'example.com'"),
        ("campaign.buttons[1].url", {**BUTTON, "url": "x"}, "'x'"),
        ("campaign.buttons[1]", "Buy", "'Buy'"),
        ("campaign.buttons[1]", ("Buy", "https://example.com"), "('Buy'"),
    ],
)
def test_bad_buttons(field: str, button: Any, shown: str) -> None:
    with refused(field, shown):
        Campaign(**LEAST, buttons=[BUTTON, button])


def test_three_buttons() -> None:
    with refused("campaign.buttons", "[{'text': 'Buy'", why="at most 2 buttons, 3 given"):
        Campaign(**LEAST, buttons=[BUTTON] * 3)
    assert len(Campaign(**LEAST, buttons=[BUTTON] * 2).buttons) == 2


@pytest.mark.parametrize(("text", "link"), [("", "https://example.com"), (None, "https://example.com")])
def test_a_button_has_a_text(text: Any, link: str) -> None:
    with refused("button.text", repr(text)):
        Button(text, link)


def test_a_button_has_a_link() -> None:
    with refused("button.link", "'nowhere'"):
        Button("Buy", "nowhere")


@pytest.mark.parametrize(("tags", "field"), [(["a", ""], "tags[1]"), ([5], "tags[0]"), (["a", "b", None], "tags[2]")])
def test_bad_tags(tags: Any, field: str) -> None:
    with refused(f"campaign.{field}", repr(tags[-1])):
        Campaign(**LEAST, tags=tags)


@pytest.mark.parametrize("name", ["Title", "segment", "sendAt", "id", "buttons "])
def test_a_misspelt_field_is_not_lost(name: str) -> None:
    with refused(f"campaign.{name}", "'x'"):
        Campaign.read({**LEAST, name: "x"})


@pytest.mark.parametrize("given", [None, "text", 5, [("title", "T")]])
def test_a_campaign_is_a_campaign_or_a_mapping(given: Any) -> None:
    with refused("campaign"):
        Campaign.read(given)


def test_a_campaign_is_taken_as_it_is() -> None:
    campaign = Campaign(**LEAST)
    assert Campaign.read(campaign) is campaign
    assert Campaign.read(LEAST) == campaign


def test_a_long_value_is_cut_in_the_error() -> None:
    with pytest.raises(ValueError, match="…") as caught:
        Campaign(**{**LEAST, "link": "x" * 1_000_000})
    assert len(str(caught.value)) < 300


def test_as_dict_is_one_form_however_it_was_written() -> None:
    campaign = Campaign(
        **LEAST,
        send_at="2026-12-01T09:00:00+01:00",
        expires_in=timedelta(minutes=90),
        buttons=[BUTTON],
        tags=("one",),
        segment_id=ID,
        user_interaction=False,
        image="https://example.com/i.png",
    )
    told = campaign.as_dict()
    assert told == {
        **LEAST,
        "send_at": "2026-12-01T08:00:00+00:00",
        "expires_in": 1.5,
        "buttons": [BUTTON],
        "tags": ["one"],
        "segment_id": ID,
        "user_interaction": False,
        "image": "https://example.com/i.png",
    }
    assert Campaign.read(json.loads(json.dumps(told))).as_dict() == told
    assert Campaign(**LEAST).as_dict() == LEAST
    assert Campaign(**LEAST, send_at=datetime(2026, 12, 1, 9)).as_dict()["send_at"] == "2026-12-01T09:00:00"


# --- send_at ---


@pytest.mark.parametrize(
    ("send_at", "date", "time"),
    [
        (datetime(2026, 12, 1, 9), "01-12-2026", "09:00"),  # naive: the project's clock
        (datetime(2026, 12, 1, 9, tzinfo=UTC), "01-12-2026", "10:00"),
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "02-07-2026", "00:30"),
        (datetime(2026, 12, 1, 9, tzinfo=ZoneInfo("Asia/Tokyo")), "01-12-2026", "01:00"),
        (pendulum.datetime(2026, 12, 1, 9, tz="America/New_York"), "01-12-2026", "15:00"),
        ("2026-12-01T09:00:00+00:00", "01-12-2026", "10:00"),
        ("2026-12-01 09:00:00+05:30", "01-12-2026", "04:30"),
        ("2026-12-01T09:00:00Z", "01-12-2026", "10:00"),
        ("2026-12-01T09:00", "01-12-2026", "09:00"),
        (" 2026-12-01 09:00:00 ", "01-12-2026", "09:00"),
        ("2026-12-01T09:00:01", "01-12-2026", "09:01"),
        ("2026-12-31T23:59:30", "01-01-2027", "00:00"),
    ],
)
def test_send_at(send_at: Any, date: str, time: str) -> None:
    assert payload(send_at=send_at) == {**LEAST, "scheduled": True, "timings": {"date": date, "time": time}}


@pytest.mark.parametrize("send_at", ["2026-12-01T09:00:00", "2026-12-01T09:00:00+01:00"])
def test_send_at_without_a_zone_of_the_project(send_at: str) -> None:
    campaign = Campaign(**LEAST, send_at=send_at)
    with refused("campaign.send_at", f"'{send_at}'", why="needs the time zone of the Truepush project"):
        campaign.payload(None, NOW)


@pytest.mark.parametrize(
    "send_at", ["2026-06-01T13:59:59", "2020-01-01T00:00:00Z", "2026-06-01T14:00:00", "2026-06-01T12:00:00+00:00"]
)
def test_send_at_in_the_past(send_at: str) -> None:
    campaign = Campaign(**LEAST, send_at=send_at)
    with refused("campaign.send_at", why="is in the past"):
        campaign.payload(BERLIN, NOW)


def test_a_campaign_without_send_at_needs_no_zone() -> None:
    assert Campaign(**LEAST).payload(None, NOW) == LEAST


def test_send_at_is_checked_at_the_moment_of_sending() -> None:
    campaign = Campaign(**LEAST, send_at="2026-06-01T14:01:00")
    assert campaign.payload(BERLIN, NOW)["timings"] == {"date": "01-06-2026", "time": "14:01"}
    with refused("campaign.send_at", "'2026-06-01T14:01:00+02:00'"):
        campaign.payload(BERLIN, NOW + timedelta(minutes=1))
