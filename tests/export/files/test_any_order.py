"""Runs, re-runs, failures and late arrivals in any order: no row lost, none doubled, none older than what was there."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

from hypothesis import given, settings, strategies as st

from airflow_provider_truepush.export.batches import Batch
from tests.export.files.support import export, files, read_bytes, sink
from tests.export.support import campaign, row, run_of

#: The run, when it observed (seconds), which campaigns, and whether it comes to its end.
STEPS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 5), st.sets(st.integers(0, 4), min_size=1), st.booleans()), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.sampled_from(["parquet", "jsonl", "csv"]))
def test_each_run_has_what_was_observed_last(steps: list[tuple[int, int, set[int], bool]], made: str) -> None:
    expected: dict[str, tuple[int, set[int]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for number, (which, at, ids, complete) in enumerate(steps):
            run = run_of(f"day {which}", load_id=f"execution {number}")
            rows = [row(one, at, at=at, run=run) for one in sorted(ids)]
            export(folder, rows, run=run, made=made, complete=complete)
            if complete and at >= expected.get(run.snapshot_key, (0, set()))[0]:
                expected[run.snapshot_key] = (at, ids)
        found = [read_bytes(path.read_bytes(), path.name) for path in sorted(Path(folder).rglob(f"*.{made}"))]
        told = {
            rows[0]["snapshot_key"]: sorted((one["campaign_id"], int(one["clicks"])) for one in rows) for rows in found
        }
        assert told == {key: sorted((campaign(one), at) for one in ids) for key, (at, ids) in expected.items()}
        assert len(found) == len(expected)
        assert len([name for name in files(Path(folder)) if "_manifest" in name]) == len(expected)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sets(st.integers(0, 9)), st.booleans()), min_size=1, max_size=5),
    st.sampled_from(["parquet", "jsonl", "csv"]),
)
def test_tries_of_one_execution_add_up(tries: list[tuple[set[int], bool]], made: str) -> None:
    """Each try fetches some of what is left, and is killed, or ends with campaigns left; the last one ends."""
    fetched: set[int] = set()
    kept: set[int] = set()
    with tempfile.TemporaryDirectory() as folder:
        for number, (reached, killed) in enumerate(tries):
            with closing(sink(folder, made=made, resumes_from=row(0, 0).observed_at)) as opened:
                opened.prepare()
                known = opened.lookup([campaign(one) for one in range(10)], done=True, unchanged=None)
                assert set(known) == {campaign(one) for one in kept}
                left = [one for one in sorted(reached) if campaign(one) not in known]
                opened.write(Batch(rows=[row(one, number, at=number) for one in left]))
                fetched |= set(left)
                if not killed:
                    opened.finish(complete=False)
                    kept |= set(left)
        with closing(sink(folder, made=made, resumes_from=row(0, 0).observed_at)) as opened:
            opened.prepare()
            known = opened.lookup([campaign(one) for one in range(10)], done=True, unchanged=None)
            opened.write(Batch(rows=[row(one, 9, at=9) for one in range(10) if campaign(one) not in known]))
            (told,) = opened.finish(complete=True).summary["files"]
        rows = read_bytes(Path(told["path"]).read_bytes(), told["path"])
        assert sorted(one["campaign_id"] for one in rows) == [campaign(one) for one in range(10)]
        assert {one["campaign_id"] for one in rows if int(one["clicks"]) != 9} == {campaign(one) for one in kept}
        assert len(files(Path(folder))) == 2
