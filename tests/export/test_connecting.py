"""Connections that cannot be opened: what no further attempt can mend fails at once, the rest is tried again."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from airflow_provider_truepush.export.sql.errors import TruepushWarehouseError
from tests.export.databases import VARIABLE, Database, connect
from tests.export.support import warehouse


def prepare(database: Database, **given: Any) -> None:
    with closing(warehouse(database, **given)) as sink:
        sink.prepare()


@pytest.fixture
def locked(postgres_by_driver: Database, postgres_folder: str) -> Iterator[Path]:
    """A role that needs a password; the log of its server."""
    folder = Path(postgres_folder)
    rules = folder / "pg_hba.conf"
    before = rules.read_text()
    with closing(psycopg2.connect(host=postgres_folder, user="postgres", dbname="postgres")) as connection:
        connection.autocommit = True
        admin = connection.cursor()
        admin.execute("DROP ROLE IF EXISTS locked")
        admin.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
        rules.write_text("local all locked scram-sha-256\n" + before)
        admin.execute("SELECT pg_reload_conf()")
        yield folder / "log"
        rules.write_text(before)
        admin.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"login": "locked", "password": "wrong"}, "password authentication failed"),
        ({"login": "nobody"}, 'role "nobody" does not exist'),
        ({"schema": "nowhere"}, 'database "nowhere" does not exist'),
        ({"login": "locked"}, "no password supplied"),
    ],
)
def test_a_refused_login_is_tried_once(
    postgres_by_driver: Database,
    locked: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    given: dict[str, Any],
    why: str,
) -> None:
    connect(monkeypatch, **{**json.loads(os.environ[VARIABLE]), **given})
    before = locked.read_text().count("FATAL")
    with pytest.raises(TruepushWarehouseError, match=re.escape(why)) as caught:
        prepare(postgres_by_driver)
    assert "Nothing was fetched" in str(caught.value)
    assert locked.read_text().count("FATAL") - before <= 1
    assert "next attempt" not in caplog.text


def test_a_wrong_password_of_mariadb_is_tried_once(
    mariadb: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connect(monkeypatch, **{**json.loads(os.environ[VARIABLE]), "login": "stranger", "password": "wrong"})
    with pytest.raises(TruepushWarehouseError, match="Access denied"):
        prepare(mariadb)
    assert "next attempt" not in caplog.text


def test_an_unreachable_server_is_tried_again_and_each_attempt_is_counted(
    postgres_by_driver: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    connect(monkeypatch, conn_type="postgres", host="127.0.0.1", port=port, login="postgres", schema="postgres")
    with caplog.at_level(logging.WARNING), pytest.raises(TruepushWarehouseError, match=r"(?i)refused"):
        prepare(postgres_by_driver, patience=1.5)
    attempts = re.findall(r"Attempt (\d) of (\d) .*next attempt in (\d\.\d) s", caplog.text)
    assert [(number, of) for number, of, _ in attempts] == [("1", "4"), ("2", "4"), ("3", "4")]
    assert [float(seconds) for *_, seconds in attempts] == pytest.approx([0.2, 0.4, 0.8], rel=0.3)


def test_a_server_that_comes_back_is_used(
    postgres_by_driver: Database, postgres_folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its socket is not there at first, as while a server restarts."""
    given = json.loads(os.environ[VARIABLE])
    connect(monkeypatch, **{**given, "host": str(tmp_path)})
    link = tmp_path / ".s.PGSQL.5432"
    timer = threading.Timer(0.5, link.symlink_to, [Path(postgres_folder) / link.name])
    timer.start()
    try:
        prepare(postgres_by_driver, patience=10)
    finally:
        timer.join()
