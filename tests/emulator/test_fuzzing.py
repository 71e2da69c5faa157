"""Any JSON for any control: it is accepted or refused with a reason, and the emulator goes on answering."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_truepush.emulator import EFFECTS, Emulator, TruepushEmulatorError
from airflow_provider_truepush.emulator.control_action import Action
from airflow_provider_truepush.emulator.control_table import ACTIONS, CHURN_KEYS, DIALECT_KEYS, FAULT_KEYS
from airflow_provider_truepush.emulator.controls import ADD_CAMPAIGNS
from airflow_provider_truepush.emulator.seeding import KINDS
from tests.emulator.support import CAMPAIGN

TEXTS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["a" * 24, "x\r\nSet-Cookie: y", "\ud83d", "createCampaign", "listCampaign", "2026-03-02", "1e400"]
    ),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 600), st.just(10**30), st.floats(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
#: Effects that give no complete answer, or give it slowly.
SILENT = {"hang", "delay", "drip", "fin", "rst", "garbage", "truncate", "late_commit"}
#: Keys that decide which requests a fault hits, and when.
OTHERS = ("effect", "endpoint", "nth", "times", "probability", "then", "seconds")
FUZZ = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows(kind: str) -> st.SearchStrategy[Any]:
    """Rows to seed, some of whose values make no sense."""
    return st.lists(st.dictionaries(st.sampled_from(KINDS[kind]), VALUES, max_size=4), max_size=2)


def bodies(action: Action) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies of a control, right in their keys at most."""
    if action.name == "seed":
        many = st.dictionaries(st.sampled_from(ADD_CAMPAIGNS), VALUES, max_size=4).map(
            lambda given: {**given, "n": given.get("n") if not isinstance(given.get("n"), int) else given["n"] % 5}
        )
        return st.one_of(
            st.fixed_dictionaries({}, optional={kind: rows(kind) for kind in KINDS}),
            st.fixed_dictionaries({"add_campaigns": many}),
        )
    return st.dictionaries(st.sampled_from([*action.keys, "nosuch"]), VALUES, max_size=4)


def alive(emulator: Emulator) -> None:
    """The API and the overview answer."""
    headers = {"Authorization": emulator.token}
    assert requests.get(f"{emulator.url}/_emulator/overview", timeout=5).status_code == 200
    answer = requests.post(f"{emulator.url}/api/v1/createCampaign", json=CAMPAIGN, headers=headers, timeout=5)
    assert answer.status_code == 200
    assert requests.get(f"{emulator.url}/api/v1/listTrigger/1", headers=headers, timeout=5).status_code in (200, 204)


@pytest.mark.parametrize("name", sorted({action.name for action in ACTIONS if action.changes} - {"reset", "requests"}))
def test_any_json_for_any_control_is_answered(emulator: Emulator, name: str) -> None:
    changes = [action for action in ACTIONS if action.name == name and action.changes]
    action = min(changes, key=lambda one: "DELETE" in one.methods)

    @FUZZ
    @given(body=bodies(action), rest=st.sampled_from([action.sample, "", "x", "9" * 30]))
    def check(body: dict[str, Any], rest: str) -> None:
        emulator.reset()
        url = f"{emulator.url}/_emulator/{name}" + (f"/{rest}" if action.argument else "")
        raw = json.dumps(body).encode()
        answer = requests.request(action.methods[0], url, data=raw, timeout=10)
        assert answer.status_code in (200, 400), (body, answer.text)
        if answer.status_code == 400:
            assert answer.json()["error"]
        emulator.clear_faults()
        alive(emulator)

    check()


@pytest.mark.parametrize("effect", sorted(set(EFFECTS) - SILENT))
def test_a_fault_that_is_accepted_is_answered(emulator: Emulator, effect: str) -> None:
    (campaign,) = emulator.add_campaigns(1)
    keys = [key for key in FAULT_KEYS if key not in OTHERS]

    @FUZZ
    @given(settings=st.dictionaries(st.sampled_from(keys), VALUES, max_size=3))
    def check(settings: dict[str, Any]) -> None:
        emulator.clear_faults()
        settings["megabytes"] = 0.01
        try:
            emulator.fault(effect=effect, **settings)
        except TruepushEmulatorError:
            return
        headers = {"Authorization": emulator.token}
        for path in ("listCampaign/1", f"campaignStats/{campaign}"):
            url = f"{emulator.url}/api/v1/{path}"
            answer = requests.get(url, headers=headers, timeout=5, allow_redirects=False, stream=True)
            assert b"Server got itself in trouble" not in answer.raw.read(1000)
            answer.close()

    check()


def test_a_body_that_is_nested_too_deeply_is_bad_data(emulator: Emulator) -> None:
    headers = {"Authorization": emulator.token}
    raw = json.dumps(CAMPAIGN)[:-1] + ',"x":' + "[" * 900 + "]" * 900 + "}"
    answer = requests.post(f"{emulator.url}/api/v1/createCampaign", data=raw, headers=headers, timeout=5)
    assert (answer.status_code, emulator.campaigns()) == (400, [])


def test_keys_are_those_of_the_settings() -> None:
    assert "id" not in FAULT_KEYS
    assert "hits" not in FAULT_KEYS
    assert {"name", "order", "page_size"} < set(DIALECT_KEYS)
    assert set(CHURN_KEYS) == {"endpoint", "delete", "add", "move", "where", "times"}
