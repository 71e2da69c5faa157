"""Whatever a Dag gives to a send in whatever form: what goes on the wire is what was meant, or nothing goes.

``TRUEPUSH_ARGUMENT_EXAMPLES`` sets the number of examples per form.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG, AirflowFailException, BaseOperator
from hypothesis import HealthCheck, assume, given, settings

from airflow_provider_truepush.decorators import truepush_campaign_task
from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.contract.driver import CONN_ID, connect
from tests.operators.dag_arguments import REFUSED, SEGMENT, Arguments, arguments, body_of
from tests.sensors.context import context

EXAMPLES = int(os.environ.get("TRUEPUSH_ARGUMENT_EXAMPLES", "70"))
fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator, pytest.MonkeyPatch.context() as patch:
        emulator.add_segment("Somebody", 10, segment_id=SEGMENT)
        connect(patch, emulator, token=emulator.token, timezone="Europe/Berlin")
        yield emulator


def operator(given: Arguments) -> None:
    """An operator, mapped over what comes out of XComs."""
    with DAG("a_dag", schedule=None, render_template_as_native_obj=given.native):
        literals, mapped = given.of("literal", "template"), given.of("xcom")
        options = {"task_id": "t", "truepush_conn_id": CONN_ID}
        if not mapped:
            task: Any = TruepushCreateCampaignOperator(**options, **literals)
        else:
            before = BaseOperator(task_id="before")
            partial = TruepushCreateCampaignOperator.partial(**options, **literals)
            task = partial.expand(**dict.fromkeys(mapped, before.output)).unmap(mapped)
    airflow = context(v=given.variables)
    # What comes out of an XCom is not rendered; Airflow knows it by its identity.
    task._do_render_template_fields(
        task, task.template_fields, airflow, task.get_template_env(), {id(value) for value in mapped.values()}
    )
    task.execute(airflow)


def defaults(given: Arguments) -> None:
    """A decorated function that returns what comes out of XComs; the rest are defaults of the Dag."""
    returned, options = given.of("xcom"), given.of("literal", "template")
    with DAG("a_dag", schedule=None, default_args=options, render_template_as_native_obj=given.native):
        task = truepush_campaign_task(lambda: returned, task_id="t", truepush_conn_id=CONN_ID)().operator
    airflow = context(v=given.variables)
    task.render_template_fields(airflow)
    task.execute(airflow)


def notifier(given: Arguments) -> None:
    """A notifier; nothing that goes wrong is raised after it is made."""
    values = given.of("literal", "template", "xcom")
    audience = {} if "segment_id" in values else {"everyone": True}
    dag = DAG("a_dag", schedule=None, render_template_as_native_obj=given.native)
    airflow = context(v=given.variables, dag=dag)
    TruepushNotifier(truepush_conn_id=CONN_ID, **audience, **values)(airflow)


def check(emulator: Emulator, send: Any, given: Arguments) -> None:
    emulator.clear_requests()
    error: Exception | None = None
    try:
        send(given)
    except (TruepushError, AirflowFailException) as refused:
        error = refused
    sent = [request.body for request in emulator.requests("createCampaign")]
    if given.refused:
        assert sent == []
        assert error is not None or send is notifier
    else:
        assert error is None
        assert sent == [body_of(given)]


@fuzz
@given(arguments())
def test_operators(emulator: Emulator, given: Arguments) -> None:
    check(emulator, operator, given)


@fuzz
@given(arguments())
def test_decorated_functions(emulator: Emulator, given: Arguments) -> None:
    check(emulator, defaults, given)


@fuzz
@given(arguments(leave_out=("send_at",)))
def test_notifiers(emulator: Emulator, given: Arguments) -> None:
    # An alert is sent although `{{ exception }}` renders to None.
    texts = [given.given[name] for name in ("title", "message")]
    assume(
        not any("None" in (str(one.value).strip(), str(one.rendered).strip()) and one.meant is REFUSED for one in texts)
    )
    check(emulator, notifier, given)
