"""The same on object storages: servers on sockets, through Airflow's own connections and file systems.

S3 is part of the core suite; ``make test-storage`` runs all of it on Google's and Azure's storages too.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushStorageError
from airflow_provider_truepush.export.batches import Batch
from airflow_provider_truepush.export.files import sink as sinks, store as stores
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from tests.contract.driver import connect
from tests.export.files.support import export, read_bytes, sink
from tests.export.support import row
from tests.transfers.lineage import lineage, names
from tests.transfers.storages import KINDS, Storage, serve
from tests.transfers.storing import counters, store
from tests.transfers.tasks import Run, asked, truth


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """A stand-in for each storage."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as monkeypatch, serve(request.param, folder, monkeypatch) as storage:
        yield storage


@pytest.fixture
def storage(served: Storage, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """The same with an empty bucket, behind the connection ``storage``."""
    served.renew(monkeypatch)
    return served


def rows(storage: Storage, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the file that a summary names."""
    (told,) = summary["files"]
    assert told["path"].startswith(f"{storage.path}/campaign_stats/dt=")
    return read_bytes(storage.read(told["path"]), told["path"])


@pytest.mark.parametrize("made", ["parquet", "csv"])
def test_every_campaign_is_in_the_file_once_and_a_clear_replaces_it(
    truepush: Emulator, storage: Storage, made: str
) -> None:
    ids = truepush.add_campaigns(40, reach=100)
    run = Run()
    first = store(run, storage.path, format=made)
    assert counters(rows(storage, first)) == truth(truepush, ids)
    truepush.advance(7200)
    run.clear()
    second = store(run, f"{storage.path}/", format=made)
    assert second["files"][0]["path"] == first["files"][0]["path"]
    assert second["files"][0]["sha256"] != first["files"][0]["sha256"]
    assert counters(rows(storage, second)) == truth(truepush, ids)
    manifest, file = storage.found()
    assert second["files"][0]["path"].endswith(file)
    assert json.loads(storage.files.cat_file(manifest))["rows"] == 40


@pytest.mark.parametrize("prefix", ["/truepush", ""])
def test_openlineage_gets_the_folder(truepush: Emulator, storage: Storage, prefix: str) -> None:
    truepush.add_campaigns(1)
    path, folder = f"{storage.url}{prefix}", f"{prefix}/campaign_stats".lstrip("/")
    told = lineage(TruepushStatsToObjectStorageOperator(task_id="export", path=path, format="jsonl", project="shop"))
    assert names(told.outputs) == [(storage.namespace, folder)]
    assert names(told.inputs) == [("truepush://shop", "campaigns")]
    assert all(name.startswith(f"{storage.bucket}/{folder}/dt=") for name in storage.found())


def test_the_next_try_fetches_only_what_is_left(
    truepush: Emulator, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = truepush.add_campaigns(20)
    run = Run()
    connect(monkeypatch, truepush, "truepush_default", max_attempts=1)
    truepush.fault("campaignStats", effect="status", status=503, nth=range(5, 9))
    with pytest.raises(AirflowException, match="could not be fetched"):
        store(run, storage.path, campaign_ids=ids)
    assert storage.found()
    assert all("/_parts/" in name for name in storage.found())
    truepush.clear_faults()
    truepush.clear_requests()
    summary = store(run, storage.path, campaign_ids=ids)
    assert (summary["rows"], summary["resumed"], len(asked(truepush))) == (20, 16, 4)
    assert counters(rows(storage, summary)) == truth(truepush, ids)
    assert len(storage.found()) == 2


def test_a_bucket_that_is_not_there_is_found_out_before_anything_is_fetched(
    truepush: Emulator, storage: Storage
) -> None:
    truepush.add_campaigns(1)
    path = storage.path.replace(storage.bucket, "elsewhere")
    with pytest.raises(TruepushStorageError, match=rf"Could not write to {path} .*Nothing was fetched"):
        store(Run(), path)
    assert truepush.count() == 0


def test_an_older_observation_that_comes_late_is_dropped(storage: Storage, caplog: pytest.LogCaptureFixture) -> None:
    late = sink(storage.path)
    with closing(late):
        late.prepare()
        late.write(Batch(rows=[row(1, 1)]))
        newer = export(storage.path, [row(1, 2, at=60)])
        with caplog.at_level(logging.WARNING):
            summary = late.finish(complete=True).summary
    assert "has newer observations" in caplog.text
    assert summary == {**newer, "superseded": True}
    assert [found["clicks"] for found in rows(storage, dict(summary))] == [2]
    assert len(storage.found()) == 2


def test_an_upload_that_breaks_off_leaves_the_old_object(
    truepush: Emulator, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several parts, as large files are sent: the second one is refused."""
    (one,) = truepush.add_campaigns(1)
    truepush.set_series(one, [{"reach": 1}, {"reach": 2}])
    run = Run()
    before = store(run, storage.path, format="jsonl")
    run.clear()
    large = sinks.FileSink.finish

    def padded(self: Any, *, complete: bool) -> Any:
        self._open.append([b"x" * 11_000_000])
        return large(self, complete=complete)

    monkeypatch.setattr(sinks.FileSink, "finish", padded)
    monkeypatch.setattr(stores, "CHUNK", 5 << 20)  # the least that S3 takes
    storage.proxy.refuses = storage.is_later_part
    with pytest.raises(Exception, match=r"(?i)forbidden|refused|denied|403"):
        store(run, storage.path, format="jsonl")
    assert any(map(storage.is_later_part, storage.proxy.requests)), "the file went in several parts"
    storage.proxy.refuses = lambda request: False
    assert counters(rows(storage, before)) == {one: (1, 0, 0)}
    if storage.kind == "s3":
        aborted = [one for one in storage.proxy.requests if one.method == "DELETE" and "uploadId" in one.query]
        assert aborted, "its parts would be stored, and paid for, for ever"


@pytest.mark.skipif("s3" not in KINDS, reason="of S3 only")
@pytest.mark.parametrize("served", ["s3"], indirect=True)
def test_writing_through_open_would_leave_a_stump(storage: Storage) -> None:
    """Why files are made on the worker's disk: leaving ``open()`` by an exception completes the upload."""
    with suppress(KeyError), storage.files.open(f"{storage.bucket}/stump", "wb") as file:
        file.write(b"half")
        raise KeyError
    assert storage.files.cat_file(f"{storage.bucket}/stump") == b"half"


def test_storages_without_atomic_uploads_are_written_beside_and_moved(storage: Storage) -> None:
    place = stores.store(storage.path)
    assert isinstance(place, stores.RemoteStore)
    place.direct = False
    place.put_bytes(b"content", "folder/name")
    assert storage.found() == [f"{storage.bucket}/truepush/folder/name"]
    assert place.read("folder/name") == b"content"
    assert place.dataset("campaign_stats") == (storage.namespace, "truepush/campaign_stats")
