"""Names: safe, the same for a run, and never those of another."""

from __future__ import annotations

import re
from datetime import date

from hypothesis import given, strategies as st

from airflow_provider_truepush.export.files.names import Names

IDS = st.text(max_size=300)
KEYS = st.tuples(IDS, IDS, IDS, st.integers(-1, 5))


def names(dag_id: str, task_id: str, run_id: str, map_index: int, **more: str) -> Names:
    given = {"load_id": "first", "extension": "parquet", **more}
    return Names(dag_id, task_id, run_id, map_index, given["load_id"], date(2026, 1, 2), given["extension"])


def test_can_be_read_by_people() -> None:
    found = names("stats", "export", "scheduled__2026-11-22T00:00:00+00:00", 3)
    assert re.fullmatch(r"stats\.export\.scheduled__2026-11-22T00-00-00\+00-00\.3\.[0-9a-f]{10}", found.run)
    assert found.file == f"campaign_stats/dt=2026-01-02/{found.run}.parquet"
    assert found.manifest == f"campaign_stats/dt=2026-01-02/_{found.run}_manifest.json"
    assert found.parts == f"campaign_stats/_parts/{found.run}"


@given(KEYS)
def test_fit_every_storage(key: tuple[str, str, str, int]) -> None:
    found = names(*key)
    for name in (found.file, found.manifest, found.parts):
        assert re.fullmatch(r"[A-Za-z0-9_.+=/-]+", name)
        assert all(len(part) + len(".0123456789ab.tmp") < 255 and part not in (".", "..") for part in name.split("/"))
    assert not found.run.startswith((".", "_")) or found.run.startswith("_") == key[0].startswith("_")


@given(KEYS, KEYS)
def test_two_runs_share_no_name(one: tuple[str, str, str, int], other: tuple[str, str, str, int]) -> None:
    assert (names(*one).run == names(*other).run) == (one == other)
    assert names(*one) == names(*one)


def test_two_executions_share_the_file_and_not_the_parts() -> None:
    first, second = names("d", "t", "r", -1), names("d", "t", "r", -1, load_id="second")
    assert first.file == second.file
    assert first.parts == second.parts
    assert first.parts_prefix != second.parts_prefix
    assert first.parts_prefix != names("d", "t", "r", -1, extension="csv").parts_prefix
