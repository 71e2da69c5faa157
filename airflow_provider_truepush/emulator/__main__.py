"""``python -m airflow_provider_truepush.emulator``: a Truepush on this machine, to develop DAGs against."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from airflow_provider_truepush.emulator.clock import as_datetime, as_moment
from airflow_provider_truepush.emulator.dialects import DIALECTS
from airflow_provider_truepush.emulator.emulator import DEFAULT_TOKEN, Emulator, is_loopback
from airflow_provider_truepush.emulator.storage import StateFileError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m airflow_provider_truepush.emulator",
        description="A Truepush on this machine. Nothing that is sent to it reaches anyone.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 takes a free one (default)")
    parser.add_argument("--allow-remote", action="store_true", help="listen on an address that others can reach")
    parser.add_argument("--seed", type=int, default=7, help="of ids and counters (default: %(default)s)")
    parser.add_argument("--state", metavar="FILE", help="SQLite file that keeps everything over restarts")
    parser.add_argument("--clock", choices=("real", "manual"), default="real", help="default: %(default)s")
    parser.add_argument("--speed", type=float, default=1.0, help="emulated seconds per real one (default: 1)")
    parser.add_argument("--start", metavar="TIME", help="first reading of the clock, ISO 8601 with a zone")
    parser.add_argument(
        "--token", action="append", help="token of a project; repeat for more projects (default: a well-known one)"
    )
    parser.add_argument("--timezone", default="UTC", help="of the projects, such as Europe/Berlin (default: UTC)")
    parser.add_argument("--subscribers", type=int, default=100_000, help="of each new project (default: %(default)s)")
    parser.add_argument(
        "--reference-objects", action="store_true", help="start with the objects that Truepush's reference speaks of"
    )
    parser.add_argument("--page-size", type=int, help="rows per page of a list (default: 25)")
    parser.add_argument("--dialect", choices=tuple(DIALECTS), default="express", help="default: %(default)s")
    parser.add_argument("--print-connection-uri", action="store_true", help="print the Airflow connection, with token")
    parser.add_argument(
        "--log-level", default="info", choices=("debug", "info", "warning", "error"), help="default: %(default)s"
    )
    return parser


def _emulator(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Emulator:
    """The emulator that is asked for; what cannot be is said in argparse's way."""
    if not given.allow_remote and not is_loopback(given.host):
        parser.error(f"--host {given.host} can be reached by others: say --allow-remote if you mean it")
    try:
        ZoneInfo(given.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        parser.error(f"--timezone {given.timezone} is not in the IANA database")
    try:
        return Emulator(
            token=given.token or DEFAULT_TOKEN,
            seed=given.seed,
            clock=given.clock,
            speed=given.speed,
            start=as_datetime(as_moment(given.start)) if given.start else None,
            timezone=given.timezone,
            state=given.state,
            host=given.host,
            port=given.port,
            dialect=given.dialect,
            page_size=given.page_size,
            log=True,
            subscribers=given.subscribers,
            allow_remote=given.allow_remote,
        ).start()
    except (ValueError, OSError, StateFileError) as error:
        parser.error(str(error))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal ends it."""
    parser = _parser()
    given = parser.parse_args(arguments)
    logging.basicConfig(level=given.log_level.upper(), format="%(message)s", stream=sys.stderr)
    emulator = _emulator(parser, given)
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    if given.reference_objects:
        emulator.seed_reference()
    try:
        print(f"Truepush emulator listening on {emulator.url}", flush=True)
        print(f"Control address {emulator.url}/_emulator/", flush=True)
        if given.print_connection_uri:
            print(f"AIRFLOW_CONN_TRUEPUSH_DEFAULT={emulator.connection_uri}", flush=True)
        segments = ", ".join(f"{row['id']} ({row['name']})" for row in emulator.segments()[:3])
        print(f"Segments to send to: {segments}", flush=True)
        if given.speed != 1:
            print(
                f"The clock runs {given.speed:g} times as fast as this machine's. What looks at both, as the search "
                "for a campaign whose answer was lost, bears an hour between them.",
                flush=True,
            )
        end.wait()
    finally:
        emulator.stop()
    print("Truepush emulator stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
