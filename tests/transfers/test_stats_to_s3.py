"""The same on S3: moto's server on a socket, through an Airflow connection of type ``aws``."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushStorageError
from airflow_provider_truepush.export.files import sink as sinks, store as stores
from airflow_provider_truepush.transfers.stats_to_object_storage import TruepushStatsToObjectStorageOperator
from tests.contract.driver import connect
from tests.export.files.support import read_bytes
from tests.transfers.lineage import lineage, names
from tests.transfers.storing import counters, store
from tests.transfers.tasks import Run, asked, truth

pytest.importorskip("airflow.providers.amazon.aws.fs.s3", reason="apache-airflow-providers-amazon is not installed")
pytest.importorskip("s3fs", reason="s3fs is not installed")
pytest.importorskip("moto.server", reason="moto with its server is not installed")

PATH = "s3://moto@warehouse/truepush"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A real S3 server, as far as the wire goes."""
    from moto.server import ThreadedMotoServer

    for name in ("aiobotocore", "boto3", "botocore", "fsspec", "s3fs", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they show every byte otherwise
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The file system behind the connection ``moto``, with an empty bucket ``warehouse``."""
    from airflow.providers.common.compat.sdk import ObjectStoragePath

    given = {"conn_type": "aws", "login": "somebody", "password": "something"}
    extra = {"endpoint_url": endpoint, "region_name": "us-east-1"}
    monkeypatch.setenv("AIRFLOW_CONN_MOTO", json.dumps({**given, "extra": extra}))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    files = ObjectStoragePath(PATH).fs
    if files.exists("warehouse"):
        files.rm("warehouse", recursive=True)
    files.mkdir("warehouse")
    return files


def found(bucket: Any) -> list[str]:
    """Every object."""
    bucket.invalidate_cache()
    return sorted(bucket.find("warehouse"))


def rows(bucket: Any, summary: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the file that a summary names."""
    (told,) = summary["files"]
    assert told["path"].startswith(f"{PATH}/campaign_stats/dt=")
    return read_bytes(bucket.cat_file(told["path"].replace("s3://moto@", "")), told["path"])


@pytest.mark.parametrize("made", ["parquet", "csv"])
def test_every_campaign_is_in_the_file_once_and_a_clear_replaces_it(truepush: Emulator, bucket: Any, made: str) -> None:
    ids = truepush.add_campaigns(40, reach=100)
    run = Run()
    first = store(run, PATH, format=made)
    assert counters(rows(bucket, first)) == truth(truepush, ids)
    truepush.advance(7200)
    run.clear()
    second = store(run, f"{PATH}/", format=made)
    assert second["files"][0]["path"] == first["files"][0]["path"]
    assert second["files"][0]["sha256"] != first["files"][0]["sha256"]
    assert counters(rows(bucket, second)) == truth(truepush, ids)
    manifest, file = found(bucket)
    assert file == second["files"][0]["path"].replace("s3://moto@", "")
    assert json.loads(bucket.cat_file(manifest))["rows"] == 40


@pytest.mark.parametrize(
    ("path", "folder"), [(PATH, "truepush/campaign_stats"), ("s3://moto@warehouse", "campaign_stats")]
)
def test_openlineage_is_told_of_the_folder(truepush: Emulator, bucket: Any, path: str, folder: str) -> None:
    truepush.add_campaigns(1)
    told = lineage(TruepushStatsToObjectStorageOperator(task_id="export", path=path, format="jsonl", project="shop"))
    assert names(told.outputs) == [("s3://warehouse", folder)]
    assert names(told.inputs) == [("truepush://shop", "campaigns")]
    assert all(name.startswith(f"warehouse/{folder}/dt=") for name in found(bucket))


def test_the_next_try_fetches_only_what_is_left(
    truepush: Emulator, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = truepush.add_campaigns(20)
    run = Run()
    connect(monkeypatch, truepush, "truepush_default", max_attempts=1)
    truepush.fault("campaignStats", effect="status", status=503, nth=range(5, 9))
    with pytest.raises(AirflowException, match="were not fetched"):
        store(run, PATH, campaign_ids=ids)
    assert all("/_parts/" in name for name in found(bucket))
    truepush.clear_faults()
    truepush.clear_requests()
    summary = store(run, PATH, campaign_ids=ids)
    assert (summary["rows"], summary["resumed"], len(asked(truepush))) == (20, 16, 4)
    assert counters(rows(bucket, summary)) == truth(truepush, ids)
    assert len(found(bucket)) == 2


def test_a_bucket_that_is_not_there_is_found_out_before_anything_is_fetched(truepush: Emulator, bucket: Any) -> None:
    truepush.add_campaigns(1)
    with pytest.raises(
        TruepushStorageError, match=r"Nothing can be written to s3://moto@elsewhere/truepush: .*Nothing was fetched"
    ):
        store(Run(), "s3://moto@elsewhere/truepush")
    assert truepush.count() == 0


def test_an_upload_that_breaks_off_leaves_the_old_object(
    truepush: Emulator, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several parts, as large files are sent: the second one does not arrive."""
    (one,) = truepush.add_campaigns(1)
    truepush.set_series(one, [{"reach": 1}, {"reach": 2}])
    run = Run()
    before = store(run, PATH, format="jsonl")
    run.clear()
    calls: list[str] = []
    call = type(bucket)._call_s3

    async def breaking(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        calls.append(method)
        if method == "upload_part" and kwargs["PartNumber"] == 2:
            raise OSError("the line is cut")
        return await call(self, method, *args, **kwargs)

    large = sinks.FileSink.finish

    def padded(self: Any, *, complete: bool) -> Any:
        self._open.append([b"x" * 11_000_000])
        return large(self, complete=complete)

    monkeypatch.setattr(type(bucket), "_call_s3", breaking)
    monkeypatch.setattr(sinks.FileSink, "finish", padded)
    monkeypatch.setattr(stores, "_S3_CHUNK", 5 << 20)  # the least that S3 takes
    with pytest.raises(OSError, match="the line is cut"):
        store(run, PATH, format="jsonl")
    assert "create_multipart_upload" in calls
    assert "complete_multipart_upload" not in calls
    assert "abort_multipart_upload" in calls
    assert counters(rows(bucket, before)) == {one: (1, 0, 0)}


def test_writing_through_open_would_leave_a_stump(bucket: Any) -> None:
    """Why files are made on the worker's disk: leaving ``open()`` by an exception completes the upload."""
    with suppress(KeyError), bucket.open("warehouse/stump", "wb") as file:
        file.write(b"half")
        raise KeyError
    assert bucket.cat_file("warehouse/stump") == b"half"


def test_storages_without_atomic_uploads_are_written_beside_and_moved(bucket: Any, tmp_path: Any) -> None:
    place = stores.store(PATH)
    assert isinstance(place, stores.RemoteStore)
    place.direct = False
    place.put_bytes(b"content", "folder/name")
    assert found(bucket) == ["warehouse/truepush/folder/name"]
    assert place.read("folder/name") == b"content"
    assert place.dataset("campaign_stats") == ("s3://warehouse", "truepush/campaign_stats")
