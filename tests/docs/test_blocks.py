"""Every code block of the documentation runs as it stands there, or says why it does not."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.emulator import Emulator
from airflow_provider_truepush.exceptions import TruepushAmbiguousError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from tests.docs.blocks import ROOT, Block, blocks

BLOCKS = list(blocks())
PYTHON_PAGES = sorted({block.page for block in BLOCKS if block.language == "python"})
ALONE = [block for block in BLOCKS if not block.why_not and not block.run_by]
SHELL = [block for block in ALONE if block.language == "sh" and "make " not in block.code]
SERVERS = [block for block in BLOCKS if block.run_by == "tests/docs/test_blocks.py"]


def test_there_are_blocks_of_every_kind() -> None:
    kinds = {block.language for block in BLOCKS}
    assert {"python", "sh", "text"} <= kinds
    assert kinds <= {"python", "sh", "sql", "text"}, "a kind that nothing runs"


def test_what_is_not_run_says_why() -> None:
    unrun = [block for block in BLOCKS if block.why_not]
    for block in unrun:
        print(f"not run: {block}: {block.why_not}")
    assert all(len(block.why_not) > 15 for block in unrun)
    assert len(unrun) < len(BLOCKS) / 6


def test_what_runs_with_others_names_a_test_that_reads_it() -> None:
    for block in BLOCKS:
        if block.run_by:
            assert "blocks()" in (ROOT / block.run_by).read_text(), block


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for block in ALONE:
        for target in re.findall(r"^make ([a-z-]+)", block.code, re.MULTILINE):
            assert f"\n{target}:" in makefile, f"{block}: make {target}"


@pytest.mark.parametrize("block", SERVERS, ids=str)
def test_a_server_starts_and_prints_its_connection(block: Block, tmp_path: Path) -> None:
    with subprocess.Popen(
        [*shlex.split(block.code.replace("python -m", f"{sys.executable} -m").replace("8089", "0"))],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stdout is not None
        shown = []
        for line in server.stdout:
            shown.append(line)
            if "AIRFLOW_CONN_TRUEPUSH_DEFAULT" in line:
                break
        server.terminate()
        assert "AIRFLOW_CONN_TRUEPUSH_DEFAULT" in shown[-1], shown


@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_python(
    page: str, request: pytest.FixtureRequest, own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests among the blocks get their fixtures, the provider's own included, from this session."""
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", own_emulator.connection_uri)
    names: dict[str, Any] = {"__name__": "page"}
    for block in BLOCKS:
        if block.page != page or block.language != "python" or block not in ALONE:
            continue
        before = set(names)
        exec(compile("\n" * (block.line) + block.code, str(ROOT / page), "exec"), names)
        for name in sorted(set(names) - before):
            if name.startswith("test_"):
                wanted = inspect.signature(names[name]).parameters
                names[name](**{fixture: request.getfixturevalue(fixture) for fixture in wanted})


def test_the_alert_is_about_sends_in_doubt_only(own_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list whose answer was lost raises the same error, and needs no decision."""
    monkeypatch.setenv("AIRFLOW_CONN_TRUEPUSH_DEFAULT", f"{own_emulator.connection_uri}&max_attempts=1")
    names: dict[str, Any] = {"__name__": "page"}
    recipe = next(block for block in BLOCKS if "def needs_manual_decision" in block.code)
    exec(compile(recipe.code, recipe.page, "exec"), names)
    own_emulator.fault("listSegment", effect="garbage")
    own_emulator.fault("createCampaign", effect="garbage")

    def alerts(request: Callable[[TruepushHook], object]) -> tuple[bool, bool]:
        with TruepushHook() as hook, pytest.raises(TruepushAmbiguousError) as caught:
            request(hook)
        failed = AirflowFailException(str(caught.value))
        failed.__cause__ = caught.value
        return names["needs_manual_decision"]({"exception": caught.value}), names["needs_manual_decision"](
            {"exception": failed}
        )

    campaign = {"title": "Sale", "message": "All of it", "link": "https://shop.example/"}
    assert alerts(lambda hook: list(hook.list_segments())) == (False, False)
    assert alerts(lambda hook: hook.create_campaign(campaign)) == (True, True)


@pytest.mark.parametrize("block", SHELL, ids=str)
def test_shell(block: Block, own_emulator: Emulator, tmp_path: Path) -> None:
    tools = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "AIRFLOW_HOME": str(tmp_path),
        "EMULATOR": own_emulator.url,
    }
    code = block.code.replace("http://127.0.0.1:8089", own_emulator.url)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        capture_output=True,
        text=True,
        timeout=110,
        cwd=tmp_path,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "block", [block for block in BLOCKS if block.language == "sql" and "send_ledger" in block.code], ids=str
)
def test_sql_of_the_ledger(block: Block) -> None:
    """Settled rows of long ago go; open rows of the same age stay."""
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE truepush_send_ledger (slot TEXT, settled INTEGER, made_at REAL)")
        rows = [("old", 1, 1.0), ("open", 0, 1.0), ("new", 1, 4e9)]
        database.executemany("INSERT INTO truepush_send_ledger VALUES (?, ?, ?)", rows)
        database.execute(block.code)
        assert [slot for (slot,) in database.execute("SELECT slot FROM truepush_send_ledger")] == ["open", "new"]
