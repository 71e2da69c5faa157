"""Random orders of runs, re-runs, late arrivals and backfills: one model, every database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings, strategies as st

from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.rows import StatsRow
from tests.export.databases import Database
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, campaign, row, run_of, warehouse

CAMPAIGN_NUMBERS = range(1, 5)
KEYS = ("day 1", "day 2", "Day 2")

#: An export's batch: its snapshot, which try of which execution, when, and the counters of some campaigns.
batches = st.tuples(
    st.sampled_from(KEYS),
    st.sampled_from(("first", "second")),
    st.integers(0, 6),
    st.dictionaries(st.sampled_from(CAMPAIGN_NUMBERS), st.integers(0, 9), min_size=1),
    st.booleans(),
)


@dataclass
class Model:
    """What the tables must hold."""

    history: dict[tuple[int, str], tuple[float, int, str]] = field(default_factory=dict)
    latest: dict[int, tuple[float, int, str]] = field(default_factory=dict)
    seen: dict[int, tuple[float, float]] = field(default_factory=dict)

    def write(self, key: str, load: str, at: float, values: dict[int, int]) -> None:
        for number, value in values.items():
            new = (at, value, load)
            if (number, key) not in self.history or self.history[number, key][0] <= at:
                self.history[number, key] = new
            if number not in self.latest or self.latest[number][0] <= at:
                self.latest[number] = new
            first, last = self.seen.get(number, (at, at))
            self.seen[number] = (min(first, at), max(last, at))


def check(database: Database, model: Model) -> None:
    def moment(value: Any) -> Any:
        return database.moment(value)

    def at(seconds: float) -> Any:
        return row(1, 0, at=seconds).observed_at

    found = database.rows(f"SELECT campaign_id, snapshot_key, observed_at, clicks, load_id FROM {HISTORY}")
    assert {(one, key): (moment(when), clicks, load) for one, key, when, clicks, load in found} == {
        (campaign(number), key): (at(when), value, load) for (number, key), (when, value, load) in model.history.items()
    }
    assert len(found) == len(model.history)
    newest = database.rows(f"SELECT campaign_id, observed_at, clicks, load_id FROM {LATEST}")
    assert {one: (moment(when), clicks, load) for one, when, clicks, load in newest} == {
        campaign(number): (at(when), value, load) for number, (when, value, load) in model.latest.items()
    }
    assert len(newest) == len(model.latest)
    seen = database.rows(f"SELECT id, first_seen, last_seen FROM {CAMPAIGNS}")
    assert {one: (moment(first), moment(last)) for one, first, last in seen} == {
        campaign(number): (at(first), at(last)) for number, (first, last) in model.seen.items()
    }
    added = database.rows(
        "SELECT campaign_id, SUM(clicks) FROM truepush_campaign_stats_increments GROUP BY campaign_id"
    )
    ends: dict[str, tuple[float, str, int]] = {}
    for (number, key), (when, value, _) in model.history.items():
        ends[campaign(number)] = max(ends.get(campaign(number), (-1.0, "", 0)), (when, key, value))
    # Where two snapshots are of one moment, their order is that of the database's letters.
    assert {one for one, _ in added} == set(ends)
    moments = [(number, when) for (number, _), (when, _, _) in model.history.items()]
    for one, total in added:
        tied = any(moments.count((n, w)) > 1 for n, w in moments if campaign(n) == one and w == ends[one][0])
        assert tied or int(total) == ends[one][2]


def test_every_order_ends_where_the_model_ends(database: Database) -> None:
    # DuckDB takes ten times as long for small batches.
    @settings(max_examples=4 if database.kind == "duckdb" else 10, deadline=None, derandomize=True)
    @given(st.lists(batches, max_size=9))
    def check_one(histories: list[Any]) -> None:
        play(database, histories)

    check_one()


def play(database: Database, histories: list[Any]) -> None:
    model = Model()
    sink = warehouse(database)
    sink.prepare()
    sink._do(lambda cursor: [cursor.execute(f"DELETE FROM {name}") for name in (HISTORY, LATEST, CAMPAIGNS)])
    # One connection for all of them: DuckDB takes long to open one.
    connection = sink._session.connection
    for key, load, at, values, apart in histories:
        run = run_of(key, load_id=load)
        rows: list[StatsRow] = [row(number, value, at=at, run=run) for number, value in values.items()]
        sink = warehouse(database, run)
        sink._session.connection = connection
        for part in [[one] for one in rows] if apart else [rows]:
            sink.write(Batch(rows=part))
        model.write(key, load, at, values)
    sink.close()
    check(database, model)
