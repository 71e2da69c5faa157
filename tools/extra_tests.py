"""Run tests that need packages beside the development environment: ``python tools/extra_tests.py dbt storage``.

Each runs in a separate environment. Tests whose packages are not available are skipped, and a line says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
#: The blob storage that stands in for Azure's, from npm: there is none in Python.
AZURITE = "azurite@3.37.0"


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[extra-tests] {text}", flush=True)


def build(name: str) -> Path | None:
    """Build or update an environment; return None when its packages are not available."""
    folder = ROOT / f".{name}-venv"
    pins = ROOT / "constraints" / f"{name}.txt"
    built = folder / ".ready"
    if built.exists() and built.stat().st_mtime >= pins.stat().st_mtime:
        return folder
    command = [sys.executable, str(ROOT / "tools" / "environment.py"), str(folder), str(pins)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        return None
    built.touch()
    return folder


def run_tests(python: Path, tests: list[str], **more: str) -> bool:
    """Run tests; return whether they passed."""
    env = {**os.environ, "AIRFLOW_HOME": str(ROOT / ".airflow" / "extra"), **more}
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def run_dbt(folder: Path) -> bool:
    """Build the dbt project of the examples; the tests themselves run in the development environment."""
    return run_tests(Path(sys.executable), ["tests/examples/test_dbt.py"], TRUEPUSH_DBT=str(folder / "bin" / "dbt"))


def run_storage(folder: Path) -> bool:
    """Export files to the stand-ins of storages, and load them."""
    wanted = ["s3", "gcs"]
    azurite = folder / "node" / "node_modules" / ".bin" / "azurite-blob"
    if not azurite.exists() and (npm := shutil.which("npm")):
        command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder / "node"), AZURITE]
        subprocess.run(command, check=False)
    if azurite.exists():
        wanted.append("azure")
    else:
        say(f"SKIPPED Azure: {AZURITE} cannot be installed here (it needs Node.js and npm). IT WAS NOT TESTED.")
    tests = ["tests/transfers/test_stats_to_storages.py", "tests/examples/test_loading.py"]
    return run_tests(
        folder / "bin" / "python", tests, TRUEPUSH_STORAGES=" ".join(wanted), TRUEPUSH_AZURITE=str(azurite)
    )


RUNS: dict[str, Callable[[Path], bool]] = {"dbt": run_dbt, "storage": run_storage}


def main() -> None:
    """Run the tests named on the command line."""
    failed = []
    for name in sys.argv[1:]:
        say(name)
        folder = build(name)
        if folder is None:
            say(f"SKIPPED {name}: its packages cannot be installed on this machine. NOTHING OF IT WAS TESTED.")
        elif not RUNS[name](folder):
            failed.append(name)
    if failed:
        sys.exit(f"[extra-tests] failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
