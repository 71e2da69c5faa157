"""An empty metadata database of Airflow, which is migrated once for all tests that need one of their own."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from local_airflow.configuration import Installation

#: The folder of this session, told by tests/conftest.py.
_FOLDER = "TRUEPUSH_SUITE_FOLDER"


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Let the other processes of this session wait meanwhile."""
    with (Path(os.environ[_FOLDER]) / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def copy_empty_database(path: Path) -> None:
    """Put an empty metadata database of the installed Airflow at a path. The first caller waits for the migration."""
    kept = Path(os.environ[_FOLDER]) / "empty" / "airflow.db"
    kept.parent.mkdir(exist_ok=True)
    with one_at_a_time("empty.lock"):
        if not kept.exists():
            _migrate(kept)
    shutil.copyfile(kept, path)


def prepare(installation: Installation) -> None:
    """Spare an installation the migration: it finds a database of its version of Airflow."""
    copy_empty_database(installation.home / "airflow.db")
    (installation.home / "migrated").write_text(version("apache-airflow"))


def _migrate(kept: Path) -> None:
    made = kept.with_name("made.db")
    made.unlink(missing_ok=True)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "COV"))},
        "AIRFLOW_HOME": str(kept.parent),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{made}",
    }
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    made.rename(kept)
