"""Checks of ``default_args`` and of mapped arguments while the Dag file is parsed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator, TaskGroup

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.operators.campaign import (
    TruepushCreateCampaignOperator,
)
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.trigger import TruepushCreateTriggerOperator, TruepushListTriggersOperator
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.driver import CONN_ID, connect
from tests.contract.fixtures import emulator, plain_machine
from tests.contract.world import CAMPAIGN, NEW_TRIGGER, SEGMENT, furnish
from tests.operators.literals import create
from tests.sensors.context import TaskInstance, context

__all__ = ["emulator", "plain_machine"]

MISNAMED = (
    "segmentId",
    "segment_ids",
    "segment_name",
    "Segment",
    "segmant_id",
    "audience_id",
    "scheduled_at",
    "send_time",
    "seg_id",
    "quite_hours",
    "max_latenes",
    "sned_at",
    "segmnt",
    "target_segment",
    "trupush_conn_id",
    "cancelOnKil",
    "cancel_on_kil",
    "schedule_a_head",
    "truepush_connection_id",
    "dry_run",
    "timings",
    "expiresIn",
)


@pytest.mark.parametrize("where", ["dag", "group", "task", "partial"])
@pytest.mark.parametrize("key", [*MISNAMED, "sendAt", "ledger_conn", "sendToken"])
def test_a_default_that_nothing_would_read_is_refused(key: str, where: str) -> None:
    mine = {key: "x"}
    make_it = TruepushCreateCampaignOperator.partial if where == "partial" else TruepushCreateCampaignOperator
    own = mine if where in ("task", "partial") else {}
    with (
        DAG("a_dag", schedule=None, default_args=mine if where == "dag" else {}),
        TaskGroup("group", default_args=mine if where == "group" else {}),
        pytest.raises(TruepushValidationError, match=rf"default_args\['{key}'\]: is not an argument of") as caught,
    ):
        make_it(task_id="t", default_args=own, **CAMPAIGN)
    assert isinstance(caught.value, AirflowFailException)


def test_the_error_says_what_happened_before_what_to_do() -> None:
    with (
        pytest.raises(TruepushValidationError) as caught,
        DAG("a_dag", schedule=None, default_args={"sent_at": "2099-01-01"}),
    ):
        create()
    assert str(caught.value) == (
        "default_args['sent_at']: is not an argument of TruepushCreateCampaignOperator and has no effect, "
        "got '2099-01-01'. Nothing was sent. Use send_at."
    )


@pytest.mark.parametrize("key", ["truepush_conn", "truepush_con_id", "truepushConnId"])
@pytest.mark.parametrize(
    "kind", [TruepushDeleteSegmentOperator, TruepushListTriggersOperator, TruepushCreateTriggerOperator]
)
def test_no_task_uses_another_connection_than_was_meant(kind: Any, key: str) -> None:
    given = {TruepushDeleteSegmentOperator: {"segment": "x"}, TruepushCreateTriggerOperator: NEW_TRIGGER}.get(kind, {})
    match = rf"default_args\['{key}'\]: is not an argument of .* truepush_conn_id"
    with DAG("a_dag", schedule=None, default_args={key: "x"}), TaskGroup("outer"), TaskGroup("inner"):
        with pytest.raises(TruepushValidationError, match=match):
            kind(task_id="plain", **given)
        with pytest.raises(TruepushValidationError, match=match):
            kind.partial(task_id="mapped", **given).expand(truepush_conn_id=["a"])


@pytest.mark.parametrize("kind", [TruepushDeleteSegmentOperator, TruepushCreateTriggerOperator])
def test_nothing_is_changed_that_was_meant_for_a_dry_run(kind: Any) -> None:
    given = {"segment": "x"} if kind is TruepushDeleteSegmentOperator else NEW_TRIGGER
    with DAG("a_dag", schedule=None, default_args={"dry_run": True}):
        with pytest.raises(TruepushValidationError, match="Set the extra `dry_run` of the connection"):
            kind(task_id="t", **given)
        TruepushListTriggersOperator(task_id="list")


def test_defaults_of_other_operators_are_theirs() -> None:
    keys = (
        *("url", "body", "mode", "timeout", "conn_id", "segment_conn_id", "segment_debug_mode", "idempotency_token"),
        *("to", "recipients", "active", "schedule", "expires_at", "my_truepush_conn_id", "truepush", "truepush_name"),
        *("cancel_job_on_kill", "cancel_jobs_on_kill", "cancel_query_on_kill", "cancelJobOnKill", "resend_token"),
        *("send_data", "send_chat", "send_stat", "send_at_least", "augment"),
    )
    with DAG("a_dag", schedule=None, default_args=dict.fromkeys(keys, "x")):
        create()


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        *((key, "segment_id or segment") for key in ("customer_segment", "segmentation", "audience_team")),
        *((key, "segment_id or segment") for key in ("target", "subscribers")),
        *((key, "expires_in") for key in ("expires", "ttl")),
        ("when", "send_at"),
        ("general_ledger_conn_id", "ledger_conn_id"),
    ],
)
def test_a_default_that_may_be_of_another_operator_is_a_warning(
    key: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    with DAG("a_dag", schedule=None, default_args={key: "x"}):
        create()
    with DAG("another", schedule=None, default_args={key: "x"}):
        create()
    warned = [message for message in caplog.messages if f"default_args['{key}']" in message]
    assert len(warned) == 1
    assert warned[0].endswith(f"use {meant}.")


def test_a_default_that_is_an_extra_of_the_connection() -> None:
    match = "Set the extra `require_segment` of the connection"
    for key in ("require_segment", "requireSegment", "require_segmnt"):
        with (
            pytest.raises(TruepushValidationError, match=match),
            DAG("a_dag", schedule=None, default_args={key: True}),
        ):
            create()


def test_the_own_default_of_a_mapped_task_is_not_lost() -> None:
    with DAG("a_dag", schedule=None):
        mapped = TruepushCreateCampaignOperator.partial(
            task_id="t", default_args={"segment_id": SEGMENT}, **{**CAMPAIGN, "title": "x"}
        ).expand(tags=[["a"]])
    assert mapped.partial_kwargs["segment_id"] == SEGMENT


@pytest.mark.parametrize(
    ("name", "default", "other"),
    [
        ("segment_id", SEGMENT, "ab" * 12),
        ("segment", "VIP", "Others"),
        ("send_at", "2099-03-01T09:30:00", "2099-03-02T09:30:00"),
        ("quiet_hours", ["01:00", "01:01"], ["02:00", "02:01"]),
        ("truepush_conn_id", "a", "b"),
    ],
)
def test_items_of_an_xcom_beside_literals_keep_the_defaults_of_the_task(name: str, default: Any, other: Any) -> None:
    """Only literals can be completed in the Dag file: an item of an XCom would lose its audience."""
    given = {key: value for key, value in CAMPAIGN.items() if key != "title"}
    with DAG("a_dag", schedule=None):
        item = BaseOperator(task_id="before").output
        literal = {"title": "a", name: other}

        def partial(task_id: str) -> Any:
            return TruepushCreateCampaignOperator.partial(task_id=task_id, default_args={name: default}, **given)

        with pytest.raises(TruepushValidationError, match=rf"^{name}: is in default_args of the task and in an item"):
            partial("refused").expand_kwargs([literal, item])
        for strict, items in ((True, [{"title": "a"}, item]), (False, [literal, item])):
            mapped = partial(f"strict_{strict}").expand_kwargs(items, strict=strict)
            assert getattr(mapped.unmap({"title": "x"}), name) == default
        complete = partial("complete").expand_kwargs([literal, {"title": "x"}])
        assert [getattr(complete.unmap(one), name) for one in complete.expand_input.value] == [other, default]


def test_an_item_of_an_xcom_goes_to_the_segment_of_the_task(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    furnish(emulator)
    connect(monkeypatch, emulator)
    emulator.clear_requests()
    given = {**CAMPAIGN, "truepush_conn_id": CONN_ID}
    del given["title"]
    with DAG("a_dag", schedule=None):
        items = [{"title": "a", "segment_id": "ab" * 12}, BaseOperator(task_id="before").output]
        mapped = TruepushCreateCampaignOperator.partial(
            task_id="t", default_args={"segment_id": SEGMENT}, **given
        ).expand_kwargs(items, strict=False)
    mapped.unmap({"title": "x"}).execute(context(TaskInstance(map_index=1)))
    (request,) = emulator.requests("createCampaign")
    assert request.body.get("segment") == SEGMENT


class TestDefaultsOfTheDag:
    """What is meant for the sensors of a Dag reaches its create operators too."""

    def test_default_args_of_a_wait_are_ignored_without_a_wait(
        self, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        furnish(emulator)
        connect(monkeypatch, emulator)
        defaults = {
            "thresholds": {"delivered": 100, "click_rate": "{{ undefined.attribute }}"},
            "fail_if": {"unsubscribe_rate": 0.02},
            "settled_after": timedelta(hours=1),
            "cancel_on_failure": True,
            "timeout": 60,
            "mode": "reschedule",
        }
        with DAG("a_dag", schedule=None, default_args=defaults):
            task = create()
            sensor = TruepushCampaignStatsSensor(task_id="sensor", campaign_id="ab" * 12)
        task.render_template_fields(context())
        assert task.execute(context())
        assert sensor.thresholds == defaults["thresholds"]

    def test_given_to_the_task_itself_it_is_an_error(self) -> None:
        for name, value in (("thresholds", {"sent": 1}), ("settled_after", 5), ("cancel_on_failure", True)):
            with pytest.raises(TruepushValidationError, match=rf"{name}: has no effect without wait_for_delivery=True"):
                create(**{name: value})

    def test_a_task_that_waits_takes_them(self) -> None:
        with DAG("a_dag", schedule=None, default_args={"thresholds": {"sent": 1}}):
            assert create(wait_for_delivery=True).thresholds == {"sent": 1}


class TestMappedArguments:
    """What comes out of an XCom is known only when the task runs."""

    @pytest.mark.parametrize("empty", [None, "", "None"])
    @pytest.mark.parametrize("name", ["segment_id", "send_at", "send_token", "ledger_conn_id"])
    def test_an_empty_value(self, emulator: Emulator, name: str, empty: Any) -> None:
        with DAG("a_dag", schedule=None):
            before = BaseOperator(task_id="before")
            for how in ("expand", "expand_kwargs"):
                partial = TruepushCreateCampaignOperator.partial(task_id=how, truepush_conn_id=CONN_ID, **CAMPAIGN)
                if how == "expand":
                    mapped = partial.expand(**{name: before.output})
                else:
                    mapped = partial.expand_kwargs(before.output)
                # As Airflow does once it has the value.
                with pytest.raises(AirflowFailException, match=rf"{name}: was given and is empty"):
                    mapped.unmap({name: empty}).execute(context(TaskInstance(map_index=0)))
        assert emulator.count() == 0
