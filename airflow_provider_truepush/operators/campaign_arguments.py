"""The arguments of the create operator, checked one by one.

On literals the checks run when the Dag file is parsed, so nothing heavy is imported here. They run again on all
arguments before anything is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.given import NOT_GIVEN, connection_id, is_nothing, refuse_empty
from airflow_provider_truepush.operators.arguments import came_from_default_args

#: The fields of the campaign among the arguments.
CONTENT_FIELDS = (
    "title",
    "message",
    "link",
    "send_at",
    "expires_in",
    "buttons",
    "tags",
    "segment_id",
    "user_interaction",
    "image",
    "icon",
)
#: Arguments that must not be empty when they are given, in any form. Their default is NOT_GIVEN.
MUST_NOT_BE_EMPTY = ("segment_id", "segment", "send_at", "send_token", "ledger_conn_id")
#: A campaign scheduled further ahead than this is taken for a mistake.
_LONGEST_AHEAD = timedelta(days=400)
#: Python does not write numbers of thousands of digits.
_LARGEST_TOKEN = 10**40
#: The same for templates only: an explicit None means none.
TEMPLATES_MUST_NOT_BE_EMPTY = ("expires_in", "thresholds", "fail_if")
#: The same for the values that a task is mapped over.
NEVER_MAPPED_EMPTY = (
    *MUST_NOT_BE_EMPTY,
    *TEMPLATES_MUST_NOT_BE_EMPTY,
    "settled_after",
    "schedule_ahead",
    "max_lateness",
    "quiet_hours",
)
TEMPLATE_FIELDS = (
    *CONTENT_FIELDS,
    "segment",
    "send_token",
    "ledger_conn_id",
    "thresholds",
    "fail_if",
    "truepush_conn_id",
)
#: The fields' names in errors.
FIELDS = {name: f"campaign.{name}" for name in (*CONTENT_FIELDS, "segment")}
#: Arguments that have no effect unless the task waits.
OF_THE_WAIT = ("thresholds", "fail_if", "settled_after", "cancel_on_failure")
#: Arguments that include these are complete.
COMPLETE = {"wait_for_delivery", "error_budget", "settle_window", "require", "on_settled", *OF_THE_WAIT}
#: Names that people try for this operator, and what to write instead.
OTHER_NAMES = {
    "timeout": "delivery_timeout",
    "mode": "deferrable=True to wait without a worker slot",
    "soft_fail": "on_settled='succeed'",
    "exponential_backoff": "poke_interval",
    "schedule_at": "send_at",
    "scheduled_at": "send_at",
    **dict.fromkeys(("schedule", "at", "when", "timings"), "send_at"),
    **dict.fromkeys(("audience", "target", "subscribers"), "segment_id or segment"),
}

Check = Callable[[str, Any], object]


def _optional(check: Check) -> Check:
    return lambda field, value: None if value is None else check(field, value)


def _choice(*words: str) -> Check:
    return lambda field, value: checks.choice(field, value, words)


def _content(name: str) -> Check:
    def check(field: str, value: Any) -> None:
        from airflow_provider_truepush.api import templated
        from airflow_provider_truepush.api.models import parts

        {
            "title": checks.text,
            "message": checks.text,
            "link": checks.url,
            "expires_in": _optional(parts.hours),
            "buttons": parts.buttons,
            "tags": parts.tags,
            "user_interaction": parts.optional_flag,
            "image": parts.optional_url,
            "icon": parts.optional_url,
        }[name](field, value)
        templated.check_rendered(name, field, value)

    return check


def _segment_id(field: str, value: object) -> None:
    refuse_empty(field, value)
    checks.segment_id(field, value)


def _segment(field: str, value: object) -> None:
    from airflow_provider_truepush.api.models.audience import check_segment_name

    check_segment_name(field, value)


def _send_at(field: str, value: object) -> None:
    refuse_empty(field, value)
    from airflow_provider_truepush.api.schedule import times

    times.moment(field, value)


def send_token(field: str, value: object) -> str:
    """Check the key that makes two tries the same send: text, or a whole number such as the id of a row."""
    refuse_empty(field, value)
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        checks.refuse(field, value, "must be text or a whole number")
    if isinstance(value, int) and abs(value) >= _LARGEST_TOKEN:
        checks.refuse(field, value, "must have at most 40 digits")
    return checks.text(field, str.__str__(value) if isinstance(value, str) else str(value))


def _above_zero(field: str, value: object) -> None:
    if not isinstance(value, timedelta) or value <= timedelta(0):
        checks.refuse(field, value, "must be a timedelta above 0, such as timedelta(hours=1)")


def _ahead(field: str, value: object) -> None:
    _above_zero(field, value)
    if isinstance(value, timedelta) and value > _LONGEST_AHEAD:
        checks.refuse(field, value, f"must be at most {_LONGEST_AHEAD.days} days")


def _not_negative(field: str, value: object) -> None:
    if not isinstance(value, timedelta) or value < timedelta(0):
        checks.refuse(field, value, "must be a timedelta of at least 0, such as timedelta(seconds=60)")


def _quiet_hours(field: str, value: object) -> None:
    from airflow_provider_truepush.api.schedule.quiet_hours import read_quiet_hours

    read_quiet_hours(field, value)


def _error_budget(field: str, value: object) -> None:
    from airflow_provider_truepush.waiting.error_budget import check_error_budget

    check_error_budget(value)


def _bounds(field: str, value: object) -> None:
    from airflow_provider_truepush.api import templated
    from airflow_provider_truepush.waiting.bounds import check_bounds

    check_bounds(field, templated.mapping(field, value))


#: The check of each argument that says how to send.
OPTIONS: dict[str, Check] = {
    "send_token": send_token,
    "ledger_conn_id": connection_id,
    "truepush_conn_id": connection_id,
    "schedule_ahead": _optional(_ahead),
    "settle_window": _not_negative,
    "on_doubt": _choice("reconcile", "fail"),
    "send_on_backfill": checks.flag,
    "max_lateness": _optional(_above_zero),
    "quiet_hours": _quiet_hours,
    "in_quiet_hours": _choice("move", "skip"),
    "wait_for_delivery": checks.flag,
    "require": _choice("all", "any"),
    "settled_after": _optional(checks.seconds),
    "on_settled": _choice("succeed", "fail"),
    "error_budget": _error_budget,
    "cancel_on_failure": checks.flag,
    "cancel_on_kill": checks.flag,
    "poke_interval": checks.seconds,
    "delivery_timeout": checks.seconds,
    "deferrable": checks.flag,
}
CHECKS: dict[str, Check] = {
    **{name: _content(name) for name in ("title", "message", "link")},
    "send_at": _send_at,
    "segment_id": _segment_id,
    "segment": _segment,
    **{name: _content(name) for name in ("expires_in", "buttons", "tags", "user_interaction", "image", "icon")},
    "thresholds": _optional(_bounds),
    "fail_if": _optional(_bounds),
    **OPTIONS,
}


def _literal_parts(name: str) -> Check:
    def check(field: str, value: Any) -> None:
        from airflow_provider_truepush.api.models import parts

        {"buttons": parts.literal_buttons, "tags": parts.literal_tags}[name](field, value)

    return check


#: The checks of arguments with templates in them.
PARTLY: dict[str, Check] = {name: _literal_parts(name) for name in ("buttons", "tags")}
#: The checks, and the names of the arguments in errors.
CHECKED = CHECKS, FIELDS


def applicable(defaults: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ``default_args`` that the operator reads. Without the wait, those of the wait are for sensors.

    :param defaults: those that are arguments of the operator.
    :param given: the other arguments.
    """
    if given.get("wait_for_delivery", defaults.get("wait_for_delivery", False)) is not False:
        return defaults
    return {name: value for name, value in defaults.items() if name not in OF_THE_WAIT}


def forget_wait(arguments: dict[str, Any], kwargs: Mapping[str, Any]) -> None:
    """Forget what came from ``default_args`` and is meant for the Dag's sensors.

    :param arguments: all arguments by name.
    :param kwargs: the constructor's further arguments.
    """
    for name in OF_THE_WAIT if arguments["wait_for_delivery"] is False else ():
        if came_from_default_args(kwargs, name, arguments[name]):
            arguments[name] = False if name == "cancel_on_failure" else None


def never_empty(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the arguments that were given and must not render to an empty value.

    :param arguments: all arguments by name, as the constructor got them.
    """
    always = (name for name in MUST_NOT_BE_EMPTY if arguments[name] is not NOT_GIVEN)
    rendered = (name for name in TEMPLATES_MUST_NOT_BE_EMPTY if not is_nothing(arguments[name]))
    return (*always, *rendered, "truepush_conn_id")


def check_rendered(operator: Any, never_empty: tuple[str, ...]) -> None:
    """Check the arguments beside the campaign, alone and together, once templates are rendered.

    :param operator: has the arguments as attributes.
    :param never_empty: those that must not have rendered to an empty value.
    """
    for name in never_empty:
        refuse_empty(FIELDS.get(name, name), getattr(operator, name))
    given = {name: getattr(operator, name) for name in (*OPTIONS, *OF_THE_WAIT)}
    for name, check in OPTIONS.items():
        # These two are None where they were left out.
        if name not in ("send_token", "ledger_conn_id") or given[name] is not None:
            check(name, given[name])
    check_together(given)


def check_wait(given: Mapping[str, Any]) -> None:
    """Check the literals among the arguments of the wait, if the task waits.

    :param given: all arguments by name.
    """
    if given["wait_for_delivery"]:
        from airflow_provider_truepush.waiting.bounds import check_literals

        names = ("thresholds", "require", "fail_if", "settled_after", "on_settled", "error_budget")
        check_literals(**{name: given[name] for name in names})


def check_together(given: Mapping[str, Any]) -> None:
    """Check the arguments that restrict each other.

    :param given: arguments by name, each of the right type; those that were not given are left out.
    """
    window, ahead = given.get("settle_window"), given.get("schedule_ahead")
    if isinstance(window, timedelta) and isinstance(ahead, timedelta) and ahead <= window:
        checks.refuse("schedule_ahead", ahead, f"must be longer than settle_window ({window})")
    if given.get("wait_for_delivery"):
        return
    for name in OF_THE_WAIT:
        value = given.get(name)
        if value is not False and not is_nothing(value):
            checks.refuse(
                name, value, "has no effect without wait_for_delivery=True", "Set it, or wait with a separate sensor"
            )
