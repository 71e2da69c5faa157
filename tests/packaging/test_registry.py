"""The registry file names every public class, and says the same as the provider info."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml

from airflow_provider_truepush.provider_info import get_provider_info

ROOT = Path(__file__).parents[2]
LISTED: dict[str, Any] = yaml.safe_load((ROOT / ".airflow-registry.yaml").read_text())
PUBLIC = re.compile(r"^class (Truepush\w*(?:Operator|Sensor|Notifier))\(", re.MULTILINE)


def named(kind: str) -> set[str]:
    return {entry["module"] for entry in LISTED[kind]}


def test_every_name_can_be_imported_and_has_a_description() -> None:
    for kind in ("hooks", "operators", "sensors", "triggers", "transfers", "decorators", "notifications"):
        for entry in LISTED[kind]:
            module, _, name = entry["module"].rpartition(".")
            assert getattr(import_module(module), name).__doc__
            assert entry["description"]


def test_every_operator_sensor_and_transfer_is_listed() -> None:
    listed = {name.rpartition(".")[2] for kind in ("operators", "sensors", "transfers") for name in named(kind)}
    listed |= {name.rpartition(".")[2] for name in named("notifications")}
    found = set()
    for folder in ("operators", "sensors", "transfers", "notifications"):
        for path in (ROOT / "airflow_provider_truepush" / folder).glob("*.py"):
            found |= set(PUBLIC.findall(path.read_text()))
    assert found - {"TruepushOperator"} == listed


def test_provider_info_says_the_same() -> None:
    info = get_provider_info()
    assert info["package-name"] == LISTED["package-name"]
    assert {row["python-module"] for row in info["transfers"]} == {
        name.rpartition(".")[0] for name in named("transfers")
    }
    assert {row["class-name"] for row in info["task-decorators"]} == named("decorators")
    assert set(info["notifications"]) == named("notifications")
    modules = {module for row in info["triggers"] for module in row["python-modules"]}
    assert {name.rpartition(".")[0] for name in named("triggers")} == modules
