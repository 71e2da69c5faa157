"""``python -m local_airflow demo`` sends a campaign and stops; ``serve`` leaves everything running until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import requests

from local_airflow import export_run, funnel
from local_airflow.airflow_process import LocalAirflow
from local_airflow.campaign_run import CampaignRun
from local_airflow.configuration import REPOSITORY, USER, Installation
from local_airflow.emulator_process import EmulatorProcess
from local_airflow.errors import LocalAirflowError
from local_airflow.export_run import ExportRun

# Five emulated minutes, enough for any campaign to be delivered, pass in 25 seconds: long enough to watch it grow.
SPEED = 12
FAILURES = (LocalAirflowError, requests.RequestException)


class Reporter:
    """Prints a line with the seconds since the start, and never a token."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.secrets: list[str] = []

    def __call__(self, text: str) -> None:
        """Print one line."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m local_airflow", description=__doc__)
    parser.add_argument("what", choices=("demo", "serve"))
    parser.add_argument("--home", type=Path, default=REPOSITORY / ".airflow" / "demo", help="folder for all it writes")
    return parser.parse_args()


def end(number: int, frame: FrameType | None) -> None:
    """A plain kill stops everything too, as Ctrl-C does."""
    sys.exit(128 + number)


def campaign(what: str, home: Path, say: Reporter) -> None:
    """Everything between the start of the emulator and the stop of Airflow."""
    installation = Installation(home)
    with ExitStack() as stack:
        emulator = EmulatorProcess(installation.home / "emulator.log", installation.environment(), SPEED)
        say.secrets.append(emulator.token)
        stack.enter_context(emulator)
        pid = emulator.process.pid if emulator.process else None
        say(f"the emulator of Truepush answers at {emulator.url} (process {pid}); its clock runs {SPEED} times as fast")
        airflow = LocalAirflow(installation, say)
        stack.enter_context(airflow)
        stack.callback(say, "stopping Airflow and the emulator")
        export = ExportRun(airflow, installation.home / "warehouse.db", say)
        try:
            run = CampaignRun(airflow, emulator, say)
            stats = run.run()
            run.clear_and_run_again()
            rows = export.run()
        except FAILURES:
            for component in airflow.components:
                say(f"the last of {component.log}:\n{component.tail(15)}")
            raise
        funnel.show(stats, f"Campaign {run.campaign_id}")
        export_run.show([row for row in rows if row["campaign_id"] == run.campaign_id], export.database)
        if what == "serve":
            say(f"the run in the UI: {run.page}")
            say(f"user {USER}, password {installation.password}; Ctrl-C stops everything")
            wait(airflow)
        else:
            say(f"the run in the UI, once `make airflow` has started it again: {run.page}")
            say(f"user {USER}, password {installation.password}")


def wait(airflow: LocalAirflow) -> None:
    """Until a person has seen enough, or a component ends by itself."""
    while True:
        airflow.check_alive()
        time.sleep(1)


def main() -> None:
    """Exit 0 when the campaign was delivered and everything has been stopped."""
    options = arguments()
    say = Reporter()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        campaign(options.what, options.home, say)
    except FAILURES as error:
        say(f"failed: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("stopped")
        sys.exit(0 if options.what == "serve" else 130)
    say("everything is stopped")


if __name__ == "__main__":
    main()
