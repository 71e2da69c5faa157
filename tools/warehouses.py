"""Run the exports into stand-ins of warehouses: ``python3 tools/warehouses.py snowflake redshift bigquery``.

Each has an environment of its own, since their drivers hold other packages back. One whose packages cannot be had on
this machine is skipped, and a line says so. Runs on the user's own Python, so it imports only the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".warehouse-venvs"
#: A stand-in that does not get along with Airflow: its environment, its Python, its program, and how tests find it.
SERVERS = {"bigquery": ("bigquery-server", "python3.13", "local-bigquery", "TRUEPUSH_BIGQUERY_SERVER")}


def say(text: str) -> None:
    """One line of progress."""
    print(f"[warehouses] {text}", flush=True)


def build(name: str, python: str) -> Path | None:
    """Build or renew an environment; None when its packages cannot be had."""
    folder = FOLDER / name
    pins = ROOT / "constraints" / f"warehouses-{name}.txt"
    done = subprocess.run(
        [python, str(ROOT / "tools" / "environment.py"), str(folder), str(pins)], cwd=ROOT, check=False
    )
    return folder if done.returncode == 0 else None


def find(python: str) -> str | None:
    """A Python of that name that really runs: a version manager's shim may exist and refuse."""
    found = shutil.which(python)
    if found is None or subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode != 0:
        return None
    return found


def server(name: str, env: dict[str, str]) -> bool:
    """Build the environment of a server, where a stand-in needs one; whether it can be run."""
    if name not in SERVERS:
        return True
    environment, python, program, variable = SERVERS[name]
    interpreter = find(python)
    folder = build(environment, interpreter) if interpreter else None
    if folder is None:
        say(f"{program} needs {python} and its packages")
        return False
    env[variable] = str(folder / "bin" / program)
    return True


def run(name: str) -> bool:
    """Test one; whether its tests passed, or were skipped."""
    env = {**os.environ, "TRUEPUSH_WAREHOUSE": name, "AIRFLOW_HOME": str(ROOT / ".airflow" / name)}
    folder = build(name, sys.executable) if server(name, env) else None
    if folder is None:
        say(f"SKIPPED {name}: its packages cannot be installed here. NOTHING OF IT WAS TESTED.")
        return True
    say(name)
    command = [str(folder / "bin" / "python"), "-m", "pytest", "-p", "no:cacheprovider", "tests/warehouses"]
    return subprocess.run(command, cwd=ROOT, env=env, check=False).returncode == 0


def main() -> None:
    """Test the stand-ins named on the command line."""
    failed = [name for name in sys.argv[1:] if not run(name)]
    if failed:
        sys.exit(f"[warehouses] failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
