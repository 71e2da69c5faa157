"""Campaigns to a segment that is given by its name: operator, decorator, notifier."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.models import Campaign
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.operators import tries
from tests.operators.resources import (
    UNKNOWN,
    Connect,
    Said,
    _connected,
    connect_fixture,
    emulator_fixture,
    rendered_in,
    said_fixture,
)
from tests.operators.tries import store_fixture

__all__ = ["_connected", "connect_fixture", "emulator_fixture", "said_fixture", "store_fixture"]

CAMPAIGN: dict[str, Any] = {"title": "T", "message": "M", "link": "https://example.com/"}
NAME = "Loyal customers"


@pytest.fixture(name="segment", autouse=True)
def segment_fixture(emulator: Emulator) -> str:
    emulator.add_segment("loyal customers", 5)
    return str(emulator.add_segment(NAME, 10))


def run(task: Any, given: Any = None) -> Any:
    """Execute a task past Airflow's check that a task runner calls it."""
    execute = type(task).execute
    context = tries.context(None, 1) if given is None else given
    return getattr(execute, "__wrapped__", execute)(task, context)


def create(**arguments: Any) -> Any:
    return run(TruepushCreateCampaignOperator(task_id="t", **{**CAMPAIGN, **arguments}))


def decorated(returned: Any, **arguments: Any) -> Any:
    with DAG("a_dag", schedule=None):

        @truepush_campaign_task(task_id="t", **arguments)
        def announce() -> Any:
            return returned

        announce()
    task = announce().operator
    task.render_template_fields({})
    return run(task)


def notify(**arguments: Any) -> None:
    TruepushNotifier(**{**CAMPAIGN, **arguments}).notify({})


def notify_in_a_loop(**arguments: Any) -> None:
    asyncio.run(TruepushNotifier(**{**CAMPAIGN, **arguments}).async_notify({}))


def sent_to(emulator: Emulator) -> list[Any]:
    return [row.body.get("segment") for row in emulator.requests("createCampaign")]


FORMS = {
    "operator": create,
    "decorator": lambda **more: decorated(CAMPAIGN, **more),
    "returned": lambda **more: decorated({**CAMPAIGN, **more}),
    "notifier": notify,
    "async notifier": notify_in_a_loop,
}
EVERY_FORM = pytest.mark.parametrize("form", FORMS)
NOTIFIERS = ("notifier", "async notifier")


@EVERY_FORM
class TestEveryForm:
    def test_the_campaign_goes_to_the_segment(self, emulator: Emulator, segment: str, form: str) -> None:
        FORMS[form](segment=NAME)
        assert sent_to(emulator) == [segment]

    def test_nothing_goes_out_when_no_segment_has_the_name(self, emulator: Emulator, said: Said, form: str) -> None:
        error = self.failure(form, said, segment="Loyal custmers")
        assert "campaign.segment: no segment has the name 'Loyal custmers'" in error
        assert "'Loyal customers'" in error.lower().replace("loyal", "Loyal")
        assert sent_to(emulator) == []

    def test_nothing_goes_out_when_several_have_it(self, emulator: Emulator, said: Said, form: str) -> None:
        emulator.add_segment(NAME, 10)
        assert "2 segments have the name 'Loyal customers'" in self.failure(form, said, segment=NAME)
        assert sent_to(emulator) == []

    @pytest.mark.parametrize("value", ["", " ", None, "None"])
    def test_an_empty_name_never_means_everyone(self, emulator: Emulator, said: Said, form: str, value: Any) -> None:
        error = self.failure(form, said, segment=value)
        assert "campaign.segment: was given and is empty" in error
        assert (sent_to(emulator), emulator.count()) == ([], 0)

    def test_both(self, emulator: Emulator, said: Said, form: str) -> None:
        error = self.failure(form, said, segment=NAME, segment_id=UNKNOWN)
        assert "both segment and segment_id were given" in error
        assert emulator.count() == 0

    def test_a_list_that_fails(self, emulator: Emulator, said: Said, form: str) -> None:
        emulator.fault("listSegment", effect="status", status=503)
        self.failure(form, said, segment=NAME)
        assert sent_to(emulator) == []

    def test_a_dry_run_looks_and_sends_nothing(self, emulator: Emulator, connect: Connect, form: str) -> None:
        connect(dry_run=True, require_segment=True)
        FORMS[form](segment=NAME)
        assert (sent_to(emulator), emulator.count("listSegment") > 0) == ([], True)

    def test_it_is_looked_up_once(self, emulator: Emulator, form: str) -> None:
        FORMS[form](segment=NAME)
        assert emulator.count("listSegment") <= 2 * 4 + 1, "pages of two rows, read once and once more"

    def failure(self, form: str, said: Said, **arguments: Any) -> str:
        if form not in NOTIFIERS:
            with pytest.raises(Exception, match=r"(?s).+") as caught:
                FORMS[form](**arguments)
            return str(caught.value)
        try:
            FORMS[form](**arguments)
        except ValueError as error:  # a literal, in the Dag file
            return str(error)
        log = said()
        assert "was NOT sent" in log
        return log


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("name", ["2026_11", "# x", "1e5"])
def test_a_name_is_text(emulator: Emulator, native: bool, name: str) -> None:
    segment_id = emulator.add_segment(name, 10)
    task = rendered_in(
        TruepushCreateCampaignOperator, {"value": name}, native=native, **CAMPAIGN, segment="{{ value }}"
    )
    run(task)
    assert sent_to(emulator) == [segment_id]


def test_the_function_overrides_the_argument(emulator: Emulator, segment: str) -> None:
    other = emulator.add_segment("VIP", 10)
    decorated({**CAMPAIGN, "segment": "VIP"}, segment=NAME)
    decorated({**CAMPAIGN, "title": "2", "segment_id": segment}, segment="VIP")
    decorated({**CAMPAIGN, "title": "3", "segment": "VIP"}, segment_id=segment)
    decorated(Campaign(**{**CAMPAIGN, "title": "4"}, segment_id=segment), segment="VIP")
    assert sent_to(emulator) == [other, segment, other, segment]


def test_default_args(emulator: Emulator, segment: str) -> None:
    with DAG("a_dag", schedule=None, default_args={"segment": NAME}):
        task = TruepushCreateCampaignOperator(task_id="t", **CAMPAIGN)
    run(task)
    assert sent_to(emulator) == [segment]


def test_expand_refuses_an_empty_name() -> None:
    partial = TruepushCreateCampaignOperator.partial(task_id="t", **CAMPAIGN)
    with pytest.raises(ValueError, match=r"campaign\.segment: was given and is empty"):
        partial.expand(segment=[NAME, None])


def test_the_identity_is_the_id(emulator: Emulator, segment: str, store: Path) -> None:
    first = TruepushCreateCampaignOperator(task_id="t", **CAMPAIGN, segment=NAME)
    sent = run(first, tries.context(store, 1))
    by_id = TruepushCreateCampaignOperator(task_id="t", **CAMPAIGN, segment_id=segment)
    assert run(by_id, tries.context(store, 2)) == sent
    assert sent_to(emulator) == [segment]


def test_everyone_is_named_in_the_log(emulator: Emulator, said: Said) -> None:
    create()
    assert "addresses EVERY subscriber of the project. Truepush's API does not report how many" in said()
    create(title="2", segment=NAME)
    assert "EVERY" not in said()


def test_bad_content_costs_no_look_up(emulator: Emulator) -> None:
    task = rendered_in(
        TruepushCreateCampaignOperator, {"value": "nowhere"}, **{**CAMPAIGN, "link": "{{ value }}"}, segment=NAME
    )
    with pytest.raises(AirflowFailException, match=r"campaign\.link"):
        run(task)
    assert emulator.count() == 0
