"""A token in the name of a template, trigger, segment or campaign is in no error and no log of an operator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.client.redacted import forget, hide, hide_in
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushError
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.operators.campaign import TruepushCancelCampaignOperator, TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.segment import TruepushDeleteSegmentOperator, TruepushListSegmentsOperator
from airflow_provider_truepush.operators.template import TruepushCreateTemplateOperator, TruepushDeleteTemplateOperator
from airflow_provider_truepush.operators.trigger import (
    TruepushCreateTriggerOperator,
    TruepushDeleteTriggerOperator,
    TruepushSetTriggerStatusOperator,
)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from airflow_provider_truepush.waiting.goal import Verdict

TOKEN = "c2hvcC1wcm9qZWN0.dG9rZW4tb2YtaXQ.c2lnbmF0dXJl"
NAME = f"weekly {TOKEN} digest"
CONTENT = {"title": "t", "message": "m", "link": "https://example.com/"}


@pytest.fixture(name="template")
def template_fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with Emulator(token=TOKEN) as emulator:
        given = {"conn_type": "truepush", "host": emulator.url, "password": TOKEN, "extra": {"timezone": "UTC"}}
        monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", json.dumps(given))
        twice = [{"name": NAME}, {"name": NAME}]
        ids = emulator.seed({"templates": [{**row, **CONTENT} for row in twice], "segments": twice})
        template_id: str = ids["templates"][0]
        timings = {"hours": 1, "minutes": 1}
        emulator.seed({"triggers": [{"name": NAME, "templateId": template_id, "type": "once", "timings": timings}]})
        emulator.seed({"campaigns": [{"title": NAME}, {"title": NAME}]})
        yield template_id


DAILY = {"schedule": "0 9 * * *"}
CASES: list[tuple[type[Any], dict[str, Any]]] = [
    (TruepushCreateTemplateOperator, {"name": NAME, **CONTENT}),
    (TruepushCreateTemplateOperator, {"name": NAME, "if_exists": "reuse", **CONTENT}),
    (TruepushCreateTriggerOperator, {"name": NAME, "template_id": None, **DAILY}),
    (TruepushCreateTriggerOperator, {"name": "n", "template": NAME, **DAILY}),
    (TruepushCreateTriggerOperator, {"name": "n", "template": f"{NAME}s", **DAILY}),
    (TruepushDeleteTemplateOperator, {"template": f"{NAME}s", "if_missing": "fail"}),
    (TruepushDeleteTriggerOperator, {"trigger_name": f"{NAME}s", "if_missing": "fail"}),
    (TruepushSetTriggerStatusOperator, {"trigger_name": f"{NAME}s", "status": "active"}),
    (TruepushDeleteSegmentOperator, {"segment": NAME}),
    (TruepushCancelCampaignOperator, {"campaign_title": NAME}),
    (TruepushCreateCampaignOperator, {"segment": NAME, **CONTENT}),
]


@pytest.mark.parametrize(("kind", "arguments"), CASES)
def test_no_error_and_no_log_shows_it(
    kind: type[Any], arguments: dict[str, Any], template: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    given = {**arguments, "template_id": template} if "template_id" in arguments else arguments
    task = kind(task_id="t", **given)
    with pytest.raises(Exception, match=r"\*\*\*") as caught:
        task.execute({})
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in repr(error)
        error = error.__cause__ or error.__context__
    assert TOKEN not in caplog.text


def test_a_success_logs_it_hidden_and_returns_data_as_it_is(template: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    task = TruepushDeleteTriggerOperator(task_id="t", trigger_name=NAME)
    assert task.execute({}) is True
    assert "weekly *** digest" in caplog.text
    assert TOKEN not in caplog.text
    rows = TruepushListSegmentsOperator(task_id="list").execute({})
    assert [row["name"] for row in rows].count(NAME) == 2


def test_an_error_keeps_its_type_and_attributes(template: str) -> None:
    TruepushListSegmentsOperator(task_id="list").execute({})  # which reads the connection
    error = TruepushAmbiguousError(f"{NAME} may exist", endpoint="createTemplate", repeatable=True)
    error.__cause__ = ValueError(NAME, 5)
    error.add_note(NAME)
    hide_in(error)
    assert str(error) == "weekly *** digest may exist"
    assert (error.endpoint, error.repeatable) == ("createTemplate", True)
    assert error.__cause__.args == ("weekly *** digest", 5)
    assert error.__notes__ == ["weekly *** digest"]
    assert hide("The campaign was not sent.") == "The campaign was not sent."


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize(
    ("operator", "field", "literals"),
    [
        (TruepushCreateCampaignOperator, "link", CONTENT),
        (TruepushCreateTemplateOperator, "link", {"name": "n", **CONTENT}),
        (TruepushDeleteTriggerOperator, "trigger_id", {"trigger_id": "ab" * 12}),
    ],
)
def test_a_refused_value_is_hidden_though_the_process_has_not_read_the_connection(
    operator: type[Any], field: str, literals: dict[str, Any]
) -> None:
    task = operator(task_id="t", **literals)
    setattr(task, field, NAME)  # as a template renders it
    forget()
    with pytest.raises(AirflowFailException) as caught:
        operator.execute.__wrapped__(task, {})
    assert TOKEN not in str(caught.value)
    assert "***" in str(caught.value)


#: Blanks before a token, so that a cut at 80 or 120 characters parts it.
BEFORE = range(60, 120, 4)


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize("length", BEFORE)
@pytest.mark.parametrize("is_read", [True, False], ids=["read", "not read"])
def test_no_part_of_it_is_shown_where_a_refused_value_is_cut(length: int, is_read: bool) -> None:
    task = TruepushCreateTemplateOperator(task_id="t", name="n", **CONTENT)
    task.link = f"{'x' * length}{TOKEN}"  # as a template renders it
    forget()
    if is_read:
        TruepushListSegmentsOperator(task_id="list").execute({})
    with pytest.raises(AirflowFailException, match="link: ") as caught:
        TruepushCreateTemplateOperator.execute.__wrapped__(task, {})  # type: ignore[attr-defined]
    assert TOKEN[:6] not in str(caught.value)


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize("length", BEFORE)
def test_no_part_of_it_is_shown_where_a_missing_name_is_cut(length: int) -> None:
    forget()
    task = TruepushDeleteTriggerOperator(task_id="t", trigger_name="x" * length + TOKEN, if_missing="fail")
    with pytest.raises(AirflowFailException, match="No trigger") as caught:
        task.execute({})
    assert TOKEN[:6] not in str(caught.value)


class FailingAirflow:
    """The task state store and the XComs of an Airflow whose errors quote what they were given.

    :param length: letters before the quotation.
    """

    def __init__(self, length: int) -> None:
        self._before = "x" * length
        self.dag_id, self.task_id, self.run_id, self.map_index, self.try_number = "d", "t", "r", 0, 2

    def get(self, key: str) -> Any:
        return None

    def set(self, key: str, value: Any, *, retention: Any = None) -> None:
        raise RuntimeError(f"{self._before}{NAME}")

    def xcom_pull(self, task_ids: str, key: str) -> Any:
        return []

    def xcom_push(self, key: str, value: Any) -> None:
        raise RuntimeError(f"{self._before}{NAME}")


#: Mapped tasks that publish what they have begun, before they read the connection.
MAPPED: list[tuple[type[Any], dict[str, Any]]] = [
    (TruepushDeleteTriggerOperator, {"trigger_name": NAME, "if_missing": "fail"}),
    (TruepushCreateTriggerOperator, {"name": NAME, "template": NAME, **DAILY}),
    (TruepushCreateTemplateOperator, {"name": NAME, **CONTENT}),
]


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize(("kind", "arguments"), MAPPED)
@pytest.mark.parametrize("has_store", [True, False], ids=["state", "XCom"])
@pytest.mark.parametrize("length", [0, *range(264, 300, 6)])
def test_no_part_of_it_is_shown_where_an_error_of_airflow_is_cut(
    length: int, has_store: bool, kind: type[Any], arguments: dict[str, Any]
) -> None:
    forget()
    airflow = FailingAirflow(length)
    given = {"ti": airflow, **({"task_state_store": airflow} if has_store else {})}
    task = kind(task_id="t", **arguments)
    with pytest.raises(TruepushError, match="in Airflow") as caught:
        kind.execute.__wrapped__(task, given)  # type: ignore[attr-defined]
    assert TOKEN[:6] not in str(caught.value)
    assert TOKEN not in repr(caught.value.__cause__)


def test_a_campaign_for_every_subscriber_is_logged_without_it(template: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with pytest.raises(AirflowFailException):
        TruepushCreateCampaignOperator(task_id="t", **{**CONTENT, "title": NAME}).execute({"ti": FailingAirflow(0)})
    assert "Campaign 'weekly *** digest' has no segment" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.usefixtures("template")
def test_an_error_of_airflow_is_hidden_when_a_deferred_task_resumes() -> None:
    airflow = FailingAirflow(0)
    given = {"wait_for_delivery": True, "thresholds": {"delivered": 1}, **CONTENT}
    task = TruepushCreateCampaignOperator(task_id="t", **given)
    carry = {"campaign_id": "ab" * 12, "title": NAME, "send_token": NAME}
    event = Verdict("met", "delivered is 1", {"delivered": 1}, {}).as_dict(carry)
    with pytest.raises(RuntimeError, match="weekly") as caught:
        task.execute_complete({"ti": airflow, "task_state_store": airflow}, event)
    assert TOKEN not in str(caught.value)


@pytest.mark.usefixtures("template")
def test_a_refused_value_of_a_sensor_is_hidden_too() -> None:
    sensor = TruepushCampaignStatsSensor(task_id="t", campaign_id="ab" * 12, thresholds={"delivered": 1})
    sensor.campaign_id = NAME  # as a template renders it
    forget()
    with pytest.raises(AirflowFailException, match=r"\*\*\*") as caught:
        TruepushCampaignStatsSensor.execute.__wrapped__(sensor, {})  # type: ignore[attr-defined]
    assert TOKEN not in str(caught.value)


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_refused_value_of_a_notifier_is_hidden_too(
    is_async: bool, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    notifier = TruepushNotifier(title="t", message="m", expires_in=1, everyone=True)
    notifier.expires_in = NAME  # type: ignore[assignment]  # as a template renders it
    forget()
    if is_async:
        await notifier.async_notify({})
    else:
        notifier.notify({})
    said = capsys.readouterr().out + caplog.text  # Airflow 3 logs to the terminal here
    assert "was NOT sent" in said
    assert "***" in said
    assert TOKEN not in said
