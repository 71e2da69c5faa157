"""Deferred waits under ``dag.test()``, which drops the arguments of a deferral and answers no asynchronous request."""

from __future__ import annotations

from tests.dag_test.played import Played
from tests.support.tokens import SESSION_TOKEN


def test_deferred_waits_end_as_they_do_with_a_triggerer(played: Played) -> None:
    assert SESSION_TOKEN not in played.output
    names = ("send_environment", "wait_environment", "send_database", "wait_database")
    assert played.results["deferred"] == dict.fromkeys(names, "success"), played.output[-5000:]
    assert played.emulators["deferred"].count("createCampaign") == 2
