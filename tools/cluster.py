"""Run the faults on a real cluster, in a separate environment: ``python3 tools/cluster.py``.

If its packages or a server are not available, everything is skipped, and a line says so. The script runs on the user's
Python, so it imports only the standard library.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".cluster-venv"
PINS = ROOT / "constraints" / "cluster.txt"


def skip(reason: str) -> None:
    """Print that nothing was tested, and exit without an error."""
    print(f"[cluster] SKIPPED: {reason}. NOTHING OF THE CLUSTER WAS TESTED.", flush=True)
    sys.exit(0)


def main() -> None:
    """Build the environment and run the tests in it; the arguments go to pytest."""
    build = [sys.executable, str(ROOT / "tools" / "environment.py"), str(VENV), str(PINS)]
    if subprocess.run(build, cwd=ROOT, check=False).returncode != 0:
        skip(f"the packages of {PINS.name} cannot be installed on this machine")
    python = str(VENV / "bin" / "python")
    env = {**os.environ, "TRUEPUSH_CLUSTER_RUN": "1", "AIRFLOW_HOME": str(ROOT / ".airflow" / "cluster")}
    missing = subprocess.run(
        [python, "-m", "local_airflow.servers"], cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()
    if missing:
        skip(f"{' and '.join(missing)} is available neither as a Debian package nor as a wheel")
    command = [python, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "--timeout", "1200", "tests/cluster"]
    sys.exit(subprocess.run([*command, *sys.argv[1:]], cwd=ROOT, env=env, check=False).returncode)


if __name__ == "__main__":
    main()
