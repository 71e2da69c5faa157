"""Files on a disk: when they appear, what replaces what, and what a later try finds."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_truepush.exceptions import TruepushStorageError
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.columns import FILE_COLUMNS
from airflow_provider_truepush.export.files.sink import KEPT_EVERY
from airflow_provider_truepush.export.files.store import LocalStore, store
from tests.export.files.support import FORMATS, export, files, read, resumed, sink
from tests.export.support import START, campaign, row, run_of

NAME = "a-dag.export.run-of-day-1."


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(found["campaign_id"] for found in rows)


def test_a_file_and_its_manifest_and_nothing_else(tmp_path: Path) -> None:
    batch = Batch(rows=[row(1, 1, at=5), row(2, 2, at=3)], missing=[campaign(4), campaign(3)])
    summary = export(tmp_path, batch)
    manifest, file = files(tmp_path)
    assert file.startswith(f"campaign_stats/dt=2026-11-20/{NAME}")
    assert manifest == file.replace(NAME, f"_{NAME}").replace(".parquet", "_manifest.json")
    assert summary["manifest"] == str(tmp_path / manifest)
    told = json.loads((tmp_path / manifest).read_text())
    (listed,) = told.pop("files")
    assert listed["name"] == file
    assert {name: listed[name] for name in ("rows", "bytes", "sha256")} == {
        name: summary["files"][0][name] for name in ("rows", "bytes", "sha256")
    }
    del told["began_at"], told["load"]
    assert told == {
        "version": 1,
        "dag_id": "a dag",
        "run_id": "run of day 1",
        "task_id": "export",
        "map_index": -1,
        "project": "shop",
        "snapshot_key": "day 1",
        "past_interval": False,
        "rows": 2,
        "min_observed_at": (START + timedelta(seconds=3)).isoformat(),
        "max_observed_at": (START + timedelta(seconds=5)).isoformat(),
        "missing": [campaign(3), campaign(4)],
        "columns": list(FILE_COLUMNS),
    }
    assert ids(read(summary)) == [campaign(1), campaign(2)]


def test_nothing_is_seen_before_the_end_and_nothing_is_left_of_a_broken_export(tmp_path: Path) -> None:
    with closing(sink(tmp_path)) as opened:
        opened.prepare()
        opened.write(Batch(rows=[row(1, 1)]))
        assert files(tmp_path) == []
    assert files(tmp_path) == []


def test_a_re_run_replaces_its_own_file_and_no_other(tmp_path: Path) -> None:
    other = export(tmp_path, [row(1, 5, run=run_of("day 2"))], run=run_of("day 2"))
    first = export(tmp_path, [row(1, 1), row(2, 1)])
    second = export(tmp_path, [row(1, 2, at=60)], run=run_of(load_id="cleared"))
    assert first["files"][0]["path"] == second["files"][0]["path"]
    assert [found["clicks"] for found in read(second)] == [2]
    assert [found["clicks"] for found in read(other)] == [5]
    assert len(files(tmp_path)) == 4


def test_another_format_replaces_the_file_of_the_former(tmp_path: Path) -> None:
    export(tmp_path, [row(1, 1)])
    export(tmp_path, [row(1, 1)], made="csv", compression="gzip")
    assert [path.suffixes[-2:] for path in sorted(tmp_path.rglob("*")) if path.is_file()][1:] == [[".csv", ".gz"]]
    assert len(files(tmp_path)) == 2


def test_an_older_observation_that_comes_late_is_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    late = sink(tmp_path)
    with closing(late):
        late.prepare()
        late.write(Batch(rows=[row(1, 1)]))
        newer = export(tmp_path, [row(1, 2, at=60)])
        with caplog.at_level(logging.WARNING):
            summary = late.finish(complete=True).summary
    assert "which has newer observations of the same run" in caplog.text
    assert summary == {**newer, "superseded": True}
    assert [found["clicks"] for found in read(summary)] == [2]


def test_an_export_without_rows_yields_to_a_newer_one_too(tmp_path: Path) -> None:
    early = sink(tmp_path)
    with closing(early):
        early.prepare()
        export(tmp_path)
        assert early.finish(complete=True).summary["superseded"]
    assert "superseded" not in export(tmp_path)


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_the_next_try_finds_what_the_last_one_left(tmp_path: Path, made: str, compression: str | None) -> None:
    given: dict[str, Any] = {"made": made, "compression": compression}
    assert export(tmp_path, [row(1, 1), row(2, 1)], [row(3, 1)], complete=False, **given) == {}
    assert [Path(name).parts[1] for name in files(tmp_path)] == ["_parts"]
    known, summary = resumed(tmp_path, [campaign(n) for n in (1, 3, 4)], [row(4, 4, at=60)], **given)
    assert known == {campaign(1), campaign(3)}
    # Campaign 2 was not asked for: it has gone from the list.
    assert ids(read(summary)) == [campaign(1), campaign(3), campaign(4)]
    assert len(files(tmp_path)) == 2
    assert not (tmp_path / "campaign_stats/_parts").exists() or not list((tmp_path / "campaign_stats/_parts").iterdir())
    told = json.loads(Path(summary["manifest"]).read_text())
    assert (told["min_observed_at"], told["max_observed_at"]) == (
        START.isoformat(),
        (START + timedelta(seconds=60)).isoformat(),
    )


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_a_try_after_the_file_was_complete_fetches_what_was_missing(
    tmp_path: Path, made: str, compression: str | None
) -> None:
    given: dict[str, Any] = {"made": made, "compression": compression}
    export(tmp_path, Batch(rows=[row(1, 1)], missing=[campaign(2)]), **given)
    known, summary = resumed(tmp_path, [campaign(1), campaign(2)], [row(2, 2, at=9)], **given)
    assert known == {campaign(1)}
    assert ids(read(summary)) == [campaign(1), campaign(2)]


def test_a_clear_or_a_deleted_run_finds_nothing(tmp_path: Path) -> None:
    export(tmp_path / "deleted", [row(1, 1)], complete=False)
    export(tmp_path, [row(1, 1)], complete=False)
    known, _ = resumed(tmp_path / "deleted", [campaign(1)], since=START + timedelta(seconds=1))
    assert known == set()
    known, summary = resumed(tmp_path, [campaign(1)], [row(1, 2)], run=run_of(load_id="cleared"))
    assert known == set()
    assert [found["clicks"] for found in read(summary)] == [2]
    assert [name for name in files(tmp_path) if "_parts" in name] == []


def test_of_two_tries_at_the_same_time_the_newer_row_is_taken(tmp_path: Path) -> None:
    export(tmp_path, [row(1, 1, at=1), row(2, 1, at=9)], complete=False)
    export(tmp_path, [row(1, 2, at=2), row(2, 2, at=2)], complete=False)
    _, summary = resumed(tmp_path, [campaign(1), campaign(2)])
    assert sorted((found["campaign_id"], found["clicks"]) for found in read(summary)) == [
        (campaign(1), 2),
        (campaign(2), 1),
    ]


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_a_damaged_part_is_fetched_again(
    tmp_path: Path, made: str, compression: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    given: dict[str, Any] = {"made": made, "compression": compression}
    export(tmp_path, [row(n, 1) for n in range(50)], complete=False, **given)
    (part,) = [tmp_path / name for name in files(tmp_path)]
    part.write_bytes(part.read_bytes()[:-100])
    with caplog.at_level(logging.WARNING):
        known, summary = resumed(tmp_path, [campaign(1)], [row(1, 2, at=1)], **given)
    assert known == set()
    assert "so its campaigns are fetched again" in caplog.text
    assert len(read(summary)) == 1


def test_parts_are_left_every_few_seconds(tmp_path: Path) -> None:
    now = [0.0]
    with closing(sink(tmp_path, clock=lambda: now[0])) as opened:
        opened.prepare()
        for number, seconds in enumerate([0.1, 0.9 * KEPT_EVERY, 0.2 * KEPT_EVERY, 0.5 * KEPT_EVERY, 0.6 * KEPT_EVERY]):
            now[0] += seconds
            opened.write(Batch(rows=[row(number, 1)]))
            assert len(files(tmp_path)) == [0, 0, 1, 1, 2][number]
    known, summary = resumed(tmp_path, [campaign(n) for n in range(5)])
    assert known == {campaign(n) for n in range(5)}
    assert len(read(summary)) == 5


def test_nothing_can_be_written_there(tmp_path: Path) -> None:
    (tmp_path / "campaign_stats").write_text("in the way")
    with closing(sink(tmp_path)) as opened, pytest.raises(TruepushStorageError, match="Nothing was fetched"):
        opened.prepare()


def test_a_failed_copy_leaves_the_old_file_and_no_stump(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = export(tmp_path, [row(1, 1)])
    before = files(tmp_path)

    def full(source: Any, target: Any, length: int) -> None:
        target.write(source.read(100))
        raise OSError(28, "No space left on device")

    with closing(sink(tmp_path)) as opened:
        opened.prepare()
        opened.write(Batch(rows=[row(1, 2, at=1)]))
        monkeypatch.setattr("shutil.copyfileobj", full)
        with pytest.raises(OSError, match="No space left"):
            opened.finish(complete=True)
    assert files(tmp_path) == before
    assert [found["clicks"] for found in read(first)] == [1]


def test_paths() -> None:
    local = store("file:///data/exports/")
    assert isinstance(local, LocalStore)
    assert str(local.root) == "/data/exports"
    assert local.address("a/b") == "/data/exports/a/b"
    assert store(Path("/data")).dataset("campaign_stats") == ("file", "/data/campaign_stats")


@pytest.mark.parametrize("path", ["relative/path", "", "None", None, 5, "nosuch://bucket/prefix"])
def test_paths_that_are_none_are_refused(path: Any) -> None:
    from airflow_provider_truepush.exceptions import TruepushValidationError

    with pytest.raises(TruepushValidationError, match="path: "):
        store(path)


def test_rows_of_campaigns_that_are_not_listed_any_more_are_kept(tmp_path: Path) -> None:
    export(tmp_path, [row(1, 1), row(2, 1, at=5)], complete=False)
    known, summary = resumed(tmp_path, [campaign(1)], [row(4, 4, at=60)], keeps_unlisted=True)
    assert known == {campaign(1)}
    assert summary["unlisted"] == [START + timedelta(seconds=5)]
    assert ids(read(summary)) == [campaign(1), campaign(2), campaign(4)]


def test_a_manifest_never_stands_beside_a_file_that_it_does_not_describe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export(tmp_path, [row(1, 1)])
    with closing(sink(tmp_path)) as opened:
        opened.prepare()
        opened.write(Batch(rows=[row(1, 2, at=1), row(2, 2, at=1)]))
        monkeypatch.setattr(LocalStore, "put_bytes", lambda *_: 1 / 0)  # the worker dies between the two
        with pytest.raises(ZeroDivisionError):
            opened.finish(complete=True)
    assert [Path(name).suffix for name in files(tmp_path)] == [".parquet"]


@pytest.mark.parametrize("made", ["csv", "jsonl", "parquet"])
def test_a_field_of_any_length_is_read_back(tmp_path: Path, made: str) -> None:
    import csv

    limit = csv.field_size_limit()
    long = 'a "title",\r\n' * 20_000
    export(tmp_path, [row(1, 1, title=long), row(2, 1, title="short")], complete=False, made=made)
    known, summary = resumed(tmp_path, [campaign(1), campaign(2)], [row(3, 1)], made=made)
    assert known == {campaign(1), campaign(2)}
    (file,) = summary["files"]
    assert file["rows"] == 3
    assert csv.field_size_limit() == limit, "it holds for the whole process"
    csv.field_size_limit(1 << 30)
    try:
        assert long in [one["title"] for one in read(summary)]
    finally:
        csv.field_size_limit(limit)


@pytest.mark.parametrize(
    ("url", "account", "namespace"),
    [
        ("abfs://azure@exports/stats", {"account_name": "shop"}, "abfss://exports@shop.dfs.core.windows.net"),
        (
            "abfss://azure@exports/stats",
            {"account_name": None, "connection_string": "Endpoint=x;AccountName=shop;Key=y"},
            "abfss://exports@shop.dfs.core.windows.net",
        ),
        ("gs://google@exports/stats", {}, "gs://exports"),
        ("gcs://google@exports/stats", {}, "gs://exports"),
        ("s3a://aws@exports/stats", {}, "s3://exports"),
    ],
)
def test_storages_are_named_as_openlineage_names_them(url: str, account: dict[str, Any], namespace: str) -> None:
    from types import SimpleNamespace

    from airflow_provider_truepush.export.files.store import RemoteStore

    place = RemoteStore(url, SimpleNamespace(**account), "exports/stats", direct=True, upload={})
    assert place.dataset("campaign_stats") == (namespace, "stats/campaign_stats")
