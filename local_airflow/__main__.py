"""Send a campaign through a real Airflow to the emulator: ``demo`` stops afterwards, ``serve`` runs until Ctrl-C."""

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
    """Print lines with the seconds since the start; replace secrets."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.secrets: list[str] = []

    def __call__(self, text: str) -> None:
        """Print one line."""
        for secret in self.secrets:
            text = text.replace(secret, "***")
        print(f"[{time.monotonic() - self._began:5.1f} s] {text}", flush=True)


def arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="python -m local_airflow", description=(__doc__ or "").replace("``", ""))
    parser.add_argument("what", choices=("demo", "serve"), help="stop afterwards, or run until Ctrl-C")
    parser.add_argument(
        "--home",
        type=Path,
        default=REPOSITORY / ".airflow" / "demo",
        help="folder for all files (default: %(default)s)",
    )
    return parser.parse_args()


def end(number: int, frame: FrameType | None) -> None:
    """Stop everything after a plain kill too, as after Ctrl-C."""
    sys.exit(128 + number)


def campaign(what: str, home: Path, say: Reporter) -> None:
    """Start the emulator and Airflow, send and export a campaign, and stop both."""
    installation = Installation(home)
    with ExitStack() as stack:
        emulator = EmulatorProcess(installation.home / "emulator.log", installation.environment(), SPEED)
        say.secrets.append(emulator.token)
        stack.enter_context(emulator)
        pid = emulator.process.pid if emulator.process else None
        say(f"The Truepush emulator runs at {emulator.url} (process {pid}), {SPEED} times as fast as real time.")
        airflow = LocalAirflow(installation, say)
        stack.enter_context(airflow)
        stack.callback(say, "Stopping Airflow and the emulator.")
        export = ExportRun(airflow, installation.home / "warehouse.db", say)
        try:
            run = CampaignRun(airflow, emulator, say)
            stats = run.run()
            run.clear_and_run_again()
            rows = export.run()
        except FAILURES:
            for component in airflow.components:
                say(f"Last lines of {component.log}:\n{component.tail(15)}")
            raise
        funnel.show(stats, f"Campaign {run.campaign_id}")
        export_run.show([row for row in rows if row["campaign_id"] == run.campaign_id], export.database)
        if what == "serve":
            say(f"See the run in Airflow: {run.page}")
            say(f"Log in as {USER} with the password {installation.password}")
            say(f"See the campaign in the emulator: {emulator.url}/")
            say("Press Ctrl-C to stop everything.")
            wait(airflow)
        else:
            say(f"To see the run in Airflow, start it again with `make airflow` and open {run.page}")
            say(f"Log in as {USER} with the password {installation.password}")


def wait(airflow: LocalAirflow) -> None:
    """Wait for Ctrl-C; raise when a component ends by itself."""
    while True:
        airflow.check_alive()
        time.sleep(1)


def main() -> None:
    """Run; exit 0 when the campaign was delivered and everything has stopped."""
    options = arguments()
    say = Reporter()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        campaign(options.what, options.home, say)
    except FAILURES as error:
        say(f"Failed: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(0 if options.what == "serve" else 130)
    say("Everything has stopped.")


if __name__ == "__main__":
    main()
