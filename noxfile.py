"""The matrix of supported versions: ``make matrix``, or ``nox -s "matrix(airflow='2.11', python='3.11')"``.

Each pair gets an environment with the pins of ``constraints/airflow`` and the provider. Then its parts are run: a probe
of four examples, and the rooms of the suite, one by one. The outcome of each part is recorded in
``docs/records/versions.json`` as soon as it has ended, and goes from there to the documentation.

Names after ``--`` choose parts, and ``missing`` stands for those that are not recorded as passed with the code as it is
now, so an interrupted run continues where it was: ``make matrix PARTS=missing``. Or name parts:
``nox -s lowest -- transfers waiting``. To install nothing again, use nox's own ``-R``: ``nox -R -s lowest -- missing``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

import nox
from nox.command import CommandFailed

ROOT = Path(__file__).parent
sys.path.insert(0, str(ROOT))  # nox reads this file as a module of no package
from tools.matrix_record import PROBE, Outcome, Outcomes, rooms  # noqa: E402

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
#: It builds archives with this checkout's own tools.
LEFT_OUT_MODULE = "tests/packaging/test_wheel.py"
#: What the suite needs beside the pins.
BESIDE = (
    *("psutil", "pyyaml", "pyarrow", "flask", "flask-cors", "pysocks", "coverage", "hatchling", "h11"),
    "pytest-rerunfailures",
)
#: Seconds for one test. The processes that a test starts import Airflow anew, which takes a minute on a busy machine.
LIMIT = 600
PARTS = (PROBE, *rooms())
MISSING = "missing"

nox.options.default_venv_backend = "uv"
nox.options.error_on_missing_interpreters = False


def prepare(session: nox.Session, pins: Path) -> None:
    """Install the pins, then the provider without further dependencies, as the documentation says."""
    session.install("--requirement", str(pins))
    session.install("--constraint", str(pins), *BESIDE)
    session.install("--no-deps", "--editable", ".")


def chosen(session: nox.Session, outcomes: Outcomes) -> list[str]:
    """Return the parts to run: those that the command line names, in its order, or all."""
    wanted: list[str] = []
    for name in session.posargs or PARTS:
        if name == MISSING:
            wanted += outcomes.missing()
        elif name in PARTS:
            wanted.append(name)
        else:
            session.error(f"No such part: {name}. Parts are {', '.join((MISSING, *PARTS))}.")
    return list(dict.fromkeys(wanted))


def run_probe(session: nox.Session, folder: Path) -> Outcome:
    """Run four examples against the emulator."""
    try:
        session.run("python", "tools/version_probe.py", str(folder))
    except CommandFailed:
        return {"passed": False}
    return {"passed": True}


def run_room(session: nox.Session, room: str, report: Path) -> Outcome:
    """Run the tests of one room, and count them.

    :param report: the file for pytest's report in XML.
    """
    report.unlink(missing_ok=True)
    workers = os.environ.get("WORKERS", "3")
    options = ("-q", "-n", workers, "-p", "no:cacheprovider", "--timeout", str(LIMIT))
    try:
        session.run(
            "python", "-m", "pytest", *options, f"--junitxml={report}", f"--ignore={LEFT_OUT_MODULE}", f"tests/{room}"
        )
        passed = True
    except CommandFailed:
        passed = False
    suite = ElementTree.parse(report).find("testsuite") if report.exists() else None  # noqa: S314 - pytest wrote it
    if suite is None:
        return {"passed": passed}
    return {"passed": passed, "tests": int(suite.get("tests", 0)), "skipped": int(suite.get("skipped", 0))}


def run_parts(session: nox.Session, pair: str) -> None:
    """Run the chosen parts, all of them even if one fails, and record each.

    :param pair: the name in the record.
    """
    # Without compiled files each process that a test starts compiles all of Airflow again: 10 s of computing time.
    session.env["PYTHONDONTWRITEBYTECODE"] = None
    # The user's own folder may hold the configuration of another version, which this one cannot read.
    session.env["AIRFLOW_HOME"] = str(ROOT / ".airflow" / f"matrix-{pair.replace(' on ', '-')}-home")
    shown = session.run(
        "python", "-c", "from importlib.metadata import version as v; print(v('apache-airflow'))", silent=True
    )
    if shown is None:  # nox was asked to install only
        return
    folder = ROOT / ".airflow" / f"matrix-{pair.replace(' on ', '-')}"
    outcomes = Outcomes(pair)
    failed = []
    for part in chosen(session, outcomes):
        session.log(f"{pair}: {part}")
        if part == PROBE:
            outcome = run_probe(session, folder)
        else:
            outcome = run_room(session, part, folder.with_name(f"{folder.name}-{part}.xml"))
        outcomes.keep(str(shown).strip(), part, outcome)
        if not outcome["passed"]:
            failed.append(part)
    if failed:
        session.error(f"failed: {', '.join(failed)}")


@nox.session(reuse_venv=True)
@nox.parametrize(("airflow", "python"), PAIRS)
def matrix(session: nox.Session, airflow: str) -> None:
    """Registration, four examples against the emulator, and the suite, on one pair of versions."""
    prepare(session, ROOT / "constraints" / "airflow" / f"{airflow}.txt")
    run_parts(session, f"{airflow} on {session.python}")


@nox.session(python="3.11", reuse_venv=True)
def lowest(session: nox.Session) -> None:
    """The same on the oldest versions that pyproject.toml allows."""
    prepare(session, ROOT / "constraints" / "lowest.txt")
    run_parts(session, f"lowest on {session.python}")


@nox.session(python="3.14", reuse_venv=True)
def next_python(session: nox.Session) -> None:
    """The same on the next Python, which is not supported yet: tried and reported."""
    prepare(session, ROOT / "constraints" / "airflow" / "3.3.txt")
    run_parts(session, f"3.3 on {session.python}")


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
