"""The context manager, the command and the fixture."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.emulator.__main__ import main
from tests.emulator.support import BY_NAME, CAMPAIGN, Api, exchange, request_bytes, until
from tests.support.tokens import SESSION_TOKEN

pytest_plugins = ["pytester"]
MODULE = [sys.executable, "-m", "airflow_provider_truepush.emulator"]


def test_it_stops_at_once_whatever_hangs_and_leaves_nothing() -> None:
    before = set(threading.enumerate())
    with Emulator(token=SESSION_TOKEN) as emulator:
        emulator.fault("listSegment", effect="hang", phase="before_read")
        emulator.fault("listTrigger", effect="delay", seconds=60)
        emulator.fault("listCampaign", effect="hang", phase="mid_answer")
        clients = []
        for name in ("listSegment", "listTrigger", "listCampaign", "listTemplate"):
            client = socket.create_connection(("127.0.0.1", emulator.port))
            client.sendall(request_bytes(BY_NAME[name], "1", None)[: None if name != "listTemplate" else 20])
            clients.append(client)
        until(lambda: emulator.count() == 3)
        port, started = emulator.port, time.monotonic()
    assert time.monotonic() - started < 30  # the delay is twice that, and a hang has no end
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port))
    for client in clients:
        client.close()
    # What was there can still be asked for.
    assert emulator.count() == 3
    assert emulator.campaigns() == []


def test_many_of_them_one_after_another_and_at_once() -> None:
    for number in range(30):
        with Emulator(seed=number) as emulator:
            assert exchange(emulator.port, request_bytes(BY_NAME["listSegment"], "1", None, emulator.token))[1] == "fin"
    running = [Emulator().start() for _ in range(5)]
    assert len({emulator.port for emulator in running}) == 5
    for emulator in running:
        emulator.stop()
        emulator.stop()


def test_one_can_begin_again_on_the_same_port() -> None:
    with Emulator() as emulator:
        port = emulator.port
        client = Api(emulator)
        client.call("listSegment", 1)
        client.session.close()
    with Emulator(port=port) as second:
        assert second.url == f"http://127.0.0.1:{port}"
        with pytest.raises(RuntimeError, match="is running already"):
            second.start()


def test_a_port_in_use_is_an_error_and_leaves_nothing() -> None:
    before = set(threading.enumerate())
    with Emulator() as emulator, pytest.raises(OSError, match="address already in use"):
        Emulator(port=emulator.port).start()
    assert set(threading.enumerate()) == before


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.com", ""])
def test_others_than_loopback_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Emulator(host=host)


@pytest.mark.parametrize("token", ["", " x", []])
def test_tokens_must_be_some(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Emulator(token=token).start()


def test_localhost_by_name_and_remote_when_asked_for() -> None:
    with Emulator(host="localhost") as emulator:
        assert requests.get(emulator.url + "/_emulator/", timeout=30).status_code == 200
    with Emulator(host="0.0.0.0", allow_remote=True) as emulator:
        assert requests.get(f"http://127.0.0.1:{emulator.port}/_emulator/", timeout=30).status_code == 200


def test_connections_are_counted(emulator: Emulator, api: Api) -> None:
    api.call("listSegment", 1)
    api.call("listSegment", 1)
    assert (emulator.connections_opened, emulator.connections_open) == (1, 1)
    api.session.close()
    until(lambda: emulator.connections_open == 0)
    assert emulator.connections_opened == 1


def test_the_connection_reads_back() -> None:
    token = "a/b c:d@e?f=g&h%"
    with Emulator(token=token.replace(" ", ""), timezone="America/Argentina/Buenos_Aires") as emulator:
        parts = urlsplit(emulator.connection_uri)
        assert (parts.scheme, parts.hostname, parts.port) == ("truepush", "127.0.0.1", emulator.port)
        assert parts.path == "/http"
        assert unquote(parts.password or "") == emulator.token
        assert parse_qs(parts.query) == {"timezone": ["America/Argentina/Buenos_Aires"]}
        given = json.loads(emulator.connection_json)
        assert given == {
            "conn_type": "truepush", "host": "127.0.0.1", "schema": "http", "port": emulator.port,
            "password": emulator.token, "extra": {"timezone": "America/Argentina/Buenos_Aires"},
        }  # fmt: skip


def test_the_log_has_a_line_per_request_without_the_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with Emulator(token=SESSION_TOKEN, log=True) as emulator:
        client = Api(emulator)
        made = client.create("createCampaign", CAMPAIGN)
        emulator.fault("createCampaign", effect="fin")
        with pytest.raises(requests.ConnectionError):
            client.call("createCampaign", body=CAMPAIGN)
        requests.get(f"{emulator.url}/no\u0007where%0Athere", headers={"Authorization": "x"}, timeout=30)
        client.session.close()
        second = emulator.campaigns()[1]["id"]
    lines = [row.getMessage() for row in caplog.records if row.name == "airflow_provider_truepush.emulator"]
    assert lines[0].endswith(f"POST /api/v1/createCampaign 200 CAMPAIGN-CREATED-SUCCESSFULLY created {made}")
    assert lines[1].endswith(f"no answer CAMPAIGN-CREATED-SUCCESSFULLY created {second} [fault after_commit/fin]")
    assert lines[2].endswith("404 unknown path (no known token)")
    assert "\n" not in "".join(lines)
    assert SESSION_TOKEN not in caplog.text


def test_the_package_imports_lightly() -> None:
    code = (
        "import sys, airflow_provider_truepush.emulator, airflow_provider_truepush.emulator.pytest_plugin;"
        "print([name for name in ('aiohttp', 'airflow', 'requests') if name in sys.modules]);"
        "from airflow_provider_truepush.emulator import *;"
        "print('airflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "False"]


def test_the_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import urllib.request

        def test_it(truepush_emulator):
            before = truepush_emulator.now()
            request = urllib.request.Request(
                truepush_emulator.url + "/api/v1/listSegment/1", headers={"Authorization": truepush_emulator.token}
            )
            assert urllib.request.urlopen(request).status == 200
            assert truepush_emulator.now() == before
        """
    )
    plugin = "airflow_provider_truepush.emulator.pytest_plugin"
    # Where the package is installed its entry point has loaded the plugin already.
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", plugin, "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(command, cwd=pytester.path, env=environment, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    arguments = [
        "--port", "0", "--seed", "9", "--state", str(tmp_path / "s.db"), "--clock", "manual", "--start",
        "2026-03-02T12:00:00+00:00", "--token", SESSION_TOKEN, "--token", "second", "--timezone", "Europe/Berlin",
        "--page-size", "2", "--dialect", "always200", "--subscribers", "500",
    ]  # fmt: skip
    running = subprocess.Popen([*MODULE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    url = running.stdout.readline().split()[-1]
    headers = {"Authorization": SESSION_TOKEN}
    listed = requests.get(f"{url}/api/v1/listSegment/9", headers=headers, timeout=30)
    assert (listed.status_code, listed.json()["status_code"]) == (200, 204)
    assert (
        len(requests.get(f"{url}/api/v1/listSegment/1", headers={"Authorization": "second"}, timeout=30).json()["data"])
        == 2
    )
    told = requests.get(f"{url}/_emulator/", timeout=30).json()
    assert told["clock"] == "2026-03-02T12:00:00+00:00"
    assert [project["subscribers"] for project in told["projects"]] == [500, 500]
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 0
    assert out.endswith("Truepush emulator stopped\n")
    assert "GET /api/v1/listSegment/9 200 SEGMENTS-NOT-FOUND" in err
    assert SESSION_TOKEN not in out + err


def test_the_command_prints_the_connection_when_asked_to() -> None:
    arguments = ["--token", "a-token", "--print-connection-uri", "--log-level", "error", "--reference-objects"]
    running = subprocess.Popen([*MODULE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert running.stdout is not None
    url, _, line = (running.stdout.readline().strip() for _ in range(3))
    templates = requests.get(f"{url.split()[-1]}/_emulator/templates", timeout=30).json()
    assert "5fb8cde682a1419035c8d981" in [row["id"] for row in templates]
    running.terminate()
    running.communicate(timeout=30)
    port = urlsplit(url.split()[-1]).port
    assert (
        line == f"export AIRFLOW_CONN_TRUEPUSH_DEFAULT='truepush://:a-token@127.0.0.1:{port}/http?timezone=Etc%2FUTC'"
    )


def test_a_short_token_of_the_environment_is_refused_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRUEPUSH_EMULATOR_TOKEN", "t")
    with pytest.raises(SystemExit):
        main([])
    assert "TRUEPUSH_EMULATOR_TOKEN is shorter than 5 characters" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--host", "0.0.0.0"], "--allow-remote"),
        (["--timezone", "Mars/Olympus"], "Mars/Olympus"),
        (["--speed", "0"], "speed"),
        (["--page-size", "0"], "page_size"),
        (["--clock", "sun"], "sun"),
        (["--token", ""], "token"),
        (["--token", "t"], "shorter than 5 characters"),
        (["--order", "backwards"], "backwards"),
        (["--start", "yesterday"], "yesterday"),
        (["--state", "/nowhere/at/all.db"], "all.db"),
        (["--port", "99999"], "port"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err.splitlines()[-1]


def test_a_hundred_thousand_campaigns_are_seeded_and_listed() -> None:
    with Emulator(page_size=500) as emulator:
        made = emulator.add_campaigns(100_000)
        client = Api(emulator)
        assert client.ids("listCampaign") == made
        client.session.close()
        assert emulator.count() in (200, 201)  # what follows the last full page may be looked at
