"""The operator that creates a trigger of Truepush's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.checks.given import NOT_GIVEN, refuse_empty, refuse_two_segments
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.operators.choices import IF_EXISTS, check_choice, choice
from airflow_provider_truepush.operators.target import keep_target, read_target, refuse_two, target_checks
from airflow_provider_truepush.operators.task_records import changes, of_project

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.api.schedule.schedules import Schedule
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.models import Trigger
    from airflow_provider_truepush.resources.change_record import ChangeRecords
    from airflow_provider_truepush.resources.mapped_changes import MappedChanges

#: What an error about a look-up means for the trigger.
_NOT_CREATED = "The trigger was not created."
#: A placeholder for an id that is looked up after everything else has been checked.
_UNRESOLVED = "0" * 24


def _schedule(field: str, value: Any) -> None:
    from airflow_provider_truepush.api.schedule.parse import read_schedule

    read_schedule(field, value)


def _schedule_names(field: str, value: Any) -> None:
    from airflow_provider_truepush.api.schedule.parse import check_names

    check_names(field, value)


def _segment_id(field: str, value: Any) -> None:
    refuse_empty(field, value, "trigger")
    checks.segment_id(field, value)


def _segment(field: str, value: Any) -> None:
    from airflow_provider_truepush.api.models.audience import check_segment_name

    check_segment_name(field, value)


def _note(field: str, value: Any) -> None:
    if value is not None:
        checks.encodable(field, value) if isinstance(value, str) else checks.refuse(field, value, "must be a string")


_CHECKS = {
    **target_checks("template_id", "template"),
    "name": checks.text,
    "schedule": _schedule,
    "segment_id": _segment_id,
    "segment": _segment,
    "note": _note,
    "if_exists": choice(IF_EXISTS),
}
#: Names that people try for the schedule.
_SCHEDULE_NAMES = ("send_at", "at", "cron", "crontab", "timings", "when", "schedule_at", "scheduled_at", "send_time")
_FIELDS = {name: f"trigger.{name}" for name in ("name", "schedule", "segment_id", "segment", "note")}


class TruepushCreateTriggerOperator(TruepushOperator):
    """Create a trigger, unless one of its name exists: ``listTrigger``, then ``createTrigger``, sent once.

    Returns the trigger's id, or None when Truepush created it and neither its answer nor the list reports the id.
    After a lost answer the list is read once more: a new trigger of the name is taken to be this one; anything else
    needs a manual decision. Invalid values fail the task before anything is sent. A warning names the days that some
    months do not have.

    :param name: the trigger's name, unique in the project.
    :param template_id: id of the template it sends.
    :param template: name of the template, instead of its id. Exactly one template must have it.
    :param schedule: when, on the project's wall clock: one of ``Once, OnDates, Daily, Weekly, Monthly, Yearly``; or
        such a schedule as a mapping, ``{"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}`` (what its
        ``as_dict()`` gives; its values may be templates), or a cron expression, ``30 9 * * 1``.
    :param segment_id: id of the segment to send to. Without a segment the trigger sends to every subscriber. One that
        was given and renders to an empty value is an error.
    :param segment: name of the segment, instead of its id. Exactly one segment must have it.
    :param note: a remark for your colleagues.
    :param if_exists: what to do when a trigger of this name exists. ``fail`` fails the task. ``reuse`` keeps it as it
        is and logs a warning, because the API cannot read its template and schedule. ``replace`` deletes it and
        creates a new one. Two triggers cannot have one name, so the old one is deleted first, after everything that
        can be checked is checked; a push that is due between the two requests is missed. A trigger that was inactive
        is inactive again afterwards. On Airflow 3.3 and later that is recorded before the deletion, so a retry after
        a killed task restores it; on earlier versions such a retry needs a manual decision. A retry keeps what an
        earlier try of the same run created; clearing the task of a finished run replaces that too, or on
        earlier versions needs a manual decision if it is active. In a mapped task the map index that has the item now
        completes what another one began, as the XCom ``truepush_changes`` says.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = (
        "name",
        "template_id",
        "template",
        "schedule",
        "segment_id",
        "segment",
        "note",
        "if_exists",
        "truepush_conn_id",
    )
    native_fields = ("schedule",)
    other_names: ClassVar[dict[str, str]] = dict.fromkeys(_SCHEDULE_NAMES, "schedule")
    consequence = _NOT_CREATED
    template_fields_renderers: ClassVar[dict[str, str]] = {"schedule": "json"}

    def __init__(
        self,
        *,
        name: str,
        template_id: str | XComArg | None = NOT_GIVEN,
        template: str | None = NOT_GIVEN,
        schedule: Schedule | Mapping[str, Any] | str,
        segment_id: str | None = NOT_GIVEN,
        segment: str | None = NOT_GIVEN,
        note: str | None = None,
        if_exists: Literal["fail", "reuse", "replace"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        arguments = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        self.check_constructor(kwargs, arguments)
        super().__init__(**kwargs)
        self.name = name
        self.template_id, self.template = keep_target(self, template_id=template_id, template=template)
        self.schedule = schedule
        self.segment_id = None if segment_id is NOT_GIVEN else segment_id
        self.segment = None if segment is NOT_GIVEN else segment
        self._segment_field = next((name for name in ("segment_id", "segment") if arguments[name] is not NOT_GIVEN), "")
        self.note = note
        self.if_exists = if_exists
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            refuse_two_segments("trigger.segment", given)
            refuse_two(given, "template_id", "template")
            partly = {"schedule": _schedule_names}
            check_literals(given, _CHECKS, _FIELDS, template_fields=cls.template_fields, partly=partly)

    def execute(self, context: Context) -> str | None:
        """Create the trigger, or keep the existing one."""
        with changes(context, "create", "trigger", self.name, self.truepush_conn_id) as (records, mapped):
            return self._create(records, mapped)

    def _create(self, records: ChangeRecords, mapped: MappedChanges | None) -> str | None:
        with self.truepush() as hook:
            of_project(records, hook)
            check_choice("if_exists", self.if_exists, IF_EXISTS)
            trigger = self._trigger(hook)
            from airflow_provider_truepush.api.protocol import calls
            from airflow_provider_truepush.api.schedule.parse import read_schedule
            from airflow_provider_truepush.resources.change_record import content_hash
            from airflow_provider_truepush.resources.create_trigger import CreateTrigger

            call = calls.create_trigger(trigger, hook.settings, datetime.now(UTC))  # checks it whole, sends nothing
            if skips := read_schedule("trigger.schedule", trigger.schedule).skips():
                self.log.warning("Nothing is sent on days that do not exist: %s.", "; ".join(map(str, skips)))
            create = CreateTrigger(
                hook,
                trigger.name,
                lambda: hook.create_trigger(trigger),
                content_hash(call.payload or {}),
                self.if_exists,
                records,
                lambda: self._check_references(hook, trigger),
                mapped,
            )
            return create.run()

    def _trigger(self, hook: TruepushHook) -> Trigger:
        """Read the arguments, and only when all of them are right look up the names."""
        template_id, template = read_target(self, "template_id", "template")
        from airflow_provider_truepush.api import templated
        from airflow_provider_truepush.api.protocol import calls
        from airflow_provider_truepush.models import Trigger

        given = {
            "name": templated.text("trigger.name", self.name),
            "template_id": _UNRESOLVED if template is not None else template_id,
            "schedule": self.schedule,
        }
        if self._segment_field:
            _CHECKS[self._segment_field](f"trigger.{self._segment_field}", getattr(self, self._segment_field))
            given["segment_id"] = self.segment_id if self._segment_field == "segment_id" else _UNRESOLVED
        if (note := templated.optional(self.note)) is not None:
            given["note"] = note
        calls.create_trigger(given, hook.settings, datetime.now(UTC))  # checks it whole, and sends nothing
        if template is not None:
            given["template_id"] = self._look_up(hook, "template", template)
        if self._segment_field == "segment":
            given["segment_id"] = self._look_up(hook, "segment", str(self.segment))
        return Trigger.read(given)

    @staticmethod
    def _look_up(hook: TruepushHook, kind: Literal["template", "segment"], name: str) -> str:
        from airflow_provider_truepush.resources.names import resolve

        # A template may be one that this run would create; segments are created in Truepush's console.
        pending = kind == "template"
        return resolve(hook, kind, name, field=f"trigger.{kind}", consequence=_NOT_CREATED, may_be_pending=pending)

    def _check_references(self, hook: TruepushHook, trigger: Trigger) -> None:
        from airflow_provider_truepush.resources.names import must_be_listed

        if self.template is None:
            templates = hook.find_templates(template_id=trigger.template_id)
            must_be_listed("trigger.template_id", trigger.template_id, templates, "template")
        if trigger.segment_id is not None and self._segment_field == "segment_id":
            segments = hook.find_segments(segment_id=trigger.segment_id)
            must_be_listed("trigger.segment_id", trigger.segment_id, segments, "segment")
