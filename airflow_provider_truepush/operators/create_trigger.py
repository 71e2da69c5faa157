"""The operator that creates a trigger of Truepush's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowException, AirflowFailException

from airflow_provider_truepush.api.checks import created_at, refuse
from airflow_provider_truepush.exceptions import TruepushAuthError, TruepushBadRequestError, TruepushError
from airflow_provider_truepush.later import Later
from airflow_provider_truepush.operators.audience import EVERYONE, Audience
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.create_by_name import IF_EXISTS, CreateByName, check_choice, renders_natively

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.api import templated
    from airflow_provider_truepush.api.protocol import calls
    from airflow_provider_truepush.api.schedule.schedules import Schedule
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.models import Trigger
else:
    calls = Later("airflow_provider_truepush.api.protocol.calls")
    templated = Later("airflow_provider_truepush.api.templated")

#: By so much may this machine's clock and Truepush's differ.
_CLOCKS_APART = timedelta(minutes=1)


class TruepushCreateTriggerOperator(Audience, TruepushOperator):
    """Create a trigger, unless there is one of its name: ``listTrigger``, then ``createTrigger``, sent once.

    Returns the trigger's id, or None when Truepush created it and neither its answer nor the list tells the id.
    When no readable answer comes, the list is asked once more: a new trigger of the name is taken for it, anything
    else fails the task without a retry. Bad values fail it before anything is sent. Days that some months do not
    have are named in a warning.

    :param name: the trigger's name, unique in the project.
    :param template_id: id of the template it sends.
    :param schedule: when, on the project's wall clock: one of ``Once, OnDates, Daily, Weekly, Monthly, Yearly``; or
        such a schedule as a mapping, ``{"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}`` (what its
        ``as_dict()`` gives; its values may be templates), or a cron expression, ``30 9 * * 1``.
    :param segment_id: id of the segment to send to; left out, it goes to every subscriber. One that renders to
        nothing is an error.
    :param note: a remark for people.
    :param if_exists: what to do when there is a trigger of this name: ``fail`` the task; ``reuse`` it as it is,
        whatever it sends and when; or ``replace`` it. Two triggers cannot have one name, so the old one is deleted
        first, after everything that can be checked is checked; should the create fail then, the error says so, and
        the next try creates it. A send that falls between the two is missed. What was inactive is inactive again.
        A retry leaves alone what an earlier try of the same run has created; clearing the task of a finished run
        replaces that too.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = (
        "name",
        "template_id",
        "schedule",
        "segment_id",
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
        template_id: str | XComArg,
        schedule: Schedule | Mapping[str, Any] | str,
        segment_id: str | None = EVERYONE,
        note: str | None = None,
        if_exists: Literal["fail", "reuse", "replace"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.template_id: str = template_id  # type: ignore[assignment]  # a string by the time it is used
        self.schedule = schedule
        self.aim(segment_id)
        self.note = note
        self.if_exists = if_exists
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> str | None:
        """Create the trigger, or settle for the one that is there."""
        with self.truepush() as hook:
            check_choice("if_exists", self.if_exists, IF_EXISTS)
            trigger = self._trigger()
            calls.create_trigger(trigger, hook.settings, datetime.now(UTC))  # checks it whole, and sends nothing
            create = CreateByName("trigger", trigger.name, hook.list_triggers)
            if create.before and self.if_exists != "replace":
                return create.settle_existing(self.if_exists)
            if own := _made_by_this_run(create, context):
                self.log.warning("An earlier try of this run has created the trigger %s already; it stays.", own)
                return own
            from airflow_provider_truepush.api.schedule.parse import read_schedule

            if skips := read_schedule("trigger.schedule", trigger.schedule).skips():
                self.log.warning("Nothing is sent on days that do not come: %s.", "; ".join(map(str, skips)))
            if not create.before:
                return create.send(lambda: hook.create_trigger(trigger))
            return self._replace(hook, trigger, create)

    def _trigger(self) -> Trigger:
        self.check_audience("trigger.segment_id")
        native = renders_natively(self)
        given = {
            "name": templated.text("trigger.name", self.name, native=native),
            "template_id": templated.text("trigger.template_id", self.template_id, native=native),
            "schedule": self.schedule,
        }
        if self.segment_id is not None:
            given["segment_id"] = templated.text("trigger.segment_id", self.segment_id, native=native)
        if (note := templated.optional(self.note)) is not None:
            given["note"] = templated.text("trigger.note", note, native=native)
        from airflow_provider_truepush.models import Trigger

        return Trigger.read(given)

    def _replace(self, hook: TruepushHook, trigger: Trigger, create: CreateByName) -> str | None:
        if not hook.settings.dry_run:
            # What Truepush would refuse after the old trigger is gone is better refused before.
            _must_be_listed("trigger.template_id", trigger.template_id, hook.list_templates())
            if trigger.segment_id is not None:
                _must_be_listed("trigger.segment_id", trigger.segment_id, hook.list_segments())
        old = ", ".join(create.old_ids)
        try:
            for old_id in create.old_ids:
                hook.delete_trigger(old_id)
        except (TruepushAuthError, TruepushBadRequestError):
            raise
        except TruepushError as error:
            if _all_stopped(create):
                # As below: a next try that finds it gone would create an active one.
                raise AirflowFailException(
                    f"Deleting the old trigger {old} did not come to a certain end: {error} It was inactive. The new "
                    "one was not created. Run the task again if it should be: it is active then if the old one is gone."
                ) from error
            raise AirflowException(
                f"Deleting the old trigger {old} did not come to a certain end: {error} The new one was not created. "
                "Trying again is harmless, and needed if the old one is gone."
            ) from error
        gone = f"The old trigger {old} is deleted: a name can be given once only, so it had to go first."
        try:
            trigger_id = create.send(lambda: hook.create_trigger(trigger), gone)
        except (TruepushAuthError, TruepushBadRequestError) as error:
            raise AirflowFailException(
                f"{error} {gone} There is no trigger {trigger.name!r} now: correct this and run the task again."
            ) from error
        except TruepushError as error:
            if _all_stopped(create):
                # A next try would find no old trigger, and so not know that the new one has to be stopped as well.
                raise AirflowFailException(
                    f"{error} {gone} It was inactive. There is no trigger {trigger.name!r} now: run the task again if "
                    "it should be, and it will be active; or leave it, and nothing is sent."
                ) from error
            raise AirflowException(
                f"{error} {gone} There is no trigger {trigger.name!r} now; the next try of the task creates it."
            ) from error
        if hook.settings.dry_run:
            return trigger_id
        self.log.info("Replaced trigger %s of the same name.", old)
        if _all_stopped(create):
            self._stop_again(hook, trigger_id)
        return trigger_id

    def _stop_again(self, hook: TruepushHook, trigger_id: str | None) -> None:
        """Somebody has stopped the old trigger: the new one must not begin to send again."""
        try:
            if trigger_id is not None:
                if hook.set_trigger_status(trigger_id, "inactive"):
                    self.log.warning("The old trigger was inactive, so the new one is: set its status to send again.")
                    return
                why = "Truepush did not find it, or says that it is so already."
            else:
                why = "nothing tells its id."
        except TruepushError as error:
            why = str(error)
        raise AirflowFailException(
            f"The trigger {self.name!r} was replaced. The old one was inactive, and the new one, "
            f"{trigger_id or 'of unknown id'}, could not certainly be made so: {why} Stop it in Truepush."
        )


def _made_by_this_run(create: CreateByName, context: Context) -> str | None:
    """The trigger that an earlier try has made: it may have fired since, and another in its place would again."""
    if getattr(context.get("ti"), "try_number", 1) <= 1:
        return None
    began = getattr(context.get("dag_run"), "start_date", None)
    made = [(at, row_id) for row_id in create.old_ids if (at := created_at(row_id)) is not None]
    if not made or not isinstance(began, datetime):
        return None
    at, newest = max(made)
    return newest if at >= began - _CLOCKS_APART else None


def _all_stopped(create: CreateByName) -> bool:
    return all(row.status == "inactive" for row in create.before)


def _must_be_listed(field: str, wanted: str, rows: Any) -> None:
    if not any(row.id.lower() == wanted.lower() for row in rows):
        refuse(field, wanted, "is unknown in this project, and the trigger that exists would be deleted for nothing")
