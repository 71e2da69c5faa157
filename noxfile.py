"""The matrix of supported versions: ``make matrix``, or ``nox -s "matrix(airflow='2.11', python='3.11')"``.

Each pair gets an environment with the pins of ``constraints/airflow``, the provider, a probe of four examples, and the
suite but for its parts on a real Airflow. The outcome goes to ``docs/records/versions.json``, and from there to the
documentation.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import nox

ROOT = Path(__file__).parent
RECORD = ROOT / "docs" / "records" / "versions.json"
#: Airflow 2.11 and 3.0 end at Python 3.12 by their own metadata.
PAIRS = (
    ("2.11", "3.11"),
    ("3.0", "3.11"),
    ("3.1", "3.11"),
    ("3.2", "3.11"),
    ("3.3", "3.11"),
    ("3.3", "3.12"),
    ("3.3", "3.13"),
)
#: What needs a real Airflow of the newest version, builds archives, or is about this checkout's own tools.
LEFT_OUT = ("airflow", "benchmarks", "docs", "harness", "packaging/test_wheel.py")
#: What the suite needs beside the pins.
BESIDE = ("psutil", "pyyaml", "pyarrow", "flask", "flask-cors", "pysocks", "coverage", "hatchling", "h11")

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False


def keep(airflow: str, python: str, outcome: dict[str, object]) -> None:
    """Record the outcome of one pair."""
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    record[f"{airflow} on {python}"] = outcome
    RECORD.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def prepare(session: nox.Session, pins: Path) -> None:
    """Install the pins, then the provider without further dependencies, as the documentation says."""
    session.install("--requirement", str(pins))
    session.install("--constraint", str(pins), *BESIDE)
    session.install("--no-deps", "--editable", ".")


def suite(session: nox.Session, *arguments: str) -> None:
    """Run the suite but for what is left out."""
    ignored = [f"--ignore=tests/{name}" for name in LEFT_OUT]
    session.run(
        "python",
        "-m",
        "pytest",
        "-q",
        "-n",
        os.environ.get("WORKERS", "3"),
        "-p",
        "no:cacheprovider",
        *ignored,
        *arguments,
    )


@nox.session(reuse_venv=True)
@nox.parametrize(("airflow", "python"), PAIRS)
def matrix(session: nox.Session, airflow: str) -> None:
    """Registration, four examples against the emulator, and the suite, on one pair of versions."""
    python = str(session.python)
    outcome: dict[str, object] = {"probe": False, "suite": False}
    try:
        prepare(session, ROOT / "constraints" / "airflow" / f"{airflow}.txt")
        folder = ROOT / ".airflow" / f"matrix-{airflow}-{python}"
        session.run("python", "tools/version_probe.py", str(folder))
        outcome["probe"] = True
        suite(session, *session.posargs)
        outcome["suite"] = " ".join(session.posargs) or True  # a part of it is recorded as such
    finally:
        shown = session.run(
            "python", "-c", "from importlib.metadata import version as v; print(v('apache-airflow'))", silent=True
        )
        outcome["airflow"] = str(shown).strip()
        keep(airflow, python, outcome)


@nox.session(python="3.11", reuse_venv=True)
def lowest(session: nox.Session) -> None:
    """The suite on the oldest versions that pyproject.toml allows."""
    prepare(session, ROOT / "constraints" / "lowest.txt")
    suite(session, *session.posargs)


@nox.session(python="3.14", reuse_venv=True)
def next_python(session: nox.Session) -> None:
    """Try the next Python and report; a failure here is news, not an error."""
    session.install("--requirement", str(ROOT / "constraints" / "airflow" / "3.3.txt"), success_codes=[0, 1, 2])
    session.install("--no-deps", "--editable", ".", success_codes=[0, 1, 2])
    session.run("python", "-c", "import airflow_provider_truepush.models", success_codes=[0, 1])


@nox.session(python=False)
def audit(session: nox.Session) -> None:
    """Look for known vulnerabilities of what ``make`` installs, and of the newest pins."""
    session.run(
        "uv",
        "tool",
        "run",
        "pip-audit",
        "--no-deps",
        "--disable-pip",
        "--strict",
        *(part for name in ("constraints/dev.txt", "constraints/airflow/3.3.txt") for part in ("--requirement", name)),
    )
