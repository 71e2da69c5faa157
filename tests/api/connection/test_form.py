"""The connection's form fields, in the forms that the two kinds of Airflow take."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from airflow_provider_truepush.api.connection import form
from airflow_provider_truepush.api.connection.form import EXTRAS, Extra
from airflow_provider_truepush.api.connection.settings import Settings, read_settings
from tests.api.support import TOKEN

NAMES = [
    "timezone",
    "timeout",
    "requests_per_second",
    "rate_limit_conn_id",
    "rate_limit_share",
    "max_attempts",
    "retry_budget",
    "dry_run",
    "require_segment",
    "verify",
    "cert",
    "proxies",
]


def test_the_declared_extras() -> None:
    assert [extra.name for extra in EXTRAS] == NAMES
    assert set(NAMES) < {each.name for each in fields(Settings)}


@pytest.mark.parametrize("extra", EXTRAS, ids=NAMES)
def test_the_default_of_the_form_is_the_default_of_the_settings(extra: Extra) -> None:
    def read(given: dict[str, object]) -> Settings:
        return read_settings(host=None, scheme=None, port=None, token=TOKEN, extra=given)

    assert read({extra.name: extra.default}) == read({})
    assert extra.label
    assert extra.description.endswith(".") or extra.name in ("cert", "proxies")


def test_conn_fields() -> None:
    fields = form.conn_fields()
    assert list(fields) == NAMES
    assert fields["timezone"]["schema"] == {"type": ["string", "null"]}
    assert fields["dry_run"]["schema"] == {"type": ["boolean", "null"], "default": False}
    assert fields["max_attempts"]["schema"] == {
        "type": ["integer", "null"],
        "default": 5,
        "minimum": 1,
        "maximum": 1000,
    }
    assert fields["retry_budget"]["schema"] == {
        "type": ["number", "null"],
        "default": 120,
        "minimum": 0,
        "maximum": 86_400,
    }
    assert fields["requests_per_second"]["schema"] == {
        "type": ["number", "null"],
        "minimum": 0.001,
        "maximum": 1_000_000,
    }
    assert all(set(field) == {"label", "description", "schema"} for field in fields.values())


def test_one_declaration_for_both_kinds_of_airflow() -> None:
    declared = form.connection_type()
    behaviour = form.ui_field_behaviour()
    assert declared["connection-type"] == "truepush"
    assert declared["hook-class-name"] == "airflow_provider_truepush.hooks.truepush.TruepushHook"
    assert declared["conn-fields"] == form.conn_fields()
    assert declared["ui-field-behaviour"] == {key.replace("_", "-"): value for key, value in behaviour.items()}
    assert behaviour["relabeling"]["password"] == "Token"
    assert behaviour["hidden_fields"] == ["login"]
    json.dumps(declared)


def test_changing_the_result_does_not_change_the_declaration() -> None:
    behaviour = form.ui_field_behaviour()
    behaviour["hidden_fields"].append("password")
    behaviour["placeholders"].clear()
    assert form.ui_field_behaviour()["hidden_fields"] == ["login"]
    assert form.ui_field_behaviour()["placeholders"]
