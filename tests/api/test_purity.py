"""The core stays what it is: no Airflow, no I/O, no clock of its own."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import airflow_provider_truepush
from airflow_provider_truepush import models

PACKAGE = Path(airflow_provider_truepush.__file__).parent
MODULES = sorted((PACKAGE / "api").rglob("*.py"))
FOREIGN = {"airflow", "aiohttp", "requests", "httpx", "socket", "sqlalchemy", "ssl", "tenacity", "threading", "time"}


def imported(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_imports(path: Path) -> None:
    for name in imported(ast.parse(path.read_text())):
        assert name.partition(".")[0] not in FOREIGN
        if name.startswith("airflow_provider_truepush"):
            assert name.startswith("airflow_provider_truepush.api")


def test_loading_the_core_loads_nothing_else() -> None:
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in MODULES]
    code = f"""
import importlib, sys
for name in {[*names, "airflow_provider_truepush.models", "airflow_provider_truepush.exceptions"]!r}:
    importlib.import_module(name)
print(sorted(set(sys.modules) & {{"airflow", "aiohttp", "requests", "httpx", "sqlalchemy", "tenacity"}}))
"""
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert shown.stdout == "[]\n"


def test_public_models() -> None:
    refs = ["CampaignRef", "TemplateRef", "TriggerRef", "SegmentRef"]
    schedules = ["Once", "OnDates", "Daily", "Weekly", "Monthly", "Yearly"]
    for name in ["Button", "Campaign", "CampaignStats", "Template", "Trigger", *refs, *schedules]:
        assert name in models.__all__
        assert getattr(models, name).__doc__
