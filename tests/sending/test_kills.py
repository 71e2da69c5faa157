"""A real Airflow, real tasks, real signals: for `make prove`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.sending.kills import Kills, summary

KILLS = int(os.environ.get("TRUEPUSH_KILLS", "0"))


@pytest.mark.skipif(not KILLS, reason="for `make prove`")
@pytest.mark.timeout(7200)
def test_no_killed_or_frozen_task_sends_twice(written: Path) -> None:
    runs = Kills(written / "kills", seed=int(os.environ.get("TRUEPUSH_SEED", "7"))).run(KILLS, max(4, KILLS // 8))
    found = summary(runs)
    print(json.dumps(found, indent=1))
    assert found["duplicates"] == 0
    assert not [run for run in runs if run.outcome not in ("same id", "adopted", "sent", "person")]
    assert found["killed"] >= KILLS
    assert found["frozen"] > 0
    assert found["frozen before the POST had arrived"] > 0
    # Struck before the request had left, and after.
    assert {"adopted", "sent"} <= found["outcomes"].keys()
