"""Operators for Truepush's triggers, against the emulator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowException, AirflowFailException, AirflowSkipException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushConnectionError, TruepushServerError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.models import Daily, Monthly, Once, OnDates, Weekly, Yearly
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushListTriggersOperator,
    TruepushSetTriggerStatusOperator,
)
from tests.operators.resources import (
    DONE_BUT_UNANSWERED,
    NOT_DONE_AND_UNANSWERED,
    UNKNOWN,
    Connect,
    Said,
    _connected,
    connect_fixture,
    emulator_fixture,
    fault_name,
    rendered_in,
    said_fixture,
    sent,
    templated,
)

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture"]

TEMPLATE = "5fb8cde682a1419035c8d981"
SEGMENT = "5f8aed2a004e183c01199e9c"
LEAST: dict[str, Any] = {"name": "Weekly", "template_id": TEMPLATE, "schedule": Weekly([1], 9, 30)}
WEEKLY = {"sub_type": "weekly", "week_days": [1], "hours": 9, "minutes": 30}
BODY = {"name": "Weekly", "templateId": TEMPLATE, "type": "repeated", "timings": WEEKLY}
LATER = datetime(datetime.now().year + 1, 12, 24, 18, 0)


@pytest.fixture(autouse=True)
def _template(emulator: Emulator) -> None:
    emulator.seed({"templates": [{}, {"_id": TEMPLATE}], "segments": [{"_id": SEGMENT}]})


def create(**arguments: Any) -> Any:
    return TruepushCreateTriggerOperator(task_id="create", **{**LEAST, **arguments}).execute({})


def seed(emulator: Emulator, *names: str, **row: Any) -> list[str]:
    return emulator.seed({"triggers": [{"name": name, **row} for name in names]}).get("triggers", [])


def ids(emulator: Emulator, name: str = "Weekly") -> list[str]:
    return [row["id"] for row in emulator.triggers() if row["name"] == name]


class TestCreate:
    def test_what_is_sent_and_returned(self, emulator: Emulator) -> None:
        created = create(segment_id=SEGMENT, note="For people")
        assert [created] == ids(emulator)
        body = {**BODY, "segmentId": SEGMENT, "note": "For people"}
        assert [row.body for row in emulator.requests("createTrigger")] == [body]

    @pytest.mark.parametrize(
        ("schedule", "kind", "timings"),
        [
            (Once(9), "once", {"hours": 9, "minutes": 0}),
            (Daily(9), "repeated", {"sub_type": "daily", "hours": 9, "minutes": 0}),
            (Monthly([31, 1], 9), "repeated", {"sub_type": "monthly", "dates": [1, 31], "hours": 9, "minutes": 0}),
            (
                Yearly([2], [29], 9),
                "repeated",
                {"sub_type": "yearly", "months": [2], "dates": [29], "hours": 9, "minutes": 0},
            ),
            ({"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}, "repeated", WEEKLY),
            ("{'weekly': {'week_days': [1], 'hours': 9, 'minutes': 30}}", "repeated", WEEKLY),
            ({"type": "repeated", "timings": WEEKLY}, "repeated", WEEKLY),
            ("30 9 * * MON", "repeated", WEEKLY),
            ("@daily", "repeated", {"sub_type": "daily", "hours": 0, "minutes": 0}),
            (
                OnDates([LATER]),
                "multiple",
                {"dates": [{"date": LATER.strftime("%d-%m-%Y"), "time": "18:00"}]},
            ),
            (
                {"on_dates": {"dates": [f"{LATER.isoformat()}+09:00"]}},
                "multiple",
                {"dates": [{"date": LATER.strftime("%d-%m-%Y"), "time": "10:00"}]},
            ),
        ],
        ids=str,
    )
    def test_every_form_of_schedule(self, emulator: Emulator, schedule: Any, kind: str, timings: Any) -> None:
        create(schedule=schedule)
        (row,) = emulator.requests("createTrigger")
        assert row.body == {**BODY, "type": kind, "timings": timings}

    def test_days_that_do_not_come_are_warned_of(self, emulator: Emulator, said: Said) -> None:
        create(schedule="0 9 29,31 * *")
        assert (
            "Nothing is sent on days that do not come: day 29 in February except in leap years; "
            "day 31 in February, April, June, September, November."
        ) in said()

    @pytest.mark.parametrize("native", [False, True])
    @pytest.mark.parametrize(
        "schedule", ["30 9 * * 1", {"weekly": {"week_days": [1], "hours": 9, "minutes": 30}}, LEAST["schedule"]]
    )
    def test_every_field_is_a_template_and_both_renderings_send_the_same(
        self, emulator: Emulator, schedule: Any, native: bool
    ) -> None:
        digits = emulator.seed({"templates": [{"_id": "123456789012345678901234"}]})["templates"][0]
        arguments = {
            "name": "20261201",
            "template_id": digits,
            "schedule": schedule,
            "segment_id": SEGMENT,
            "note": "5",
            "if_exists": "reuse",
            "truepush_conn_id": "truepush_default",
        }
        templates: dict[str, Any]
        templates, context = templated(arguments)
        if schedule is LEAST["schedule"]:  # an object goes through rendering untouched
            templates["schedule"] = schedule
        operator = rendered_in(TruepushCreateTriggerOperator, context, native=native, **templates)
        assert set(operator.template_fields) == set(templates)
        operator.execute({})
        body = {**BODY, "name": "20261201", "templateId": digits, "segmentId": SEGMENT, "note": "5"}
        assert emulator.requests("createTrigger")[0].body == body

    @pytest.mark.parametrize("native", [False, True])
    def test_templates_inside_a_schedule(self, emulator: Emulator, native: bool) -> None:
        form = {"weekly": {"week_days": "{{ days }}", "hours": "{{ at.hour }}", "minutes": "{{ at.minute }}"}}
        context = {"days": [1], "at": LATER.replace(hour=9, minute=30), "note": None}
        arguments = {**LEAST, "schedule": form, "note": "{{ note }}"}
        rendered_in(TruepushCreateTriggerOperator, context, native=native, **arguments).execute({})
        assert emulator.requests("createTrigger")[0].body == BODY

    @pytest.mark.parametrize("native", [False, True])
    def test_templates_inside_dates(self, emulator: Emulator, native: bool) -> None:
        arguments = {**LEAST, "schedule": {"on_dates": {"dates": ["{{ at }}", "{{ at.isoformat() }}"]}}}
        rendered_in(TruepushCreateTriggerOperator, {"at": LATER}, native=native, **arguments).execute({})
        timings = {"dates": [{"date": LATER.strftime("%d-%m-%Y"), "time": "18:00"}]}
        assert emulator.requests("createTrigger")[0].body == {**BODY, "type": "multiple", "timings": timings}

    @pytest.mark.parametrize(
        ("argument", "bad"),
        [
            *[("name", bad) for bad in (None, "", 5, "None")],
            *[("template_id", bad) for bad in (None, "", "Weekly", 5, "None", TEMPLATE[:-1])],
            *[("schedule", bad) for bad in (None, "", 5, [], {}, "weekly", "0 9,17 * * *", {"daily": {"hours": 24}})],
            ("schedule", OnDates([LATER - timedelta(days=1000)]).as_dict()),
            *[("segment_id", bad) for bad in ("", "everyone", 5, "None", "dry-run-0123")],
            *[("note", bad) for bad in (5, ["a"], "\ud83d")],
            *[("if_exists", bad) for bad in (None, "", "skip", [])],
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(self, emulator: Emulator, argument: str, bad: Any) -> None:
        seed(emulator, "Weekly")
        with pytest.raises(AirflowFailException, match=rf"\b({argument}|on_dates)\b"):
            create(**{"if_exists": "replace", argument: bad})
        assert emulator.count() == 0

    def test_dates_need_the_zone_of_the_project(self, emulator: Emulator, connect: Connect) -> None:
        connect(timezone="")
        with pytest.raises(AirflowFailException, match="timezone"):
            create(schedule=OnDates([LATER]))
        assert emulator.count() == 0

    def test_an_audience_where_the_connection_asks_for_one(self, emulator: Emulator, connect: Connect) -> None:
        connect(require_segment=True)
        seed(emulator, "Weekly")
        with pytest.raises(AirflowFailException, match=r"segment_id.*require_segment"):
            create(if_exists="replace")
        assert emulator.count() == 0
        create(if_exists="replace", segment_id=SEGMENT)


class TestSerialization:
    """A schedule as an argument in a DAG file: Airflow keeps the DAG's source of truth as JSON."""

    def dag(self) -> Any:
        schedules = [LEAST["schedule"], OnDates(["2027-01-01T09:00+01:00", datetime(2027, 1, 1)])]
        with DAG("a_dag", schedule=None) as dag:
            TruepushCreateTriggerOperator(task_id="one", **{**LEAST, "schedule": schedules[1]})
            TruepushCreateTriggerOperator.partial(task_id="many", name="N", template_id=TEMPLATE).expand(
                schedule=[*schedules, "0 9 * * *", {"daily": {"hours": 9}}]
            )
        return dag

    def test_a_dag_with_schedules_serializes_the_same_every_time(self) -> None:
        serialized = pytest.importorskip("airflow.serialization.serialized_objects")
        kind = getattr(serialized, "DagSerialization", None) or serialized.SerializedDAG
        first, second = (json.dumps(kind.to_dict(self.dag()), sort_keys=True) for _ in range(2))
        assert first == second
        assert "OnDates(dates=(" in first
        assert " at 0x" not in first
        restored = kind.from_dict(json.loads(first))
        assert set(restored.task_dict) == {"one", "many"}


class TestIfExists:
    def test_fail_names_the_one_that_exists(self, emulator: Emulator) -> None:
        _, _, old = seed(emulator, "a", "b", "Weekly")
        with pytest.raises(AirflowFailException, match=rf"'Weekly' exists already: {old}\. Nothing was sent"):
            create()
        assert sent(emulator) == []

    def test_reuse(self, emulator: Emulator) -> None:
        _, _, old = seed(emulator, "a", "b", "Weekly")
        assert create(if_exists="reuse") == old
        assert sent(emulator) == []

    def test_replace_deletes_first_because_names_are_unique(self, emulator: Emulator) -> None:
        _, old = seed(emulator, "a", "Weekly")
        created = create(if_exists="replace", segment_id=SEGMENT)
        assert ids(emulator) == [created] != [old]
        assert sent(emulator) == ["deleteTrigger", "createTrigger"]

    @pytest.mark.parametrize("if_exists", ["reuse", "replace"])
    def test_running_again_piles_nothing_up(self, emulator: Emulator, if_exists: str) -> None:
        for _ in range(3):
            last = create(if_exists=if_exists)
        assert ids(emulator) == [last]

    def test_what_somebody_has_stopped_stays_stopped(self, emulator: Emulator, said: Said) -> None:
        seed(emulator, "Weekly", status="inactive")
        created = create(if_exists="replace")
        assert [row["status"] for row in emulator.triggers() if row["id"] == created] == ["inactive"]
        assert "so the new one is" in said()

    def test_what_could_not_certainly_be_stopped_again_is_no_success(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        code = "NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS"
        emulator.fault("triggerStatus", effect="outcome", code=code)
        with pytest.raises(AirflowFailException, match="could not certainly be made so: Truepush did not find it"):
            create(if_exists="replace")

    def test_what_cannot_be_stopped_again_is_for_a_person(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("triggerStatus", effect="status", status=503)
        with pytest.raises(AirflowFailException, match="Stop it in Truepush") as caught:
            create(if_exists="replace")
        assert ids(emulator)[0] in str(caught.value)

    @pytest.mark.parametrize("argument", ["template_id", "segment_id"])
    def test_what_truepush_would_refuse_costs_no_old_trigger(self, emulator: Emulator, argument: str) -> None:
        (old,) = seed(emulator, "Weekly")
        with pytest.raises(AirflowFailException, match=f"trigger.{argument}: is unknown in this project"):
            create(if_exists="replace", **{argument: UNKNOWN})
        assert (sent(emulator), ids(emulator)) == ([], [old])

    def test_a_list_that_fails_is_worth_a_retry(self, emulator: Emulator) -> None:
        emulator.fault("listTrigger", effect="status", status=503)
        with pytest.raises(TruepushServerError):
            create(if_exists="replace")
        assert sent(emulator) == []


class TestBetweenDeleteAndCreate:
    def test_the_delete_stays_open(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly")
        emulator.fault("deleteTrigger", nth=1, effect="fin")
        with pytest.raises(AirflowException, match="Trying again is harmless") as caught:
            create(if_exists="replace")
        assert not isinstance(caught.value, AirflowFailException)
        assert sent(emulator) == ["deleteTrigger"]
        assert [create(if_exists="replace")] == ids(emulator), "the next try"

    def test_the_delete_of_a_stopped_one_stays_open(self, emulator: Emulator) -> None:
        """A retry would find none, create an active one, and so begin to send what somebody has stopped."""
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("deleteTrigger", nth=1, effect="fin")
        with pytest.raises(AirflowFailException, match="It was inactive"):
            create(if_exists="replace")
        assert sent(emulator) == ["deleteTrigger"]

    def test_the_delete_is_refused(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("deleteTrigger", effect="outcome", code="TOKEN-NOT-FOUND")
        with pytest.raises(AirflowFailException):
            create(if_exists="replace")
        assert ids(emulator) == [old]

    def test_the_create_is_refused(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTrigger", nth=1, effect="outcome", code="BAD-REQUEST")
        with pytest.raises(AirflowFailException) as caught:
            create(if_exists="replace")
        assert f"The old trigger {old} is deleted" in str(caught.value)
        assert "There is no trigger 'Weekly' now: correct this and run the task again" in str(caught.value)

    def test_the_create_is_limited(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTrigger", nth=1, effect="429")
        with pytest.raises(AirflowException, match="the next try of the task creates it") as caught:
            create(if_exists="replace")
        assert not isinstance(caught.value, AirflowFailException)
        assert old in str(caught.value)
        assert [create(if_exists="replace")] == ids(emulator)

    def test_the_create_was_certainly_not_sent(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        def create_trigger(hook: TruepushHook, trigger: Any) -> Any:
            raise TruepushConnectionError("refused")

        seed(emulator, "Weekly")
        with monkeypatch.context() as patch:
            patch.setattr(TruepushHook, "create_trigger", create_trigger)
            with pytest.raises(AirflowException, match="the next try of the task creates it"):
                create(if_exists="replace")
        assert [create(if_exists="replace")] == ids(emulator)

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_the_create_is_in_doubt(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        (old,) = seed(emulator, "Weekly")
        emulator.fault("createTrigger", **fault)
        with pytest.raises(AirflowFailException, match=f"The old trigger {old} is deleted.* A person has to look"):
            create(if_exists="replace")
        assert sent(emulator) == ["deleteTrigger", "createTrigger"]


class TestRetriesOfReplace:
    """A retry that replaced what an earlier try has made would have it fire twice."""

    def run(self, try_number: int, began: datetime) -> Any:
        context: Any = {
            "ti": SimpleNamespace(try_number=try_number),
            "dag_run": SimpleNamespace(start_date=began),
        }
        operator = TruepushCreateTriggerOperator(task_id="create", **{**LEAST, "if_exists": "replace"})
        return type(operator).execute.__wrapped__(operator, context)  # type: ignore[attr-defined]

    def test_what_an_earlier_try_has_made_stays(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly")
        began = emulator.advance(timedelta(days=1))
        made = self.run(1, began)
        emulator.clear_requests()
        assert self.run(2, began) == made
        assert sent(emulator) == []

    def test_what_was_there_before_the_run_is_replaced_by_a_retry_too(self, emulator: Emulator) -> None:
        (old,) = seed(emulator, "Weekly")
        assert self.run(2, emulator.advance(timedelta(days=1))) != old
        assert sent(emulator) == ["deleteTrigger", "createTrigger"]

    def test_a_run_that_was_cleared_begins_anew(self, emulator: Emulator) -> None:
        made = self.run(1, emulator.now())
        assert self.run(2, emulator.advance(timedelta(days=1))) != made


class TestDoubt:
    @pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
    @pytest.mark.parametrize("fault", DONE_BUT_UNANSWERED, ids=fault_name)
    def test_the_list_tells_the_id(self, emulator: Emulator, fault: dict[str, Any], if_exists: str) -> None:
        seed(emulator, "a", "b", *(["Weekly"] if if_exists == "replace" else []))
        emulator.fault("createTrigger", **fault)
        assert [create(if_exists=if_exists)] == ids(emulator)
        assert sent(emulator).count("createTrigger") == 1

    @pytest.mark.parametrize("fault", NOT_DONE_AND_UNANSWERED, ids=fault_name)
    def test_nothing_in_the_list_is_for_a_person(self, emulator: Emulator, fault: dict[str, Any]) -> None:
        emulator.fault("createTrigger", **fault)
        with pytest.raises(AirflowFailException, match="A person has to look"):
            create(if_exists="reuse")
        assert sent(emulator) == ["createTrigger"]

    def test_the_name_was_taken_meanwhile(self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
        send = TruepushHook.create_trigger

        def create_trigger(hook: TruepushHook, trigger: Any) -> Any:
            seed(emulator, "Weekly")
            return send(hook, trigger)

        monkeypatch.setattr(TruepushHook, "create_trigger", create_trigger)
        with pytest.raises(AirflowFailException, match="a trigger of this name already exists"):
            create()

    @pytest.mark.parametrize("if_exists", ["fail", "replace"])
    def test_a_success_without_an_id(self, emulator: Emulator, if_exists: str) -> None:
        seed(emulator, *(["Weekly"] if if_exists == "replace" else []))
        emulator.set_dialect("mute")
        assert [create(if_exists=if_exists)] == ids(emulator)

    def test_stopped_and_no_id(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.set_dialect("mute")
        emulator.fault("listTrigger", nth=3, effect="status", status=503)
        with pytest.raises(AirflowFailException, match="of unknown id"):
            create(if_exists="replace")


class TestDryRun:
    @pytest.mark.parametrize("status", ["active", "inactive"])
    def test_nothing_is_changed(self, emulator: Emulator, connect: Connect, said: Said, status: str) -> None:
        (old,) = seed(emulator, "Weekly", status=status)
        connect(dry_run=True)
        assert create(if_exists="replace").startswith("dry-run-")
        assert create(name="New", template_id="dry-run-0123456789").startswith("dry-run-")
        assert (sent(emulator), ids(emulator)) == ([], [old])
        assert "Replaced" not in said()


class TestDelete:
    def delete(self, **arguments: Any) -> Any:
        return TruepushDeleteTriggerOperator(task_id="delete", **arguments).execute({})

    def test_by_id_and_by_name(self, emulator: Emulator) -> None:
        first, _, _ = seed(emulator, "a", "b", "c")
        assert self.delete(trigger_id=first) is True
        assert self.delete(trigger_name="c") is True
        assert [row["name"] for row in emulator.triggers()] == ["b"]

    @pytest.mark.parametrize("which", [{"trigger_id": UNKNOWN}, {"trigger_name": "Weekly"}])
    def test_missing(self, emulator: Emulator, which: dict[str, str]) -> None:
        (named,) = which.values()
        assert self.delete(**which) is False
        with pytest.raises(AirflowSkipException, match=named):
            self.delete(**which, if_missing="skip")
        with pytest.raises(AirflowFailException, match=named):
            self.delete(**which, if_missing="fail")

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({}, "trigger_id"),
            ({"trigger_id": None}, "trigger_id"),
            ({"trigger_id": "None", "trigger_name": "None"}, "trigger_id"),
            ({"trigger_id": UNKNOWN, "trigger_name": "a"}, "trigger_id"),
            ({"trigger_id": "a"}, "trigger_id"),
            ({"trigger_id": 5}, "trigger_id"),
            ({"trigger_name": ""}, "trigger_name"),
            ({"trigger_name": 5}, "trigger_name"),
            ({"trigger_id": UNKNOWN, "if_missing": "reuse"}, "if_missing"),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(
        self, emulator: Emulator, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(AirflowFailException, match=rf"^{named}: "):
            self.delete(**arguments)
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    @pytest.mark.parametrize(
        "which", [{"trigger_id": "123456789012345678901234"}, {"trigger_name": "5"}], ids=["id", "name"]
    )
    def test_every_field_is_a_template(self, emulator: Emulator, which: dict[str, str], native: bool) -> None:
        emulator.seed({"triggers": [{"_id": "123456789012345678901234", "name": "5"}]})
        arguments = {"trigger_id": None, "trigger_name": None, **which, "if_missing": "fail"}
        templates, context = templated({**arguments, "truepush_conn_id": "truepush_default"})
        operator = rendered_in(TruepushDeleteTriggerOperator, context, native=native, **templates)
        assert set(operator.template_fields) == set(templates)
        assert operator.execute({}) is True

    def test_dry_run(self, emulator: Emulator, connect: Connect) -> None:
        (old,) = seed(emulator, "a")
        connect(dry_run=True)
        assert self.delete(trigger_id=old) is True
        assert self.delete(trigger_name="a") is True
        assert sent(emulator) == []


class TestSetStatus:
    def set(self, **arguments: Any) -> Any:
        arguments = {"status": "inactive", **arguments}
        return TruepushSetTriggerStatusOperator(task_id="set", **arguments).execute({})

    def status(self, emulator: Emulator) -> list[str]:
        return [row["status"] for row in emulator.triggers()]

    @pytest.mark.parametrize("by", ["id", "name"])
    def test_there_and_back(self, emulator: Emulator, by: str) -> None:
        _, _, made = seed(emulator, "a", "b", "Weekly")
        which = {"trigger_id": made} if by == "id" else {"trigger_name": "Weekly"}
        assert self.set(**which) is True
        assert self.status(emulator) == ["active", "active", "inactive"]
        assert self.set(**which, status="active") is True
        assert self.status(emulator) == ["active"] * 3

    @pytest.mark.parametrize("dialect", ["express", "reference", "always200"])
    def test_so_already(self, emulator: Emulator, said: Said, dialect: str) -> None:
        emulator.set_dialect(dialect)
        (made,) = seed(emulator, "Weekly", status="inactive")
        assert self.set(trigger_id=made.upper()) is False
        assert "is inactive already" in said()
        assert sent(emulator, "triggerStatus", "listTrigger") == ["triggerStatus", "listTrigger"]

    def test_so_already_by_name_sends_nothing(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        assert self.set(trigger_name="Weekly") is False
        assert sent(emulator) == []

    @pytest.mark.parametrize("which", [{"trigger_id": UNKNOWN}, {"trigger_name": "Weekly"}])
    def test_missing(self, emulator: Emulator, which: dict[str, str]) -> None:
        seed(emulator, "a", "b", "c")
        (named,) = which.values()
        with pytest.raises(AirflowFailException, match=named):
            self.set(**which)
        with pytest.raises(AirflowSkipException, match=named):
            self.set(**which, if_missing="skip")
        assert self.set(**which, if_missing="ignore") is False

    def test_neither_set_nor_so_already_is_worth_a_retry(self, emulator: Emulator) -> None:
        (made,) = seed(emulator, "Weekly")
        emulator.fault("triggerStatus", effect="outcome", code="NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS")
        with pytest.raises(AirflowException, match="lists it as 'active'") as caught:
            self.set(trigger_id=made)
        assert not isinstance(caught.value, AirflowFailException)

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            ({}, "trigger_id"),
            ({"trigger_id": UNKNOWN, "trigger_name": "a"}, "trigger_id"),
            ({"trigger_id": "a"}, "trigger_id"),
            ({"trigger_name": " "}, "trigger_name"),
            ({"trigger_id": UNKNOWN, "status": "paused"}, "status"),
            ({"trigger_id": UNKNOWN, "status": None}, "status"),
            ({"trigger_id": UNKNOWN, "status": True}, "status"),
            ({"trigger_id": UNKNOWN, "if_missing": ""}, "if_missing"),
        ],
    )
    def test_bad_input_is_named_and_nothing_is_sent(
        self, emulator: Emulator, arguments: dict[str, Any], named: str
    ) -> None:
        with pytest.raises(AirflowFailException, match=rf"^{named}: "):
            self.set(**arguments)
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    def test_every_field_is_a_template(self, emulator: Emulator, native: bool) -> None:
        seed(emulator, "Weekly")
        arguments = {"trigger_id": None, "trigger_name": "Weekly", "status": "inactive", "if_missing": "fail"}
        templates, context = templated({**arguments, "truepush_conn_id": "truepush_default"})
        operator = rendered_in(TruepushSetTriggerStatusOperator, context, native=native, **templates)
        assert set(operator.template_fields) == set(templates)
        assert operator.execute({}) is True
        assert [row.body for row in emulator.requests("triggerStatus")] == [{"status": "inactive"}]

    def test_a_dry_run_copes_with_what_it_has_not_created(self, emulator: Emulator, connect: Connect) -> None:
        (made,) = seed(emulator, "a")
        connect(dry_run=True)
        assert self.set(trigger_id=made) is True
        assert self.set(trigger_id="dry-run-0123456789") is True
        assert self.set(trigger_name="Weekly") is False
        assert sent(emulator) == []


class TestList:
    def test_every_page(self, emulator: Emulator) -> None:
        made = seed(emulator, "a", "b", "c", status="inactive")
        operator = rendered_in(TruepushListTriggersOperator, {"c": "truepush_default"}, truepush_conn_id="{{ c }}")
        assert operator.truepush_conn_id == "truepush_default"
        assert operator.execute({}) == [
            {"id": one, "name": name, "status": "inactive"} for one, name in zip(made, "abc", strict=True)
        ]
        assert emulator.count("listTrigger") == 3
