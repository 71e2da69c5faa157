"""Names in place of ids, in the operators for campaigns, templates, triggers and segments."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushGetCampaignStatsOperator,
)
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator
from airflow_provider_truepush.operators.template import TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
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
)
from tests.operators.triggers import BODY, SEGMENT, TEMPLATE, WEEKLY, template_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "template_fixture"]

CREATE = {"name": "Weekly", "schedule": "30 9 * * 1"}
#: For each operator: the kind, the arguments with the id and the name, other arguments, and whether it may be ignored.
OPERATORS: dict[type[Any], tuple[str, str, str, dict[str, Any]]] = {
    TruepushCancelCampaignOperator: ("campaign", "campaign_id", "campaign_title", {"if_not_cancellable": "ignore"}),
    TruepushGetCampaignStatsOperator: ("campaign", "campaign_id", "campaign_title", {}),
    TruepushDeleteTemplateOperator: ("template", "template_id", "template", {"if_missing": "fail"}),
    TruepushDeleteTriggerOperator: ("trigger", "trigger_id", "trigger_name", {"if_missing": "fail"}),
    TruepushDeleteSegmentOperator: ("segment", "segment_id", "segment", {"if_missing": "fail"}),
    TruepushSetTriggerStatusOperator: ("trigger", "trigger_id", "trigger_name", {"status": "inactive"}),
    TruepushCreateTriggerOperator: ("template", "template_id", "template", CREATE),
}
EVERY = pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)
CHANGES = ("createTrigger", "deleteTemplate", "deleteTrigger", "deleteSegment", "triggerStatus", "cancelCampaign")


def seed(emulator: Emulator, kind: str, *names: str) -> list[str]:
    label = "title" if kind == "campaign" else "name"
    made = emulator.seed({f"{kind}s": [{label: name} for name in names]})
    return [str(one) for one in made[f"{kind}s"]]


def run(operator: type[Any], name: Any, **more: Any) -> Any:
    _, _, name_field, others = OPERATORS[operator]
    return operator(task_id="t", **{name_field: name, **others, **more}).execute({})


def arguments_of(emulator: Emulator, endpoint: str) -> list[str]:
    return [row.path.rsplit("/", 1)[1] for row in emulator.requests(endpoint)]


@EVERY
class TestEveryOperator:
    def test_the_only_one_of_the_name(self, emulator: Emulator, operator: type[Any]) -> None:
        kind = OPERATORS[operator][0]
        _, wanted, _ = seed(emulator, kind, "news", "News", "News 2")
        run(operator, "News")
        used = {
            TruepushCancelCampaignOperator: "cancelCampaign",
            TruepushGetCampaignStatsOperator: "campaignStats",
            TruepushDeleteTemplateOperator: "deleteTemplate",
            TruepushDeleteTriggerOperator: "deleteTrigger",
            TruepushDeleteSegmentOperator: "deleteSegment",
            TruepushSetTriggerStatusOperator: "triggerStatus",
        }
        if operator in used:
            assert arguments_of(emulator, used[operator]) == [wanted]
        else:
            assert emulator.requests("createTrigger")[0].body["templateId"] == wanted

    def test_none_of_the_name_lists_similar_ones(self, emulator: Emulator, operator: type[Any]) -> None:
        kind, _, _field, _ = OPERATORS[operator]
        seed(emulator, kind, "Weekly digest", "Returning customers", "weekly  DIGEST ")
        with pytest.raises(AirflowFailException) as caught:
            run(operator, "Weekly digets")
        assert "'Weekly digets'" in str(caught.value)
        assert "'Weekly digest'" in str(caught.value)
        assert "Returning" not in str(caught.value)
        assert sent(emulator, *CHANGES) == []

    def test_several_of_the_name(self, emulator: Emulator, operator: type[Any]) -> None:
        kind, id_field, _field, _ = OPERATORS[operator]
        first, *_, last = seed(emulator, kind, "News", "Other", "Others", "News")  # not on one page
        with pytest.raises(AirflowFailException, match=rf"2 {kind}s have the (name|title) 'News'") as caught:
            run(operator, "News")
        assert first in str(caught.value)
        assert last in str(caught.value)
        assert f"Set {id_field} to the one you mean" in str(caught.value)
        assert sent(emulator, *CHANGES) == []

    @pytest.mark.parametrize("value", ["", "  ", None, "None"])
    def test_a_name_that_renders_to_nothing(self, emulator: Emulator, operator: type[Any], value: Any) -> None:
        _, _, field, others = OPERATORS[operator]
        given = {**others, field: "{{ value }}"}
        with pytest.raises(AirflowFailException, match=rf"{field}: was given and is empty"):
            rendered_in(operator, {"value": value}, **given).execute({})
        assert emulator.count() == 0

    @pytest.mark.parametrize("native", [False, True])
    @pytest.mark.parametrize("name", ["2026_11", "+48100200300", "# x", "1e5"])
    def test_a_name_is_text(self, emulator: Emulator, operator: type[Any], name: str, native: bool) -> None:
        kind, _, field, others = OPERATORS[operator]
        seed(emulator, kind, name)
        rendered_in(operator, {"value": name}, native=native, **{**others, field: "{{ value }}"}).execute({})

    @pytest.mark.parametrize("both", [True, False])
    def test_both_and_neither_end_the_parsing(self, emulator: Emulator, operator: type[Any], both: bool) -> None:
        _, id_field, field, others = OPERATORS[operator]
        given = {id_field: UNKNOWN, field: "News"} if both else {}
        which = f"both {id_field} and {field} were" if both else f"neither {id_field} nor {field} was"
        doubt = "It is unknown which one is meant. " if both else ""
        error = rf"^{id_field}: {which} given\. {doubt}[^.]*\. Set one of them\.$"
        with pytest.raises(ValueError, match=error):
            operator(task_id="t", **{**others, **given})

    @pytest.mark.parametrize("bad", ["", " ", 5, ["News"]])
    def test_a_bad_literal_ends_the_parsing(self, operator: type[Any], bad: Any) -> None:
        _, _, field, others = OPERATORS[operator]
        with pytest.raises(ValueError, match=rf"{field}: "):
            operator(task_id="t", **{**others, field: bad})

    def test_a_dry_run_changes_nothing(self, emulator: Emulator, connect: Connect, operator: type[Any]) -> None:
        kind = OPERATORS[operator][0]
        seed(emulator, kind, "News")
        connect(dry_run=True)
        run(operator, "News")
        if kind != "segment":
            run(operator, "One that this run would have created")
        assert sent(emulator, *CHANGES) == []

    def test_default_args(self, emulator: Emulator, operator: type[Any]) -> None:
        kind, _, field, others = OPERATORS[operator]
        seed(emulator, kind, "News")
        with DAG("a_dag", schedule=None, default_args={field: "News"}):
            task = operator(task_id="t", **others)
        task.execute({})


class TestCreateTrigger:
    def test_template_and_segment_by_name(self, emulator: Emulator) -> None:
        TruepushCreateTriggerOperator(task_id="t", **CREATE, template="Digest", segment="Loyal customers").execute({})
        (row,) = emulator.requests("createTrigger")
        assert row.body == {**BODY, "segmentId": SEGMENT, "timings": WEEKLY}

    def test_no_segment_of_the_name(self, emulator: Emulator) -> None:
        with pytest.raises(AirflowFailException) as caught:
            run(TruepushCreateTriggerOperator, "Digest", segment="loyal Customer")
        assert "trigger.segment: no segment has the name 'loyal Customer'" in str(caught.value)
        assert "'Loyal customers'" in str(caught.value)
        assert sent(emulator) == []

    @pytest.mark.parametrize("dry_run", [False, True])
    @pytest.mark.parametrize("value", ["", " ", None, "None"])
    def test_a_segment_that_renders_to_nothing(
        self, emulator: Emulator, connect: Connect, value: Any, dry_run: bool
    ) -> None:
        connect(dry_run=dry_run)
        for field in ("segment", "segment_id"):
            given = {**CREATE, "template_id": TEMPLATE, field: "{{ value }}"}
            with pytest.raises(AirflowFailException, match=rf"trigger\.{field}: "):
                rendered_in(TruepushCreateTriggerOperator, {"value": value}, **given).execute({})
            with pytest.raises(AirflowFailException, match=rf"trigger\.{field}: "):
                TruepushCreateTriggerOperator(task_id="t", **{**CREATE, "template_id": TEMPLATE, field: value}).execute(
                    {}
                )
        assert emulator.count() == 0

    def test_both_segments(self, emulator: Emulator) -> None:
        with pytest.raises(ValueError, match="both segment and segment_id were given"):
            run(TruepushCreateTriggerOperator, "Digest", segment="Loyal customers", segment_id=SEGMENT)

    def test_the_connection_asks_for_a_segment(self, emulator: Emulator, connect: Connect) -> None:
        connect(require_segment=True)
        run(TruepushCreateTriggerOperator, "Digest", segment="Loyal customers")
        assert sent(emulator) == ["createTrigger"]

    def test_bad_values_cost_no_look_up(self, emulator: Emulator) -> None:
        with pytest.raises(AirflowFailException):
            run(TruepushCreateTriggerOperator, "Digest", note=5, segment="Loyal customers")
        assert emulator.count() == 0

    def test_each_list_is_walked_once(self, emulator: Emulator) -> None:
        run(TruepushCreateTriggerOperator, "Digest", segment="Loyal customers", if_exists="replace")
        once = {name: emulator.count(name) for name in ("listTemplate", "listSegment")}
        emulator.clear_requests()
        run(TruepushCreateTriggerOperator, "Digest", segment="Loyal customers", if_exists="replace")
        assert {name: emulator.count(name) for name in once} == once


def test_titles_are_matched_letter_by_letter(emulator: Emulator, said: Said) -> None:
    (wanted,) = seed(emulator, "campaign", "Sale \U0001f389")
    seed(emulator, "campaign", "Sale", "sale \U0001f389")
    run(TruepushGetCampaignStatsOperator, "Sale \U0001f389")
    assert arguments_of(emulator, "campaignStats") == [wanted]
    assert wanted in said()


@pytest.mark.parametrize("kind", ["template", "trigger", "segment"])
def test_a_name_with_the_token_in_it_is_matched(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    operators = {
        "template": TruepushDeleteTemplateOperator,
        "trigger": TruepushDeleteTriggerOperator,
        "segment": TruepushDeleteSegmentOperator,
    }
    with Emulator(token="shop") as emulator:
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", emulator.connection_json)
        seed(emulator, kind, "shop news", "*** news")
        assert run(operators[kind], "shop news") is True
        assert "shop news" not in [row["name"] for row in getattr(emulator, f"{kind}s")()]
