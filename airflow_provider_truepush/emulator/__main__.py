"""``python -m airflow_provider_truepush.emulator``: a Truepush on this machine, to develop Dags against."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import airflow_provider_truepush.emulator.commands as commands
from airflow_provider_truepush.emulator.clock import as_datetime, as_moment
from airflow_provider_truepush.emulator.dialects import DIALECTS
from airflow_provider_truepush.emulator.emulator import DEFAULT_TOKEN, Emulator, is_loopback
from airflow_provider_truepush.emulator.listing import ORDERS
from airflow_provider_truepush.emulator.manual import documentation

#: Airflow does not mask shorter secrets in logs, and warns about it in each log.
SHORTEST_TOKEN = 5
#: Segments that the start-up lists by name and id.
SEGMENTS_SHOWN = 5
#: The environment variable with the token of the only project.
TOKEN_VARIABLE = "TRUEPUSH_EMULATOR_TOKEN"


def _parser() -> argparse.ArgumentParser:
    others = "\n".join(f"  {name:<13} {text}" for name, text in commands.HELP.items())
    parser = argparse.ArgumentParser(
        prog=commands.PROGRAM,
        usage="%(prog)s [options]\n       %(prog)s COMMAND ...",
        description="Run a Truepush emulator on this machine. Nothing that you send to it reaches a subscriber.",
        epilog=f"Commands for a running emulator (COMMAND --help explains each):\n{others}\n"
        "  controls      print every control, fault and dialect, with examples",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument(
        "--allow-remote", action="store_true", help="listen on an address that other machines can reach"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="further host name under which it may be controlled, such as a container's; can be repeated",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=7, help="seed of ids and counters (default: %(default)s)")
    parser.add_argument("--state", metavar="FILE", help="SQLite file that keeps all objects across restarts")
    parser.add_argument("--clock", choices=("real", "manual"), default="real", help="default: %(default)s")
    parser.add_argument("--speed", type=float, default=1.0, help="emulated seconds per real second (default: 1)")
    parser.add_argument("--start", metavar="TIME", help="first time of the clock, ISO 8601 with a zone (default: now)")
    parser.add_argument(
        "--token",
        action="append",
        help="token of a project; repeat for more projects (default: the environment "
        f"variable {TOKEN_VARIABLE}, which no process list shows, or else a well-known one)",
    )
    parser.add_argument(
        "--timezone", default="Etc/UTC", help="time zone of the projects, such as Europe/Berlin (default: %(default)s)"
    )
    parser.add_argument(
        "--subscribers", type=int, default=100_000, help="subscribers of each new project (default: %(default)s)"
    )
    parser.add_argument(
        "--reference-objects", action="store_true", help="start with the objects that Truepush's reference mentions"
    )
    parser.add_argument("--page-size", type=int, help="rows per page of a list, 1 to 500 (default: 25)")
    parser.add_argument("--order", choices=tuple(ORDERS), help="order of lists (default: inserted)")
    parser.add_argument("--dialect", choices=tuple(DIALECTS), default="express", help="default: %(default)s")
    parser.add_argument(
        "--print-connection-uri", action="store_true", help="print the Airflow connection, with the token in it"
    )
    parser.add_argument(
        "--log-level", default="info", choices=("debug", "info", "warning", "error"), help="default: %(default)s"
    )
    return parser


def _emulator(parser: argparse.ArgumentParser, given: argparse.Namespace) -> Emulator:
    """Start the emulator that the arguments describe; report an invalid argument as argparse does."""
    if not given.allow_remote and not is_loopback(given.host):
        parser.error(f"--host {given.host} can be reached by others. Add --allow-remote if you mean it.")
    if given.token is None and TOKEN_VARIABLE in os.environ:
        given.token = [os.environ[TOKEN_VARIABLE]]
    for token in given.token or ():
        if len(token) < SHORTEST_TOKEN:
            parser.error(
                f"--token or {TOKEN_VARIABLE} is shorter than {SHORTEST_TOKEN} characters, which Airflow does not mask "
                "in logs."
            )
    try:
        ZoneInfo(given.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        parser.error(f"--timezone {given.timezone} is not in the IANA database. Use a name such as Europe/Berlin.")
    try:
        emulator = Emulator(
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
            allow_hosts=given.allow_host,
        ).start()
    except (ValueError, OSError) as error:
        parser.error(str(error))
    if given.order:
        emulator.set_dialect(order=given.order)
    return emulator


def main(arguments: Sequence[str] | None = None) -> int:
    """Run an emulator until a signal ends it, or one command for an emulator that runs."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words[:1] == ["controls"]:
        print(documentation())
        return 0
    if words and words[0] in commands.HELP:
        return commands.run(words)
    return _serve(words)


def _serve(words: Sequence[str]) -> int:
    parser = _parser()
    given = parser.parse_args(words)
    logging.basicConfig(level=given.log_level.upper(), format="%(message)s", stream=sys.stderr)
    emulator = _emulator(parser, given)
    end = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: end.set())
    if given.reference_objects:
        emulator.seed_reference()
    try:
        print(f"Truepush emulator listening on {emulator.url}", flush=True)
        print(f"Open {emulator.url}/ in a browser, or use {emulator.url}/_emulator/ from programs", flush=True)
        if given.print_connection_uri:
            print(f"export AIRFLOW_CONN_TRUEPUSH_DEFAULT='{emulator.connection_uri}'", flush=True)
        segments = emulator.segments()
        listed = ", ".join(f"{row['name']!r} ({row['id']})" for row in segments[:SEGMENTS_SHOWN])
        more = f", and {len(segments) - SEGMENTS_SHOWN} more" if len(segments) > SEGMENTS_SHOWN else ""
        print(f"Segments to send to: {listed}{more}", flush=True)
        if given.speed != 1:
            print(
                f"The clock runs {given.speed:g} times as fast as this machine's. The provider tolerates a difference "
                "of an hour when it searches for a campaign whose answer was lost.",
                flush=True,
            )
        end.wait()
    finally:
        emulator.stop()
    print("Truepush emulator stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
