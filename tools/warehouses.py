"""Run the exports against stand-ins of warehouses: ``python3 tools/warehouses.py snowflake redshift bigquery``.

Each runs in a separate environment, because their drivers pin old versions of other packages. A stand-in whose
packages are not available is skipped, and a line says so. They run in parallel, and each prints its output at the end.
``--bench`` runs the benchmark of exports in those environments instead, one after another.

The script runs on the user's Python, so it imports only the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".warehouse-venvs"
PYTEST = ("-q", "-p", "no:cacheprovider", "--timeout", "600", "tests/warehouses")
#: A stand-in that cannot be installed next to Airflow: its environment, its Python, its program, and its variable.
SERVERS = {"bigquery": ("bigquery-server", "python3.13", "local-bigquery", "TRUEPUSH_BIGQUERY_SERVER")}


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[warehouses] {text}", flush=True)


def build(name: str, python: str) -> Path | None:
    """Build or update an environment; return None when its packages are not available."""
    folder = FOLDER / name
    pins = ROOT / "constraints" / f"warehouses-{name}.txt"
    ready = folder / ".ready"
    if ready.exists() and ready.stat().st_mtime > max(pins.stat().st_mtime, (ROOT / "pyproject.toml").stat().st_mtime):
        return folder
    done = subprocess.run(
        [python, str(ROOT / "tools" / "environment.py"), str(folder), str(pins)],
        cwd=ROOT,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode != 0:
        say(f"the environment of {name} could not be built:\n{done.stdout[-2000:]}")
        return None
    ready.touch()
    return folder


def find(python: str) -> str | None:
    """Return a Python of that name that runs. A shim of a version manager may exist and fail."""
    version = python.removeprefix("python")
    managed = sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/{python}"))
    for found in (shutil.which(python), *map(str, managed)):
        if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
            return found
    return None


def server(name: str, env: dict[str, str]) -> bool:
    """Build the environment of a stand-in's server, if it needs one; return whether the server can run."""
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


def run(name: str, *command: str) -> bool:
    """Run a module in the environment of a stand-in; return whether it succeeded or was skipped."""
    began = time.monotonic()
    env = {**os.environ, "TRUEPUSH_WAREHOUSE": name, "AIRFLOW_HOME": str(ROOT / ".airflow" / name)}
    folder = build(name, sys.executable) if server(name, env) else None
    if folder is None:
        say(f"SKIPPED {name}: its packages cannot be installed here. NOTHING OF IT WAS TESTED.")
        return True
    built = time.monotonic()
    done = subprocess.run(
        [str(folder / "bin" / "python"), "-m", *command],
        cwd=ROOT,
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = f"{built - began:.0f} s to build its environment, {time.monotonic() - built:.0f} s to run"
    say(f"{name}: {'passed' if done.returncode == 0 else 'FAILED'}; {seconds}\n{done.stdout.rstrip()}")
    return done.returncode == 0


def main() -> None:
    """Test or measure the stand-ins named on the command line."""
    options = [argument for argument in sys.argv[1:] if argument.startswith("-")]
    names = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    if "--bench" in options:
        quick = [option for option in options if option == "--quick"]
        passed = [run(name, "benchmarks.export.warehouses", name, *quick) for name in names]
    else:
        say(f"{', '.join(names)}: some minutes, most of them to build environments the first time")
        with ThreadPoolExecutor(len(names)) as pool:
            passed = list(pool.map(lambda name: run(name, "pytest", *PYTEST), names))
    failed = [name for name, good in zip(names, passed, strict=True) if not good]
    if failed:
        sys.exit(f"[warehouses] failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
