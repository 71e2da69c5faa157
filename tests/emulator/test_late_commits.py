"""Requests that are carried out after the client has left."""

from __future__ import annotations

from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import BY_NAME, CAMPAIGN, exchange, request_bytes, until


def test_the_change_is_made_though_the_client_has_left(emulator: Emulator) -> None:
    emulator.fault("createCampaign", effect="delay", seconds=1.0)
    exchange(emulator.port, request_bytes(BY_NAME["createCampaign"], None, CAMPAIGN), timeout=0.05)
    assert emulator.campaigns() == []
    until(lambda: len(emulator.campaigns()) == 1)


def test_a_late_commit_by_the_emulated_clock(emulator: Emulator) -> None:
    emulator.fault("createCampaign", effect="late_commit", seconds=120, clock="emulated")
    received, end = exchange(emulator.port, request_bytes(BY_NAME["createCampaign"], None, CAMPAIGN))
    assert (received, end) == (b"", "fin")
    emulator.advance(119)
    assert (emulator.campaigns(), emulator.late_commits()) == ([], 1)
    emulator.advance(1)
    (made,) = emulator.campaigns()
    (record,) = emulator.requests()
    assert (record.committed, record.status) == (made["id"], None)


def test_a_late_commit_by_the_real_clock(emulator: Emulator) -> None:
    emulator.fault("createCampaign", effect="late_commit", seconds=1.0, then="rst")
    assert exchange(emulator.port, request_bytes(BY_NAME["createCampaign"], None, CAMPAIGN)) == (b"", "rst")
    assert emulator.campaigns() == []
    until(lambda: len(emulator.campaigns()) == 1)


def test_a_late_commit_on_demand(emulator: Emulator) -> None:
    emulator.fault("createCampaign", effect="late_commit", then="hang", clock="manual")
    data = request_bytes(BY_NAME["createCampaign"], None, CAMPAIGN)
    for number in (1, 2):
        assert exchange(emulator.port, data, timeout=0.2) == (b"", "silence")
        until(lambda wanted=number: emulator.late_commits() == wanted)  # type: ignore[misc]
    assert emulator.commit_late() == 2
    assert (emulator.commit_late(), list(emulator.pushes().values())) == (0, [2])
