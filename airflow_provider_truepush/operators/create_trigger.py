"""The operator that creates a trigger of Truepush's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.api.checks import refuse
from airflow_provider_truepush.operators.arguments import checked_at_parse
from airflow_provider_truepush.operators.audience import EVERYONE, Audience
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.choices import IF_EXISTS, check_choice, check_literal_choice
from airflow_provider_truepush.operators.create_by_name import change_records, run_began
from airflow_provider_truepush.operators.target import check_target, read_one, read_target

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.api.schedule.schedules import Schedule
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.models import Trigger

#: What an error about a look-up means for the trigger.
_NOT_CREATED = "The trigger was not created."
#: Stands for an id that is looked up once everything else is known to be right.
_UNRESOLVED = "0" * 24


class TruepushCreateTriggerOperator(Audience, TruepushOperator):
    """Create a trigger, unless one of its name exists: ``listTrigger``, then ``createTrigger``, sent once.

    Returns the trigger's id, or None when Truepush created it and neither its answer nor the list reports the id.
    After a lost answer the list is read once more: a new trigger of the name is taken to be this one; anything else
    needs a manual decision. Bad values fail the task before anything is sent. Days that some months do not have are
    named in a warning.

    :param name: the trigger's name, unique in the project.
    :param template_id: id of the template it sends.
    :param template: name of the template, instead of its id. Exactly one template must have it.
    :param schedule: when, on the project's wall clock: one of ``Once, OnDates, Daily, Weekly, Monthly, Yearly``; or
        such a schedule as a mapping, ``{"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}`` (what its
        ``as_dict()`` gives; its values may be templates), or a cron expression, ``30 9 * * 1``.
    :param segment_id: id of the segment to send to. Without a segment the trigger sends to every subscriber. One that
        was given and renders to nothing is an error.
    :param segment: name of the segment, instead of its id. Exactly one segment must have it.
    :param note: a remark for people.
    :param if_exists: what to do when a trigger of this name exists. ``fail`` fails the task. ``reuse`` keeps it as it
        is and logs a warning, because the API cannot read its template and schedule. ``replace`` deletes it and
        creates a new one. Two triggers cannot have one name, so the old one is deleted first, after everything that
        can be checked is checked; a push that is due between the two requests is missed. A trigger that was inactive
        is inactive again afterwards. On Airflow 3.3 and later that is recorded before the deletion, so a retry after
        a killed task restores it; on earlier versions such a retry stops for a manual decision. A retry keeps what an
        earlier try of the same run created; clearing the task of a finished run replaces that too.
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
    template_fields_renderers: ClassVar[dict[str, str]] = {"schedule": "json"}

    def __init__(
        self,
        *,
        name: str,
        template_id: str | XComArg | None = None,
        template: str | None = None,
        schedule: Schedule | Mapping[str, Any] | str,
        segment_id: str | None = EVERYONE,
        segment: str | None = EVERYONE,
        note: str | None = None,
        if_exists: Literal["fail", "reuse", "replace"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.template_id: str | None = template_id  # type: ignore[assignment]  # a string by the time it is used
        self.template = template
        self.schedule = schedule
        self.aim(segment_id)
        self.segment = None if segment is EVERYONE else segment
        self._segment_named = segment is not EVERYONE
        self.note = note
        self.if_exists = if_exists
        self.truepush_conn_id = truepush_conn_id
        check_target(self, "template_id", "template")
        check_literal_choice("if_exists", if_exists, IF_EXISTS)
        with checked_at_parse():
            if self._aimed and self._segment_named:
                refuse("trigger.segment", segment, "set either this or segment_id; both are set")

    def execute(self, context: Context) -> str | None:
        """Create the trigger, or keep the existing one."""
        with self.truepush() as hook:
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
                change_records(context, self.truepush_conn_id),
                run_began(context),
                lambda: self._check_references(hook, trigger),
            )
            return create.run()

    def _trigger(self, hook: TruepushHook) -> Trigger:
        """Read the arguments, and only when all of them are right look up the names."""
        template_id, template = read_target(self, "template_id", "template")
        segment_id, segment = self._segment()
        from airflow_provider_truepush.api import templated
        from airflow_provider_truepush.api.protocol import calls
        from airflow_provider_truepush.models import Trigger

        given = {
            "name": templated.text("trigger.name", self.name, native=False),
            "template_id": _UNRESOLVED if template is not None else template_id,
            "schedule": self.schedule,
        }
        if segment is not None or segment_id is not None:
            given["segment_id"] = _UNRESOLVED if segment is not None else segment_id
        if (note := templated.optional(self.note)) is not None:
            given["note"] = templated.text("trigger.note", note, native=False)
        trigger = Trigger.read(given)
        calls.create_trigger(trigger, hook.settings, datetime.now(UTC))  # checks it whole, and sends nothing
        return self._resolved(hook, trigger, template, segment)

    def _segment(self) -> tuple[str | None, str | None]:
        """Return the id and the name of the segment; both are None for a trigger to every subscriber."""
        self.check_audience("trigger.segment_id")
        if not self._segment_named:
            return self.segment_id, None
        return None, read_one("trigger.segment", self.segment, is_id=False)

    def _resolved(self, hook: TruepushHook, trigger: Trigger, template: str | None, segment: str | None) -> Trigger:
        if template is None and segment is None:
            return trigger
        from airflow_provider_truepush.resources.names import resolve

        found = {}
        if template is not None:
            found["template_id"] = resolve(
                hook, "template", template, field="trigger.template", consequence=_NOT_CREATED, may_be_pending=True
            )
        if segment is not None:
            found["segment_id"] = resolve(hook, "segment", segment, field="trigger.segment", consequence=_NOT_CREATED)
        return type(trigger)(**{**trigger.given(), **found})

    def _check_references(self, hook: TruepushHook, trigger: Trigger) -> None:
        from airflow_provider_truepush.resources.create_trigger import must_be_listed

        if self.template is None:
            found = hook.find_templates(template_id=trigger.template_id)
            must_be_listed("trigger.template_id", trigger.template_id, found, "template")
        if trigger.segment_id is not None and not self._segment_named:
            segments = hook.find_segments(segment_id=trigger.segment_id)
            must_be_listed("trigger.segment_id", trigger.segment_id, segments, "segment")
