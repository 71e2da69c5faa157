"""Checks that hold for every database and for each of its drivers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_truepush.export.columns import COLUMNS, as_values
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.tables import tables
from airflow_provider_truepush.export.storable import LARGEST
from tests.export.databases import Database
from tests.export.support import CAMPAIGNS, HISTORY, LATEST, START, campaign, row, run_of, warehouse, write


def made(database: Database, change: Callable[[str], str], table: str = "history") -> None:
    """Make a table that is not quite ours.

    :param change: of the statement that would make ours.
    """
    described = getattr(tables("truepush_", None), table)
    ours = database.engine().definition(described)
    changed = change(ours)
    assert changed != ours
    database.run(changed)


def prepare(database: Database, **given: Any) -> None:
    sink = warehouse(database, **given)
    try:
        sink.prepare()
    finally:
        sink.close()


def without(column: str) -> Callable[[str], str]:
    return lambda ddl: "\n".join(line for line in ddl.splitlines() if not line.strip().startswith(column + " "))


def missing_columns_are_added_as_nullable_ones(database: Database) -> None:
    made(database, without("clicks"))
    made(database, without("clicks"), "latest")
    with pytest.raises(TruepushSchemaError, match=r"lacks clicks.*Nothing was fetched"):
        prepare(database, schema_contract="freeze")
    write(database, row(1, 4))
    assert database.rows(f"SELECT clicks FROM {HISTORY}") == [(4,)]
    write(database, row(1, 5, at=1))
    assert database.rows(f"SELECT clicks FROM {LATEST}") == [(5,)]


def odd_prefixes_work(database: Database) -> None:
    for prefix in ("Select-", "order Größe_", "$1x_", ""):
        for value in (1, 2):
            write(database, row(1, value, at=value), prefix=prefix)
        described = tables(prefix, None)
        engine = database.engine()
        assert database.rows(f"SELECT clicks FROM {engine.name_of(described.history)}") == [(2,)]
        view = engine.qualified(described.increments, None)
        assert database.rows(f"SELECT clicks FROM {view}") == [(2,)]


def a_row_comes_back_as_it_was_written(database: Database) -> None:
    written = row(
        1, 7, title="Größe 'A' 100% ? \N{SNOWMAN} \N{ROCKET}\t\\N\r\n:x", reach=LARGEST, extra={"Bounces": [1, None]}
    )
    write(database, written)
    (kept,) = database.rows(f"SELECT {', '.join(COLUMNS)} FROM {HISTORY}")
    found = dict(zip(COLUMNS, kept, strict=True))
    expected = dict(zip(COLUMNS, as_values(written), strict=True))
    for moment in ("observed_at", "created_at", "logical_date"):
        found[moment] = database.moment(found[moment])
    assert expected.pop("raw") == '{"Bounces":[1,null]}'
    assert found.pop("raw") in ('{"Bounces":[1,null]}', {"Bounces": [1, None]})
    assert found == expected
    assert database.rows(f"SELECT campaign_id, reach FROM {LATEST}") == [(campaign(1), LARGEST)]
    ((project, campaign_id, title, first, created, last),) = database.rows(
        f"SELECT project, id, title, first_seen, created_at, last_seen FROM {CAMPAIGNS}"
    )
    assert (project, campaign_id, title) == ("shop", campaign(1), written.title)
    assert [database.moment(one) for one in (first, created, last)] == [START, START.replace(microsecond=0), START]


def a_newer_observation_replaces_an_older_one_and_not_the_other_way(database: Database) -> None:
    write(database, row(1, 10, at=60))
    write(database, row(1, 5, at=0))
    assert database.rows(f"SELECT clicks FROM {HISTORY}") == [(10,)]
    write(database, row(1, 11, at=60))
    assert database.rows(f"SELECT clicks FROM {HISTORY}") == [(11,)]
    write(database, row(1, 12, at=61))
    assert database.rows(f"SELECT clicks FROM {HISTORY}") == [(12,)]
    assert database.rows(f"SELECT clicks FROM {LATEST}") == [(12,)]
    ((first, last),) = database.rows(f"SELECT first_seen, last_seen FROM {CAMPAIGNS}")
    assert (database.moment(first), database.moment(last)) == (START, START + timedelta(seconds=61))


def an_export_without_titles_keeps_those_that_are_known(database: Database) -> None:
    write(database, row(1, 1, title="Sale"))
    write(database, row(1, 2, at=5, title=None))
    for table, key in ((HISTORY, "campaign_id"), (LATEST, "campaign_id"), (CAMPAIGNS, "id")):
        assert database.rows(f"SELECT {key}, title FROM {table}") == [(campaign(1), "Sale")]
    write(database, row(1, 2, at=6, title="Renamed"))
    assert database.rows(f"SELECT title FROM {CAMPAIGNS}") == [("Renamed",)]


def a_counter_that_fell_is_kept_and_flagged(database: Database) -> None:
    write(database, row(1, 10, run=run_of("day 1")), row(2, 10, run=run_of("day 1")))
    sink = write(database, row(1, 10, at=60, clicks=9, run=run_of("day 2")), row(2, 11, at=60, run=run_of("day 2")))
    assert sink.finish(complete=True).regressed == 1
    flags = database.rows(f"SELECT campaign_id, clicks, counter_regressed FROM {LATEST} ORDER BY 1")
    assert [(one, clicks, bool(flag)) for one, clicks, flag in flags] == [
        (campaign(1), 9, True),
        (campaign(2), 11, False),
    ]
    # A re-run is compared with the snapshot before as well, not only with itself.
    write(database, row(1, 10, at=120, clicks=9, run=run_of("day 2", load_id="second")))
    (flag,) = database.rows(f"SELECT counter_regressed FROM {HISTORY} WHERE snapshot_key='day 2' AND clicks=9")
    assert bool(flag[0])


def what_is_known_of_campaigns(database: Database) -> None:
    for day in (1, 2, 3):
        rows = [row(1, 5, at=day, run=run_of(f"day {day}")), row(2, day, at=day, run=run_of(f"day {day}"))]
        write(database, *rows, row(3, max(day, 2), at=day, run=run_of(f"day {day}")))
    asked = [campaign(number) for number in range(1, 700)]
    sink = warehouse(database, run_of("day 4"))
    known = sink.lookup(asked, done=True, unchanged=9)
    assert {one: (told.done_at, told.unchanged) for one, told in known.items()} == {
        campaign(1): (None, 2),
        campaign(2): (None, 0),
        campaign(3): (None, 0),
    }
    assert known[campaign(1)].first_seen == START + timedelta(seconds=1)
    assert sink.lookup(asked, done=False, unchanged=1)[campaign(1)].unchanged == 1
    sink.close()
    again = warehouse(database, run_of("day 3"))
    known = again.lookup(asked, done=True, unchanged=9)
    # Its own snapshot does not count, or a re-run would decide otherwise.
    assert known[campaign(1)].unchanged == 1
    assert known[campaign(3)].unchanged == 1
    assert known[campaign(3)].done_at == START + timedelta(seconds=3)
    again.close()
    cleared = warehouse(database, run_of("day 3", load_id="another"))
    assert {told.done_at for told in cleared.lookup(asked, done=True, unchanged=None).values()} == {None}
    cleared.close()
