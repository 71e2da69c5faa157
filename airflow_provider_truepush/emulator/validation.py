"""The checks of requests, as strict as Truepush's reference."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import inf
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from airflow_provider_truepush.api.models.parts import MAX_BUTTONS
from airflow_provider_truepush.emulator.ids import is_object_id
from airflow_provider_truepush.emulator.schedule import wall_moment

Known = Callable[[str], bool]

_URL = re.compile(r"https?://[^\s/?#]+[^\s]*", re.IGNORECASE)
_DATE = re.compile(r"\d{2}-\d{2}-\d{4}|\d{2}/\d{2}/\d{4}")
_TIME = re.compile(r"\d{2}:\d{2}")


class BadDataError(Exception):
    """A request is refused; the text says why."""


def refuse(field: str, why: str) -> NoReturn:
    """Refuse the request for one field."""
    raise BadDataError(f"{field} {why}")


def campaign(body: dict[str, Any], known_segment: Known, zone: ZoneInfo, now: float) -> float | None:
    """Check the body of createCampaign.

    :param known_segment: returns True when the project has a segment of this id.
    :param zone: the project's.
    :param now: seconds since the epoch.
    :returns: the time of the send, or None for at once.
    """
    _content(body)
    _flag(body, "userInteraction")
    _flag(body, "scheduled")
    if "campaignExpiryTime" in body:
        hours = body["campaignExpiryTime"]
        if isinstance(hours, bool) or not isinstance(hours, (int, float)) or not 0 < hours < inf:
            refuse("campaignExpiryTime", "must be a number of hours above 0")
    both = [body[name] for name in ("segment", "Segment") if name in body]
    for value in both:
        _reference("segment", value, known_segment)
    if len(both) == 2 and both[0] != both[1]:
        refuse("segment", "and Segment are not the same")
    if "timings" in body and not isinstance(body["timings"], dict):
        refuse("timings", "must be an object with date and time")
    # Seen on the live service: scheduled without timings, and timings without scheduled, both send at once.
    if body.get("scheduled") is not True or "timings" not in body:
        return None
    moment = _moment("timings", body["timings"], zone)
    if moment <= now:
        refuse("timings", "are in the past")
    return moment


def template(body: dict[str, Any]) -> None:
    """Check the body of createTemplate."""
    _text(body, "name")
    _content(body)
    _flag(body, "userInteractionRequired")


def trigger(body: dict[str, Any], known_template: Known, known_segment: Known, zone: ZoneInfo) -> None:
    """Check the body of createTrigger.

    :param known_template: whether the project has a template of this id.
    :param known_segment: whether the project has a segment of this id.
    :param zone: the project's.
    """
    _text(body, "name")
    if "note" in body and not isinstance(body["note"], str):
        refuse("note", "must be a string")
    _reference("templateId", body.get("templateId"), known_template)
    if "segmentId" in body:
        _reference("segmentId", body["segmentId"], known_segment)
    kind, timings = body.get("type"), body.get("timings")
    if kind not in ("once", "multiple", "repeated"):
        refuse("type", "must be once, multiple or repeated")
    if not isinstance(timings, dict):
        refuse("timings", "must be an object")
    if kind == "multiple":
        for number, row in enumerate(_filled("timings.dates", timings.get("dates"))):
            # Past dates are accepted, because the reference's own example has one.
            _moment(f"timings.dates[{number}]", row, zone)
        return
    _whole("timings.hours", timings.get("hours"), 0, 23)
    _whole("timings.minutes", timings.get("minutes"), 0, 59)
    if kind == "repeated":
        _repeated(timings)


def _repeated(timings: dict[str, Any]) -> None:
    lists = {
        "daily": (),
        "weekly": (("week_days", 0, 6),),
        "monthly": (("dates", 1, 31),),
        "yearly": (("months", 1, 12), ("dates", 1, 31)),
    }
    kind = timings.get("sub_type")
    if not isinstance(kind, str) or kind not in lists:
        refuse("timings.sub_type", "must be daily, weekly, monthly or yearly")
    for name, low, high in lists[kind]:
        for number, value in enumerate(_filled(f"timings.{name}", timings.get(name))):
            _whole(f"timings.{name}[{number}]", value, low, high)


def trigger_status(body: dict[str, Any]) -> str:
    """Check the body of triggerStatus.

    :returns: the status wanted.
    """
    status = body.get("status")
    if status not in ("active", "inactive"):
        refuse("status", "must be active or inactive")
    return str(status)


def object_id(argument: str) -> str:
    """Check an id in a path."""
    if not is_object_id(argument):
        refuse("id", "must have 24 hexadecimal digits")
    return argument.lower()


def page(argument: str) -> int:
    """Check the page of a list."""
    if not (argument.isascii() and argument.isdigit() and len(argument) < 10 and int(argument) >= 1):
        refuse("page", "must be a number from 1")
    return int(argument)


def _content(body: dict[str, Any]) -> None:
    """Check the content that campaigns and templates share."""
    _text(body, "title")
    _text(body, "message")
    _url("link", body.get("link"))
    for name in ("image", "icon"):
        if name in body:
            _url(name, body[name])
    if "tags" in body:
        tags = body["tags"]
        if not isinstance(tags, list) or not all(isinstance(tag, str) and tag.strip() for tag in tags):
            refuse("tags", "must be a list of strings")
    if "buttons" in body:
        buttons = body["buttons"]
        if not isinstance(buttons, list) or len(buttons) > MAX_BUTTONS:
            refuse("buttons", f"must be a list of at most {MAX_BUTTONS}")
        for number, button in enumerate(buttons):
            if not isinstance(button, dict):
                refuse(f"buttons[{number}]", "must be an object with text and link")
            _text(button, "text", f"buttons[{number}].text")
            _url(f"buttons[{number}].link", button.get("link"))


def _text(body: dict[str, Any], name: str, field: str | None = None) -> None:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        refuse(field or name, "must be a string that is not empty")


def _url(field: str, value: Any) -> None:
    if not isinstance(value, str) or not _URL.fullmatch(value):
        refuse(field, "must be an http or https address")


def _flag(body: dict[str, Any], name: str) -> None:
    if name in body and not isinstance(body[name], bool):
        refuse(name, "must be true or false")


def _whole(field: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(field, f"must be a whole number from {low} to {high}")


def _filled(field: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        refuse(field, "must be a list that is not empty")
    return value


def _reference(field: str, value: Any, known: Known) -> None:
    if not is_object_id(value):
        refuse(field, "must have 24 hexadecimal digits")
    if not known(value.lower()):
        refuse(field, f"{value} is unknown in this project")


def _moment(field: str, row: Any, zone: ZoneInfo) -> float:
    if not isinstance(row, dict):
        refuse(field, "must be an object with date and time")
    day, time = row.get("date"), row.get("time")
    if not isinstance(day, str) or not _DATE.fullmatch(day):
        refuse(f"{field}.date", "must be dd-mm-yyyy")
    if not isinstance(time, str) or not _TIME.fullmatch(time):
        refuse(f"{field}.time", "must be HH:MM")
    try:
        return wall_moment(day, time, zone)
    except (ValueError, OverflowError):
        refuse(field, f"{day} {time} is not a valid date and time")
