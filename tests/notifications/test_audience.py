"""The audience of a notification: a segment, or everyone, said explicitly."""

from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import DAG

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.notifications.truepush import TruepushNotifier
from tests.notifications.sends import CONTENT, Call, Errors, context, errors, segment, send, set_extras

__all__ = ["context", "errors", "segment", "send"]


async def test_everyone_has_to_be_said(emulator: Emulator, send: Call, context: dict[str, Any]) -> None:
    await send(TruepushNotifier(**CONTENT, everyone=True), context)
    (request,) = emulator.requests()
    assert "segment" not in request.body


@pytest.mark.parametrize("audience", [{}, {"segment_id": None}, {"segment_id": ""}, {"everyone": False}])
def test_without_an_audience_the_dag_file_does_not_import(audience: dict[str, Any]) -> None:
    with pytest.raises(TruepushValidationError, match=r"Set segment_id, or segment \(its name\), or everyone=True"):
        TruepushNotifier(**CONTENT, **audience)


def test_two_audiences_are_refused() -> None:
    with pytest.raises(TruepushValidationError, match="cannot be set together with everyone=True"):
        TruepushNotifier(**CONTENT, segment_id="5f8d407ad11b5a2c2c524f63", everyone=True)


@pytest.mark.parametrize("everyone", ["yes", "True", 1, None])
def test_everyone_is_a_bool_and_no_template(everyone: Any) -> None:
    with pytest.raises(TruepushValidationError, match="everyone"):
        TruepushNotifier(**CONTENT, everyone=everyone)
    assert "everyone" not in TruepushNotifier.template_fields


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("template", ["{{ none }}", "{{ '' }}", "{{ 'dry-run-1' }}"])
async def test_a_segment_that_renders_to_nothing_sends_nothing(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    template: str,
    native: bool,
    errors: Errors,
) -> None:
    context["dag"] = DAG("shop", schedule=None, render_template_as_native_obj=native)
    await send(TruepushNotifier(**CONTENT, segment_id=template), context)
    assert emulator.count() == 0
    (error,) = errors()
    assert "was NOT sent" in error
    assert "segment_id" in error


async def test_require_segment_beats_everyone(
    emulator: Emulator,
    send: Call,
    context: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    errors: Errors,
) -> None:
    set_extras(emulator, monkeypatch, require_segment=True)
    await send(TruepushNotifier(**CONTENT, everyone=True), context)
    assert emulator.count() == 0
    (error,) = errors()
    assert "was NOT sent" in error
    assert "require_segment" in error
