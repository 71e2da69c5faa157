"""Run four examples on the installed Airflow against the emulator: ``python tools/version_probe.py FOLDER``.

Prints one line per check; exits 1 when one failed. The matrix of versions calls it in each environment.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow_provider_truepush.emulator import Emulator

EXAMPLES = Path(__file__).parents[1] / "example_dags"
AIRFLOW = (sys.executable, "-m", "airflow")
#: Seconds for one command. A busy machine takes its time.
LIMIT = 1800


def airflow(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command of Airflow's."""
    return subprocess.run([*AIRFLOW, *arguments], env=env, capture_output=True, text=True, timeout=LIMIT, check=False)


def registered(env: dict[str, str]) -> bool:
    """Return whether Airflow lists the provider, its connection type and its hook."""
    shown = [airflow("providers", what, env=env).stdout for what in ("list", "hooks", "notifications")]
    return all("truepush" in text for text in shown)


def parsed(env: dict[str, str]) -> bool:
    """Return whether every example is read without an import error."""
    done = airflow("dags", "list-import-errors", "--output", "json", env=env)
    # Airflow 2 logs to the same stream, in lines that begin with a date in brackets.
    answers = [line for line in done.stdout.splitlines() if not re.match(r"\[\d{4}-", line)]
    good = done.returncode == 0 and ("[]" in answers or "No data found" in done.stdout)
    if not good:
        print(done.stdout[-4000:] + done.stderr[-4000:])
    return good


def ran(dag_id: str, env: dict[str, str], proof: Callable[[], bool], conf: dict[str, object] | None = None) -> bool:
    """Return whether a Dag's test run succeeded and had its effect.

    :param dag_id: the example.
    :param proof: returns whether the emulator or the warehouse shows the effect.
    :param conf: the run's parameters.
    """
    options = ("--conf", json.dumps(conf)) if conf else ()
    done = airflow("dags", "test", dag_id, *options, env=env)
    shown = done.stdout + done.stderr
    good = done.returncode == 0 and "state=failed" not in shown.lower().replace(" ", "") and proof()
    if not good:
        print(shown[-4000:])
    return good


def checks(folder: Path) -> dict[str, bool]:
    """Return the outcome of each check by its name.

    :param folder: a new folder for everything that Airflow writes.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES, folder / "dags")
    warehouse = folder / "warehouse.db"
    with Emulator(clock="real", speed=120) as emulator:
        segment = emulator.segments()[0]["id"]
        env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_TRUEPUSH_DEFAULT": emulator.connection_uri,
            "AIRFLOW_VAR_TRUEPUSH_DIGEST_SEGMENT": segment,
            "AIRFLOW_CONN_WAREHOUSE": json.dumps({"conn_type": "sqlite", "host": str(warehouse)}),
        }
        migrated = airflow("db", "migrate", env=env)
        if migrated.returncode:
            print(migrated.stdout + migrated.stderr)
            return {"migrated": False}

        def sent(number: int) -> Callable[[], bool]:
            before = emulator.count("createCampaign")
            return lambda: emulator.count("createCampaign") - before == number

        def rows() -> bool:
            with sqlite3.connect(warehouse) as database:
                (found,) = database.execute("SELECT count(*) FROM truepush_campaign_stats_latest").fetchone()
            return bool(found)

        outcome = {"registered": registered(env), "parsed": parsed(env)}
        conf: dict[str, object] = {"segment_id": segment}
        outcome["campaign"] = ran("example_truepush_campaign", env, sent(1), conf)
        outcome["quickstart"] = ran("example_truepush_quickstart", env, rows, conf)
        outcome["weekly_trigger"] = ran(
            "example_truepush_weekly_trigger", env, lambda: emulator.count("createTrigger") == 1
        )
        # Before Airflow 3 a manual run has the interval that ended at eight, and `max_lateness` is six hours.
        skipped = version().startswith("2.") and (datetime.now(UTC) - timedelta(hours=8)).hour >= 6
        feed = 0 if skipped else 2  # the third segment's best offer is sold out
        outcome["product_feed"] = ran("example_truepush_product_feed", env, sent(feed))
        return outcome


def version() -> str:
    """Return the installed version of Airflow."""
    from importlib.metadata import version as installed

    return installed("apache-airflow")


def main() -> None:
    """Print each check, and fail when one did."""
    outcome = checks(Path(sys.argv[1]).resolve())
    for name, good in outcome.items():
        print(f"[probe] Airflow {version()}, Python {sys.version.split()[0]}: {name}: {'ok' if good else 'FAILED'}")
    Path(sys.argv[1], "probe.json").write_text(json.dumps(outcome), encoding="utf-8")
    sys.exit(0 if all(outcome.values()) else 1)


if __name__ == "__main__":
    main()
