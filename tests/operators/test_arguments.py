"""Arguments that are wrong are errors of the Dag file, wherever no template and no XCom is involved."""

from __future__ import annotations

from datetime import timedelta
from inspect import isgenerator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator
from airflow.providers.common.compat.version_compat import AIRFLOW_V_3_0_PLUS

from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Button
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator,
    TruepushCreateCampaignOperator,
    TruepushGetCampaignStatsOperator,
)
from tests.contract.world import CAMPAIGN, SEGMENT
from tests.operators.literals import create

BUTTON = {"text": "Go", "link": "https://example.com/"}


class _Incomparable:
    """Like an array or a missing value of pandas: a comparison has no truth value, and it cannot be written."""

    def __eq__(self, other: object) -> Any:
        return self

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self) -> str:
        raise RuntimeError("closed")


#: Python does not write it.
_HUGE = 10**5000
WRONG: list[tuple[str, Any]] = [
    ("title", ""),
    ("title", 5),
    ("title", "a\0b"),
    ("message", "cut \ud83d"),
    ("link", "example.com"),
    ("send_at", None),
    ("send_at", ""),
    ("send_at", "tomorrow"),
    ("send_at", 5),
    ("expires_in", 86400),
    ("expires_in", timedelta(days=29)),
    ("expires_in", 0),
    ("buttons", [BUTTON] * 3),
    ("buttons", [{"text": "Go"}]),
    ("buttons", "Go"),
    ("buttons", {Button("a", "https://a.de/"), Button("b", "https://a.de/")}),
    ("tags", "news"),
    ("tags", ["news", 5]),
    ("tags", ["None"]),
    ("tags", {"news", "None"}),
    ("title", "None"),
    ("message", " None "),
    ("buttons", [{"text": "None", "link": "https://example.com/"}]),
    ("segment_id", None),
    ("segment_id", "everyone"),
    ("user_interaction", "maybe"),
    ("image", "no address"),
    ("icon", 5),
    ("send_token", None),
    ("send_token", {"a", "b"}),
    ("ledger_conn_id", ""),
    ("ledger_conn_id", 5),
    ("truepush_conn_id", None),
    ("schedule_ahead", 600),
    ("schedule_ahead", timedelta(seconds=60)),
    ("settle_window", 60),
    ("settle_window", timedelta(seconds=-1)),
    ("on_doubt", "perhaps"),
    ("send_on_backfill", "no"),
    ("max_lateness", 3600),
    ("max_lateness", timedelta(0)),
    ("quiet_hours", (22, 8)),
    ("quiet_hours", ("22:00",)),
    ("quiet_hours", ("22:00", "22:00")),
    ("quiet_hours", "22:00-08:00"),
    ("in_quiet_hours", "wait"),
    ("wait_for_delivery", "yes"),
    ("thresholds", {"deliverd": 1}),
    ("thresholds", {"delivery_rate": 95}),
    ("thresholds", 5),
    ("fail_if", {"unsubscribe_rate": -1}),
    ("require", "some"),
    ("on_settled", "ignore"),
    ("settled_after", -5),
    ("poke_interval", "60s"),
    ("delivery_timeout", 0),
    ("deferrable", None),
    ("cancel_on_failure", 1),
    ("cancel_on_kill", "true"),
    ("error_budget", "10 minutes"),
    *[
        (name, "{{ params.value }}")
        for name in ("require", "quiet_hours", "max_lateness", "deferrable", "error_budget")
    ],
    ("quiet_hours", ["{{ params.from }}", "08:00"]),
    *[(name, _Incomparable()) for name in ("require", "on_doubt", "thresholds", "title", "wait_for_delivery")],
    *[(name, _HUGE) for name in ("title", "segment_id", "poke_interval", "send_token", "error_budget", "require")],
]


def make(form: str, name: str, value: Any) -> None:
    """Give one argument, in one of the forms in which arguments come, to a task that is right but for it."""
    given = {"task_id": "t", "wait_for_delivery": True, "thresholds": {"sent": 1}, **CAMPAIGN}
    given.pop(name, None)
    with DAG("a_dag", schedule=None, default_args={name: value} if form == "default_args" else {}):
        if form == "argument":
            TruepushCreateCampaignOperator(**given, **{name: value})
        elif form == "default_args":
            TruepushCreateCampaignOperator(**given)
        elif form == "partial":
            TruepushCreateCampaignOperator.partial(**given, **{name: value}).expand(tags=[["a"]])
        elif form == "expand":
            TruepushCreateCampaignOperator.partial(**given).expand(**{name: [value]})
        else:
            TruepushCreateCampaignOperator.partial(**given).expand_kwargs([{name: value}])


@pytest.mark.parametrize("form", ["argument", "default_args", "partial", "expand", "expand_kwargs"])
@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda value: "huge" if value is _HUGE else None)
def test_a_wrong_literal(name: str, value: Any, form: str) -> None:
    with pytest.raises(TruepushValidationError, match=rf"(campaign\.)?{name}\b") as caught:
        make(form, name, value)
    # Airflow makes a mapped operator when it runs it: then this must end the task without a retry.
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("form", ["argument", "default_args", "partial", "expand", "expand_kwargs"])
@pytest.mark.parametrize("name", ["buttons", "tags", "quiet_hours"])
@pytest.mark.parametrize("read_once", [iter, lambda items: (item for item in items), lambda items: map(dict, items)])
def test_an_iterator_is_refused_before_a_check_consumes_it(name: str, read_once: Any, form: str) -> None:
    if form == "default_args" and isgenerator(read_once([])) and not AIRFLOW_V_3_0_PLUS:
        pytest.skip("this Airflow copies the default arguments of a Dag, which a generator refuses")
    with pytest.raises(TruepushValidationError, match=rf"\b{name}: must be a list, not an iterator") as caught:
        make(form, name, read_once([BUTTON]))
    assert isinstance(caught.value, AirflowFailException)


@pytest.mark.parametrize("give", ["expand", "expand_xcom", "expand_kwargs"])
@pytest.mark.parametrize(("first", "second"), [("segment", "segment_id"), ("segment_id", "segment")])
def test_partial_and_expand_are_checked_together(first: str, second: str, give: str) -> None:
    values = {"segment": "VIP", "segment_id": SEGMENT}
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        partial = TruepushCreateCampaignOperator.partial(task_id="t", **CAMPAIGN, **{first: values[first]})
        give_all = partial.expand_kwargs if give == "expand_kwargs" else partial.expand
        given: dict[str, Any] = {second: [values[second]] if give == "expand" else before.output}
        args = ([{second: values[second]}],) if give == "expand_kwargs" else ()
        with pytest.raises(TruepushValidationError, match="both segment and segment_id were given"):
            give_all(*args, **({} if args else given))


@pytest.mark.parametrize(
    "name", sorted({name for name, _ in WRONG} & {*TruepushCreateCampaignOperator.template_fields})
)
def test_a_template_is_left_for_the_run(name: str) -> None:
    given = {"task_id": "t", **CAMPAIGN}
    TruepushCreateCampaignOperator(**{**given, name: "{{ later }}"})
    TruepushCreateCampaignOperator(**{**given, name: ["{% if x %}", {"text": "{{ b }}", "link": "{{ c }}"}]})
    with DAG("a_dag", schedule=None):
        before = BaseOperator(task_id="before")
        task = TruepushCreateCampaignOperator(**{**given, name: before.output})
        TruepushCreateCampaignOperator.partial(
            task_id="mapped", **{key: value for key, value in CAMPAIGN.items() if key != name}
        ).expand(**{name: before.output})
    assert task.upstream_task_ids == {"before"}


def test_right_literals_pass() -> None:
    create(
        segment_id=SEGMENT,
        send_at="2020-01-01T00:00:00",  # in the past: a Dag file must not break on the day after
        expires_in=672,
        buttons=[Button("Go {{ x }}", "https://example.com/{{ y }}"), BUTTON],
        tags={"b", "a"},
        send_token=5,
        schedule_ahead=timedelta(minutes=10),
        quiet_hours=["22:00", "08:00"],
        max_lateness=timedelta(hours=1),
        wait_for_delivery=True,
        thresholds={"sent": 1},
        settled_after=60,
    )


def test_a_campaign_scheduled_years_ahead_is_refused() -> None:
    with pytest.raises(TruepushValidationError, match="schedule_ahead: must be at most 400 days"):
        create(schedule_ahead=timedelta(days=4_000_000))


@pytest.mark.parametrize(("name", "right"), [("timeout", "delivery_timeout"), ("url", "link"), ("mode", "deferrable")])
@pytest.mark.parametrize("form", ["argument", "partial", "expand"])
def test_a_name_that_people_try(name: str, right: str, form: str) -> None:
    with pytest.raises(TruepushValidationError, match=rf"{name}: is not an argument of .* Use {right}"):
        make(form, name, 5)


def test_a_wait_that_nothing_would_end_and_names_beside_templates() -> None:
    with pytest.raises(TruepushValidationError, match="thresholds: must name"):
        create(wait_for_delivery=True)
    with pytest.raises(TruepushValidationError, match=r"thresholds\.deliverd: is not a counter"):
        create(wait_for_delivery=True, thresholds={"deliverd": "{{ params.n }}"})
    with pytest.raises(TruepushValidationError, match="error_budget: must be"):
        create(wait_for_delivery=True, settled_after=60, error_budget="5m")


@pytest.mark.parametrize("form", ["argument", "partial", "expand"])
@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (TruepushCancelCampaignOperator, "campaign_id", "x"),
        (TruepushCancelCampaignOperator, "campaign_id", None),
        (TruepushCancelCampaignOperator, "if_not_cancellable", "perhaps"),
        (TruepushGetCampaignStatsOperator, "campaign_id", 5),
        (TruepushGetCampaignStatsOperator, "truepush_conn_id", ""),
    ],
)
def test_the_other_operators_of_campaigns(kind: Any, name: str, value: Any, form: str) -> None:
    given = {"task_id": "t", "campaign_id": "ab" * 12}
    given.pop(name, None)
    makers = {
        "argument": lambda: kind(**given, **{name: value}),
        "partial": lambda: kind.partial(**given, **{name: value}),
        "expand": lambda: kind.partial(**given).expand(**{name: [value]}),
    }
    with pytest.raises(TruepushValidationError, match=name):
        makers[form]()


def test_hours_are_named_where_seconds_were_meant() -> None:
    with pytest.raises(TruepushValidationError, match=r"expires_in: .*28 days.* Numbers are hours"):
        create(expires_in=86400)
