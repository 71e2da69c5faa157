"""The same machine finds a duplicate in every unsafe way to send: it can fail."""

from __future__ import annotations

import pytest

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.sending.protocol import CampaignSending
from tests.sending.exploring import explore
from tests.sending.machine import DuplicateError
from tests.sending.senders import ForgetsAtRestart, GetPostSave, NaiveRetry, ResendWhenEmpty
from tests.sending.world import Setup, World, ledger_hook
from tests.support.versions import needs_state_store

#: How many histories it may take to find the first duplicate.
LIMIT = 4000


@pytest.mark.usefixtures("silence", "sqlite")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("sender", "fenced", "send_store", "first"),
    [
        pytest.param(NaiveRetry, True, "state", "1", id="naive retry"),
        pytest.param(GetPostSave, True, "state", "1", id="get, POST, save"),
        pytest.param(CampaignSending, False, "state", "17", marks=needs_state_store, id="unfenced send_store"),
        pytest.param(ResendWhenEmpty, True, "ledger", "1", id="resend when the list is empty"),
        pytest.param(ForgetsAtRestart, True, "none", "14", id="a start over that forgets"),
    ],
)
def test_the_machine_finds_a_duplicate(
    sender: type[CampaignSending],
    fenced: bool,
    send_store: str,
    first: str,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(emulator, sender, ledger_hook, fenced=fenced)
    world.only = Setup(send_store=send_store)
    world.patch(monkeypatch)
    with pytest.raises(DuplicateError):
        explore(world, LIMIT, duplicates_only=True, first=first)  # a seed whose histories come to one soon
