"""Commands for a running emulator, such as ``python -m airflow_provider_truepush.emulator advance 10m``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from airflow_provider_truepush.emulator.churn import LISTS
from airflow_provider_truepush.emulator.dialects import DIALECTS
from airflow_provider_truepush.emulator.effects import EFFECTS, MEANINGS
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError
from airflow_provider_truepush.emulator.outcomes import BY_NAME

#: The environment variable with the address of the emulator.
VARIABLE = "TRUEPUSH_EMULATOR_URL"
DEFAULT_URL = "http://127.0.0.1:8089"
PROGRAM = "python -m airflow_provider_truepush.emulator"


class Client:
    """Send requests to the control address of a running emulator.

    :param url: the emulator's address.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        # An emulator is never behind a proxy.
        self._opener = build_opener(ProxyHandler({}))

    def ask(self, method: str, control: str, body: Any = None) -> Any:
        """Send one request; return the answer.

        :raises TruepushEmulatorError: when no emulator answers, or when it refuses.
        """
        data = None if body is None else json.dumps(body).encode()
        try:
            request = Request(f"{self._url}/_emulator/{control}", data, method=method)  # noqa: S310 (the user's own)
            with self._opener.open(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise TruepushEmulatorError(_reason(error)) from None
        except (URLError, OSError, HTTPException, ValueError) as error:
            raise TruepushEmulatorError(
                f"No emulator answers at {self._url} ({error}). Start one with `{PROGRAM} --port 8089`, or give its "
                f"address with --url or {VARIABLE}."
            ) from None


def _reason(error: HTTPError) -> str:
    try:
        return str(json.load(error)["error"])
    except (ValueError, KeyError, TypeError, OSError):
        return f"The address answered HTTP {error.code}. It is not an emulator."


def _advance(client: Client, given: argparse.Namespace) -> str:
    return f"The clock shows {client.ask('POST', 'clock', {'advance': given.duration})['now']}."


def _seed(client: Client, given: argparse.Namespace) -> str:
    try:
        text = sys.stdin.read() if given.file == "-" else Path(given.file).read_text(encoding="utf-8")
        body = json.loads(text)
    except (OSError, ValueError) as error:
        raise TruepushEmulatorError(f"{given.file} cannot be read as JSON ({error}). Nothing was added.") from None
    made = client.ask("POST", "seed", body)
    lists = {kind: ids for kind, ids in made.items() if isinstance(ids, list)}
    return "\n".join(f"{len(ids)} {kind}: {_some(ids)}" for kind, ids in lists.items()) or "Nothing was added."


def _some(ids: list[str]) -> str:
    return ", ".join(ids[:5]) + (", …" if len(ids) > 5 else "")


def _fault(client: Client, given: argparse.Namespace) -> str:
    if given.effect is None:
        rows = client.ask("GET", "faults")
        lines = [
            f"{row['id']}: {row['phase']}/{row['effect']} for {row['endpoint']}, {row['hits']} hits" for row in rows
        ]
        return "\n".join(lines) or "No fault is waiting."
    body = {"endpoint": given.endpoint, "effect": given.effect, **_settings(given.settings)}
    return f"Fault {client.ask('POST', 'faults', body)['id']} is waiting."


def _clear_faults(client: Client, given: argparse.Namespace) -> str:
    client.ask("DELETE", "faults" if given.id is None else f"faults/{given.id}")
    return "All faults were removed." if given.id is None else f"Fault {given.id} was removed."


def _dialect(client: Client, given: argparse.Namespace) -> str:
    body = {**({} if given.name is None else {"name": given.name}), **_settings(given.settings)}
    spoken = client.ask("POST", "dialect", body) if body else client.ask("GET", "dialect")
    return "\n".join(f"{key}={value}" for key, value in spoken.items())


def _churn(client: Client, given: argparse.Namespace) -> str:
    if given.endpoint == "off":
        client.ask("DELETE", "churn")
        return "Lists stand still."
    settings = _settings(given.settings)
    client.ask("POST", "churn", {"endpoint": given.endpoint, **settings})
    return "Rows change after each page: " + ", ".join(f"{key}={value}" for key, value in settings.items())


def _status(client: Client, given: argparse.Namespace) -> str:
    seen = client.ask("GET", "overview")
    totals = ", ".join(f"{count} {name}" for name, count in seen["totals"].items())
    lines = [f"Clock: {seen['clock']} ({seen['mode']})", totals[0].upper() + totals[1:]]
    lines += [f"Campaign {row['id']}: {row['title']!r}, {row['status']}" for row in seen["campaigns"][:10]]
    return "\n".join(lines)


def _reset(client: Client, given: argparse.Namespace) -> str:
    client.ask("POST", "reset", {})
    return "The emulator is empty again."


def _settings(given: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals:
            raise TruepushEmulatorError(f"{text!r} is not a setting. Write key=value, such as nth=1.")
        try:
            found[key] = json.loads(value)
        except (ValueError, RecursionError):
            found[key] = value
    return found


_EFFECTS = "\n".join(f"  {effect:<13} {MEANINGS[effect].replace('`', '')}" for effect in EFFECTS)
#: The commands: help, description, function.
_COMMANDS: dict[str, tuple[str, str, Callable[[Client, argparse.Namespace], str]]] = {
    "status": ("show the clock and what exists", "", _status),
    "advance": ("move the clock forward", "Triggers that are due fire, and counters grow.", _advance),
    "seed": (
        "add objects from a JSON file",
        'The file holds lists of rows, such as {"campaigns": [{"title": "Spring sale"}]}.',
        _seed,
    ),
    "fault": ("add a fault, or list those that wait", f"Effects:\n{_EFFECTS}", _fault),
    "clear-faults": ("remove faults", "", _clear_faults),
    "dialect": ("change how the emulator answers, or show it", "", _dialect),
    "churn": ("add, delete and move rows while a list is read", "", _churn),
    "reset": ("start again, empty", "", _reset),
}
#: The names of the commands, each with its help.
HELP: dict[str, str] = {name: text for name, (text, _, _) in _COMMANDS.items()}


def _parser(name: str) -> argparse.ArgumentParser:
    text, description, _ = _COMMANDS[name]
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {name}",
        description=f"{text[0].upper()}{text[1:]}. {description}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--url",
        default=os.environ.get(VARIABLE, DEFAULT_URL),
        help=f"address of the running emulator (default: {VARIABLE}, or {DEFAULT_URL})",
    )
    settings: dict[str, Any] = {"nargs": "*", "metavar": "KEY=VALUE", "default": []}
    if name == "advance":
        parser.add_argument("duration", help="seconds, or a number with s, m, h or d, such as 10m or 1d12h")
    elif name == "seed":
        parser.add_argument("file", help="JSON file; - reads standard input")
    elif name == "fault":
        parser.add_argument("endpoint", nargs="?", default="*", metavar="ENDPOINT", help=f"* or {', '.join(BY_NAME)}")
        parser.add_argument("effect", nargs="?", choices=tuple(EFFECTS), metavar="EFFECT", help="one of those below")
        parser.add_argument("settings", help="such as phase=after_commit nth=1 seconds=2", **settings)
    elif name == "clear-faults":
        parser.add_argument("id", nargs="?", type=int, help="number of the fault (default: all)")
    elif name == "dialect":
        parser.add_argument("name", nargs="?", help=f"{', '.join(DIALECTS)}")
        parser.add_argument("settings", help="such as order=newest page_size=100", **settings)
    elif name == "churn":
        parser.add_argument(
            "endpoint", choices=("*", "off", *LISTS), help="name of a list; * for all; off ends all changes"
        )
        parser.add_argument("settings", help="such as add=1 delete=1 move=1 where=start times=10", **settings)
    return parser


def run(arguments: Sequence[str]) -> int:
    """Run one command.

    :param arguments: the name of the command and what follows it.
    :returns: the exit code.
    """
    name = arguments[0]
    given = _parser(name).parse_args(arguments[1:])
    if getattr(given, "name", None) and "=" in given.name:
        # `dialect order=newest`: a setting and no name.
        given.settings, given.name = [given.name, *given.settings], None
    try:
        sys.stdout.write(_COMMANDS[name][2](Client(given.url), given) + "\n")
    except TruepushEmulatorError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    return 0
