"""``make`` installs from wherever the user's pip does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.environment import pip_settings, uv_environment, uv_requirement

LISTING = """\
:env:.index-url='http://127.0.0.1:1/env'
:env:.default-timeout='180'
global.index-url='http://127.0.0.1:1/global'
global.extra-index-url='file:///one file:///two'
install.trusted-host='127.0.0.1'
"""


def test_pips_environment_beats_its_files() -> None:
    settings = pip_settings(LISTING)
    assert settings["index-url"] == "http://127.0.0.1:1/env"
    assert settings["timeout"] == "180"
    assert settings["trusted-host"] == "127.0.0.1"


def test_uv_uses_the_indexes_of_pip() -> None:
    env = uv_environment(pip_settings(LISTING), {"HOME": "/nowhere"})
    assert env["UV_DEFAULT_INDEX"] == "http://127.0.0.1:1/env"
    assert env["UV_INDEX"] == "file:///one file:///two"
    assert env["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert env["UV_INSECURE_HOST"] == "127.0.0.1"
    assert env["HOME"] == "/nowhere"


def test_settings_of_the_user_for_uv_are_kept() -> None:
    mine = {"UV_INDEX_URL": "http://127.0.0.1:1/mine", "UV_INDEX": "http://127.0.0.1:1/more"}
    assert uv_environment(pip_settings(LISTING), mine).items() >= mine.items()
    assert "UV_DEFAULT_INDEX" not in uv_environment(pip_settings(LISTING), mine)


def test_nothing_configured_changes_nothing() -> None:
    assert uv_environment(pip_settings(""), {"A": "b"}) == {"A": "b"}


@pytest.mark.parametrize("pins", [path.name for path in Path("constraints").glob("*.txt")])
def test_pip_installs_nothing_but_the_pinned_uv(pins: str) -> None:
    assert uv_requirement(Path("constraints", pins)).startswith("uv")
    if pins in ("bench.txt", "cluster.txt"):  # they name it only in the file that they include
        assert uv_requirement(Path("constraints", pins)) == uv_requirement(Path("constraints", "dev.txt")) != "uv"
