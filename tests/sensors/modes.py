"""The three ways of waiting, driven as Airflow drives them, each down to the same few words."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any, Literal

from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
from tests.contract.driver import CONN_ID
from tests.contract.world import SENT
from tests.sensors.context import FIRST_POLLS, Store, TaskInstance, context
from tests.support.tokens import SESSION_TOKEN

try:
    from airflow.sdk.exceptions import AirflowRescheduleException
except ImportError:  # before Airflow 3.1
    from airflow.exceptions import AirflowRescheduleException

Mode = Literal["poke", "reschedule", "deferrable"]
MODES: tuple[Mode, ...] = ("poke", "reschedule", "deferrable")
INTERVAL = 0.05
#: An error budget that the third failed poll in a row uses up: fewer never do.
THREE_FAILURES = timedelta(microseconds=1)


@dataclass(slots=True)
class Ended:
    """How a wait ended.

    :param word: ``success``, or the name of the error's class.
    :param value: what was returned.
    :param text: of the error.
    :param xcoms: what was pushed.
    """

    word: str
    value: Any = None
    text: str = ""
    xcoms: dict[str, Any] = field(default_factory=dict)


def sensor(mode: Mode, **arguments: Any) -> TruepushCampaignStatsSensor:
    """A sensor on the sent campaign."""
    how: dict[str, Any] = {"deferrable": True} if mode == "deferrable" else {"mode": mode, "deferrable": False}
    given = {"campaign_id": SENT, "poke_interval": INTERVAL, "timeout": 60, "truepush_conn_id": CONN_ID, **arguments}
    return TruepushCampaignStatsSensor(task_id="wait", **given, **how)


def wait(mode: Mode, ti: TaskInstance | None = None, store: Store | None = None, **arguments: Any) -> Ended:
    """Run a sensor to its end."""
    ti, store = ti or TaskInstance(), store or Store()
    try:
        value = _DRIVERS[mode](arguments, ti, store)
    except Exception as error:
        ended = Ended(type(error).__name__, None, str(error), ti.xcoms)
    else:
        ended = Ended("success", value, "", ti.xcoms)
    assert SESSION_TOKEN not in f"{ended}"
    return ended


def _poke(arguments: dict[str, Any], ti: TaskInstance, store: Store) -> Any:
    return sensor("poke", **arguments).execute(context(ti, task_state_store=store))


def _reschedule(arguments: dict[str, Any], ti: TaskInstance, store: Store) -> Any:
    """A new sensor for every poll, as it is a new process; XComs go, the state store stays."""
    FIRST_POLLS.pop(ti.run_id, None)
    while True:
        ti.xcoms.clear()
        try:
            return sensor("reschedule", **arguments).execute(context(ti, task_state_store=store))
        except AirflowRescheduleException as again:
            ti.first_reschedule = ti.first_reschedule or datetime.now(UTC)
            FIRST_POLLS[ti.run_id] = ti.first_reschedule
            time.sleep(max(0.0, (again.reschedule_date - datetime.now(UTC)).total_seconds()))


def _deferrable(arguments: dict[str, Any], ti: TaskInstance, store: Store) -> Any:
    task = sensor("deferrable", **arguments)
    deferred = defer(task, context(ti, task_state_store=store))
    event = asyncio.run(first_event(rebuilt(deferred.trigger)))
    # The task goes on in another process.
    resumed = sensor("deferrable", **arguments)
    kwargs = {**(deferred.kwargs or {}), "event": json.loads(json.dumps(event))}
    return resumed.resume_execution(deferred.method_name, kwargs, context(ti, task_state_store=store))


_DRIVERS = {"poke": _poke, "reschedule": _reschedule, "deferrable": _deferrable}


def defer(task: Any, with_context: Any) -> TaskDeferred:
    """Execute a task that defers."""
    try:
        task.execute(with_context)
    except TaskDeferred as deferred:
        return deferred
    raise AssertionError("it did not defer")


def rebuilt(trigger: Any) -> Any:
    """A trigger as the triggerer gets it: by its path and its arguments in JSON, which hold no token."""
    path, kwargs = trigger.serialize()
    text = json.dumps(kwargs)
    assert SESSION_TOKEN not in text
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)(**json.loads(text))


async def first_event(trigger: Any) -> Any:
    """Run a trigger until it fires; it fires once."""
    events = [event async for event in trigger.run()]
    (event,) = events
    await trigger.cleanup()
    return event.payload


def listen(monkeypatch: Any, *kinds: type[Any]) -> None:
    """Have classes log where pytest's caplog hears it; Airflow's own loggers write past it."""
    for kind in kinds:
        monkeypatch.setattr(kind, "log", logging.getLogger("suite"))
