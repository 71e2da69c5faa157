"""The operator that creates a trigger, against the emulator."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import (
    TruepushServerError,
)
from airflow_provider_truepush.models import Daily, Monthly, Once, OnDates, Yearly
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
)
from tests.operators.resources import (
    UNKNOWN,
    Connect,
    Said,
    _connected,
    connect_fixture,
    emulator_fixture,
    rendered_in,
    said_fixture,
    sent,
    templated,
)
from tests.operators.triggers import (
    BODY,
    LATER,
    LEAST,
    SEGMENT,
    TEMPLATE,
    WEEKLY,
    create,
    ids,
    seed,
    template_fixture,
)

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "template_fixture"]


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
            "Nothing is sent on days that do not exist: day 29 in February except in leap years; "
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
        assert set(operator.template_fields) == {*templates, "template", "segment"}
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
            *[("if_exists", bad) for bad in (None, "", "skip", [], "update")],
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
        with pytest.raises(AirflowFailException, match=rf"'Weekly' exists already: {old}\. Nothing was created"):
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

    def test_a_trigger_that_someone_stopped_stays_inactive(self, emulator: Emulator, said: Said) -> None:
        seed(emulator, "Weekly", status="inactive")
        created = create(if_exists="replace")
        assert [row["status"] for row in emulator.triggers() if row["id"] == created] == ["inactive"]
        assert "was set inactive" in said()

    def test_a_trigger_that_may_be_active_fails_the_task(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        code = "NO-TRIGGER-FOUND-TO-UPDATE-OR-ALREADY-IN-GIVEN-STATUS"
        emulator.fault("triggerStatus", effect="outcome", code=code)
        with pytest.raises(AirflowFailException, match="could not be confirmed as inactive"):
            create(if_exists="replace")

    def test_a_trigger_that_cannot_be_set_inactive_needs_a_manual_decision(self, emulator: Emulator) -> None:
        seed(emulator, "Weekly", status="inactive")
        emulator.fault("triggerStatus", effect="status", status=503)
        with pytest.raises(AirflowFailException, match="Set it inactive in Truepush now") as caught:
            create(if_exists="replace")
        assert ids(emulator)[0] in str(caught.value)

    @pytest.mark.parametrize("argument", ["template_id", "segment_id"])
    def test_what_truepush_would_refuse_costs_no_old_trigger(self, emulator: Emulator, argument: str) -> None:
        (old,) = seed(emulator, "Weekly")
        with pytest.raises(AirflowFailException, match=f"trigger.{argument}: no {argument[:-3]} of this project"):
            create(if_exists="replace", **{argument: UNKNOWN})
        assert (sent(emulator), ids(emulator)) == ([], [old])

    @pytest.mark.parametrize("if_exists", ["fail", "reuse", "replace"])
    def test_a_list_with_a_duplicate_shows_that_the_name_is_free(self, emulator: Emulator, if_exists: str) -> None:
        emulator.set_dialect(page_size=2)
        first, *_ = seed(emulator, "a", "b", "c")
        row = {"_id": first, "name": "a", "status": "active"}
        emulator.fault("listTrigger", effect="odd_rows", rows=[row])
        assert [create(if_exists=if_exists)] == ids(emulator)
        assert emulator.count("listTrigger") <= 14

    def test_a_list_that_fails_is_worth_a_retry(self, emulator: Emulator) -> None:
        emulator.fault("listTrigger", effect="status", status=503)
        with pytest.raises(TruepushServerError):
            create(if_exists="replace")
        assert sent(emulator) == []


class TestDryRun:
    @pytest.mark.parametrize("status", ["active", "inactive"])
    def test_nothing_is_changed(self, emulator: Emulator, connect: Connect, said: Said, status: str) -> None:
        (old,) = seed(emulator, "Weekly", status=status)
        connect(dry_run=True)
        assert create(if_exists="replace").startswith("dry-run-")
        assert create(name="New", template_id="dry-run-0123456789").startswith("dry-run-")
        assert (sent(emulator), ids(emulator)) == ([], [old])
        assert "Replaced" not in said()
