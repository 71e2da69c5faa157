"""Arguments in a run of Airflow: mapped over XComs, from defaults of the Dag and of task groups, rendered natively."""

from __future__ import annotations

from tests.contract.world import SEGMENT
from tests.dag_test.played import Played


def test_what_goes_out_is_what_was_meant(played: Played) -> None:
    states, emulator = played.results["arguments"], played.emulators["arguments"]
    failed = {name: given for name, given in states.items() if given[0] != "success"}
    # What came out empty fails its task, and no retry would change that.
    empty = {"empty_send_at.0", "empty_segment_id.0", "empty_ledger_conn_id.0"}
    empty |= {"passed_xcom.-1", "passed_mapped.0", "passed_native.-1"}
    assert failed == {name: ["failed", 1] for name in empty}, played.output[-6000:]
    sent = {request.body["title"]: request.body for request in emulator.requests("createCampaign")}
    decorated = {"decorated 1_000", "decorated 0x10", "decorated nested", "passed literal"}
    assert sent.keys() == {*decorated, "1_000", "0x10", "1e5"}
    assert {body["segment"] for body in sent.values()} == {SEGMENT}
    assert sent["decorated nested"]["tags"] == ["outer"]
    assert sent["1e5"]["buttons"] == [{"text": "Only 5 left", "link": "https://example.com/?d=5"}]
    assert emulator.count("createCampaign") == len(sent)
