"""Stand-ins for warehouses, each behind an Airflow connection: what answers is on this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from airflow_provider_truepush.export.sql.engine import Engine
from tests.export.databases import CONN_ID, VARIABLE
from tests.support.postgres import postgres_server
from tests.warehouses.redshift_proxy import Wire, redshift_proxy
from tests.warehouses.s3_server import Bucket, s3_server

#: What starts the stand-ins that take a word of their own to behave as the warehouse is documented to.
SERVERS = Path(__file__).parent / "servers"
#: The variable with the name of a file: while it exists, those servers refuse to write.
READ_ONLY = "TRUEPUSH_READ_ONLY"
TABLES = (
    "truepush_campaign_stats",
    "truepush_campaign_stats_latest",
    "truepush_campaigns",
    "truepush_export_lock",
)
VIEW = "truepush_campaign_stats_increments"


class StandIn:
    """A warehouse without tables."""

    kind: str
    #: While this file exists, the server refuses to write, and with which words.
    flag: Path
    refusal: str
    conn_id = CONN_ID

    def connection(self) -> dict[str, Any]:
        """The Airflow connection."""
        raise NotImplementedError

    def requests(self) -> int:
        """How many statements have been sent over the wire."""
        raise NotImplementedError

    def declare(self, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
        """Declare the connection as a user does."""
        monkeypatch.setenv(VARIABLE, json.dumps({**self.connection(), **more}))

    @property
    def hook(self) -> Any:
        """A new hook."""
        from airflow.providers.common.compat.sdk import BaseHook

        return BaseHook.get_connection(CONN_ID).get_hook()

    def run(self, *statements: str) -> None:
        """Carry statements out."""
        with closing(self.hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        with closing(self.hook.get_conn()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def moment(self, value: Any) -> Any:
        """A moment, aware."""
        return Engine.moment(value)

    @contextmanager
    def read_only(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        """Take the right to write away; yields words of the warehouse's refusal."""
        self.flag.touch()
        try:
            yield self.refusal
        finally:
            self.flag.unlink()

    def empty(self) -> None:
        """Remove what a test has made."""
        self.run(f"DROP VIEW IF EXISTS {VIEW}", *(f"DROP TABLE IF EXISTS {table}" for table in TABLES))


class Redshift(StandIn):
    """PostgreSQL through Redshift's driver."""

    kind = "redshift"

    def __init__(self, port: int, wire: Wire, bucket: Bucket) -> None:
        self._port = port
        self.wire = wire
        self.bucket = bucket

    def connection(self) -> dict[str, Any]:
        given = {"conn_type": "redshift", "host": "127.0.0.1", "port": self._port, "schema": "postgres"}
        # With this extra SQLAlchemy's inspection raises.
        return {**given, "login": "postgres", "password": "unused", "extra": {"ssl": False}}

    def requests(self) -> int:
        return self.wire.runs

    @contextmanager
    def read_only(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
        self.run("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN", "GRANT USAGE ON SCHEMA public TO guest")
        self.run("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
        self.declare(monkeypatch, login="guest")
        try:
            yield "permission denied"
        finally:
            self.declare(monkeypatch)
            self.run("DROP OWNED BY guest", "DROP ROLE guest")


class Snowflake(StandIn):
    """fakesnow: Snowflake's protocol and SQL on DuckDB."""

    kind = "snowflake"

    def __init__(self, port: int, log: Path, flag: Path) -> None:
        self._port = port
        self._log = log
        self.flag = flag
        self.refusal = "Insufficient privileges"

    def connection(self) -> dict[str, Any]:
        extra = {"account": "fakesnow", "database": "marts", "host": "127.0.0.1", "port": self._port}
        given = {"conn_type": "snowflake", "login": "somebody", "password": "something", "schema": "public"}
        return {**given, "extra": extra}

    def requests(self) -> int:
        return len(re.findall(r"POST /queries/v1/query-request", self._log.read_text()))


class Bigquery(StandIn):
    """local-bigquery: BigQuery's REST API and SQL on DuckDB."""

    kind = "bigquery"

    def __init__(self, address: str, log: Path, flag: Path) -> None:
        self.address = address
        self._log = log
        self.flag = flag
        self.refusal = "Access Denied"

    def connection(self) -> dict[str, Any]:
        extra = {"project": "proj", "is_anonymous": True, "dataset": "marts", "num_retries": 2}
        return {"conn_type": "google_cloud_platform", "extra": extra}

    def requests(self) -> int:
        return len(re.findall(r"POST /bigquery/v2/projects/proj/(jobs|queries)", self._log.read_text()))

    @property
    def hook(self) -> Any:
        from airflow.providers.common.compat.sdk import BaseHook

        from airflow_provider_truepush.export.sql.engines import hook_for

        return hook_for(BaseHook.get_connection(CONN_ID))

    def run(self, *statements: str) -> None:
        self._ask(*statements)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        return self._ask(statement)

    def _ask(self, *statements: str) -> list[tuple[Any, ...]]:
        from google.cloud import bigquery

        client = self.hook.get_client(project_id="proj")
        client.create_dataset("marts", exists_ok=True)
        config = bigquery.QueryJobConfig(default_dataset="proj.marts")
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            found = [tuple(one.values()) for one in client.query(statement, job_config=config).result()]
        return found


@contextmanager
def bigquery(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """The stand-in of BigQuery, which runs in an environment of its own: it does not get along with Airflow."""
    program = Path(os.environ["TRUEPUSH_BIGQUERY_SERVER"])
    home = folder / "home"
    for made in program.parents[1].glob("lib/python*/site-packages/duckdb_extension_*/extensions/*/*.duckdb_extension"):
        place = home / ".duckdb" / "extensions" / made.parent.name / "linux_amd64" / made.name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, place)
    ports = []
    for _ in range(2):
        with socket.create_server(("127.0.0.1", 0)) as free:
            ports.append(str(free.getsockname()[1]))
    log, flag = folder / "bigquery.log", folder / "read-only"
    command: list[str | Path] = [
        program.with_name("python"),
        SERVERS / "local_bigquery_server.py",
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        ports[0],
        "--grpc-port",
        ports[1],
        "--project",
        "proj",
    ]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--data-dir", str(folder / "data")],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(home), READ_ONLY: str(flag)},
        )
    try:
        _wait_for(int(ports[0]), server, log)
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{ports[0]}")
        yield Bigquery(f"http://127.0.0.1:{ports[0]}", log, flag)
    finally:
        server.terminate()
        server.wait(30)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(log.read_text()[-2000:]) from None
            time.sleep(0.1)


@contextmanager
def redshift() -> Iterator[StandIn]:
    """The stand-in of Redshift."""
    pytest.importorskip("redshift_connector")
    with postgres_server() as server:
        folder = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        with s3_server() as bucket, redshift_proxy(folder, bucket.objects) as (port, wire):
            yield Redshift(port, wire, bucket)


@contextmanager
def snowflake(folder: Path) -> Iterator[StandIn]:
    """The stand-in of Snowflake."""
    connections = pytest.importorskip("snowflake.connector.connection")
    pytest.importorskip("fakesnow")
    # Airflow's hook passes host and port on, and no protocol.
    connections.DEFAULT_CONFIGURATION["protocol"] = ("http", str)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log, flag = folder / "fakesnow.log", folder / "read-only"
    program = SERVERS / "fakesnow_server.py"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, program, "-s", "-p", str(port)],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, READ_ONLY: str(flag)},
        )
    try:
        _wait_for(port, server, log)
        yield Snowflake(port, log, flag)
    finally:
        server.terminate()
        server.wait(30)


def wanted() -> str:
    """The stand-in that this environment has, as ``make test-warehouses`` says."""
    return os.environ.get("TRUEPUSH_WAREHOUSE", "")
