"""Nothing is sent, and what comes back says so."""

from __future__ import annotations

import re

import pytest

from airflow_provider_truepush.api.checks.values import created_at, is_dry_run_id, object_id
from airflow_provider_truepush.api.protocol.dry_run import describe, pretend, stays_here
from tests.api.support import CHANGES, CREATES, ID, NAMES, READS, call_of, endpoint

DRY_ID = "dry-run-0123456789abcdef"


@pytest.mark.parametrize("name", NAMES)
def test_a_dry_run_changes_nothing_and_still_reads(name: str) -> None:
    assert stays_here(call_of(name), True) == (name not in READS)
    assert not stays_here(call_of(name), False)


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("name", [*CHANGES, "campaignStats"])
def test_calls_with_an_id_of_a_dry_run_are_not_sent(name: str, dry_run: bool) -> None:
    payload = {"status": "active"} if name == "triggerStatus" else None
    call = endpoint(name).call(DRY_ID, payload)
    assert stays_here(call, dry_run)
    assert pretend(call) is (None if name == "campaignStats" else True)


@pytest.mark.parametrize("name", CREATES)
def test_the_id_of_a_dry_run_is_recognizable(name: str) -> None:
    made = pretend(endpoint(name).call(payload={"title": "a"}))
    assert re.fullmatch(r"dry-run-[0-9a-f]{16}", made)
    assert is_dry_run_id(made)
    assert object_id("campaign_id", made) == made
    assert created_at(made) is None


def test_the_id_of_a_dry_run_depends_on_the_content() -> None:
    made = {pretend(endpoint(name).call(payload={"title": title})) for name in CREATES for title in "ab"}
    assert len(made) == 6
    call = endpoint("createCampaign").call(payload={"title": "a"})
    assert pretend(call) == pretend(call)


@pytest.mark.parametrize("value", [ID, "", "run", "DRY-RUN-1", None, 5, b"dry-run-1"])
def test_other_ids_are_not_of_a_dry_run(value: object) -> None:
    assert not is_dry_run_id(value)


def test_the_description_of_a_call() -> None:
    call = endpoint("createCampaign").call(payload={"title": "Grüße"})
    assert describe(call) == 'POST /api/v1/createCampaign {"title":"Grüße"}'
    assert describe(call_of("cancelCampaign")) == f"PUT /api/v1/cancelCampaign/{ID}"
    assert describe(endpoint("triggerStatus").call(ID, {"status": "inactive"})) == (
        f'PUT /api/v1/triggerStatus/{ID} {{"status":"inactive"}}'
    )
