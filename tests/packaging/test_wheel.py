"""What users install: built here, without a package index, and looked into."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

import airflow_provider_truepush

ROOT = Path(__file__).resolve().parents[2]
DIST_INFO = f"airflow_provider_truepush-{airflow_provider_truepush.__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(wheel.read(f"{DIST_INFO}/METADATA").decode())


def test_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    assert {name.split("/")[0] for name in names} == {"airflow_provider_truepush", DIST_INFO}
    assert not [name for name in names if "/tests/" in name or name.endswith((".pyc", ".db", ".log"))]


def test_is_typed_and_licensed(wheel: zipfile.ZipFile, metadata: Message) -> None:
    assert "airflow_provider_truepush/py.typed" in wheel.namelist()
    assert metadata["License-Expression"] == "Apache-2.0"
    assert "Apache License" in wheel.read(f"{DIST_INFO}/licenses/LICENSE").decode()


def test_every_module_of_the_checkout_is_in_it(wheel: zipfile.ZipFile) -> None:
    package = ROOT / "airflow_provider_truepush"
    found = [path for kind in ("*.py", "*.html", "*.js") for path in package.rglob(kind)]
    assert {path.suffix for path in found} == {".py", ".html", ".js"}
    assert {str(path.relative_to(ROOT)) for path in found} <= set(wheel.namelist())


def test_airflow_and_pytest_find_it(wheel: zipfile.ZipFile) -> None:
    entry_points = wheel.read(f"{DIST_INFO}/entry_points.txt").decode()
    assert "[apache_airflow_provider]\nprovider_info = airflow_provider_truepush.provider_info:get_provider_info" in (
        entry_points
    )
    assert "[pytest11]\ntruepush = airflow_provider_truepush.emulator.pytest_plugin" in entry_points


def test_says_what_it_is(metadata: Message) -> None:
    assert metadata["Name"] == "airflow-provider-truepush"
    assert metadata["Requires-Python"] == ">=3.11"
    assert {"Framework :: Apache Airflow", "Framework :: Apache Airflow :: Provider"} <= set(
        metadata.get_all("Classifier", [])
    )
    assert any(url.startswith("Documentation, ") for url in metadata.get_all("Project-URL", []))


def test_requirements_are_ranges_from_a_tested_lower_bound() -> None:
    """A pin would fight with other providers; the lower bounds are what ``constraints/lowest.txt`` resolves to."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = (ROOT / "constraints" / "lowest.txt").read_text().splitlines()
    for requirement in project["dependencies"]:
        name, bound = requirement.split(">=")
        assert f"{name}=={bound}" in lowest, requirement


@pytest.mark.parametrize("name", ["dev.txt", "lowest.txt"])
def test_pins_name_no_index_and_no_file(name: str) -> None:
    pins = (ROOT / "constraints" / name).read_text()
    assert "://" not in pins
    assert "--" not in pins
    assert all("==" in line for line in pins.splitlines() if not line.startswith("#"))
