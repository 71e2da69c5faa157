"""The reference of the emulator as Markdown, written from the tables that it works with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields

import airflow_provider_truepush.emulator.seeding as seeding
from airflow_provider_truepush.emulator.churn import Churn
from airflow_provider_truepush.emulator.control_action import ROOT, Action
from airflow_provider_truepush.emulator.control_table import ACTIONS, CHURN_KEYS, FAULT_KEYS
from airflow_provider_truepush.emulator.controls import ADD_CAMPAIGNS
from airflow_provider_truepush.emulator.dialects import ALLOWED, DIALECTS, LARGEST_PAGE, Dialect
from airflow_provider_truepush.emulator.effects import DEFAULT_PHASE, EFFECTS, MEANINGS, PHASES
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.listing import ORDERS
from airflow_provider_truepush.emulator.seeding import KINDS

#: The address in the examples.
ADDRESS = "http://127.0.0.1:8089"


def documentation() -> str:
    """Return the reference, with headings from the third level."""
    return "\n".join((_controls(), _seeds(), _faults(), _dialects(), _churn()))


def _controls() -> str:
    lines = [
        "## Controls",
        "",
        f"Every control answers JSON under `{ROOT}/`. A key or value that it does not accept is refused with HTTP 400; "
        "the answer names what it accepts. Pages of other sites are refused with HTTP 403. The examples work with an "
        "emulator that was started with `--port 8089 --reference-objects`.",
        "",
    ]
    for action in ACTIONS:
        lines += _control(action)
    return "\n".join(lines)


def _control(action: Action) -> Iterator[str]:
    yield f"### `{' or '.join(action.methods)} {ROOT}/{action.path}`"
    yield ""
    yield action.summary
    if action.keys:
        yield f"\nKeys of the body: {_code(action.keys)}."
    if action.query:
        yield f"\nKeys of the query: {_code(action.query)}."
    yield f"\n```bash\n{curl(action)}\n```\n"


def curl(action: Action, address: str = ADDRESS) -> str:
    """Return a command that uses a control; it works where the objects of Truepush's reference exist.

    :param address: of the emulator.
    """
    path = f"{action.name}/{action.sample}" if action.sample else action.name
    method = "" if action.methods[0] in ("GET", "POST") else f" -X {action.methods[0]}"
    data = f" -d '{json.dumps(action.example or {})}'" if action.methods[0] == "POST" else ""
    return f"curl{method} '{address}{ROOT}/{path}'{data}"


def _seeds() -> str:
    rows = [f"| `{kind}` | {_code(keys)} |" for kind, keys in KINDS.items()]
    return "\n".join(
        [
            "## Objects to seed",
            "",
            "| list | keys of a row, all optional |",
            "|---|---|",
            *rows,
            "",
            "`add_campaigns` adds many sent campaigns at once:",
            "",
            *_keys(seeding.add_campaigns, ADD_CAMPAIGNS),
            "",
        ]
    )


def _faults() -> str:
    phases = [f"| `{phase}` | {text} |" for phase, text in PHASES.items()]
    effects = [
        f"| `{effect}` | {MEANINGS[effect]} | {_code([DEFAULT_PHASE[effect]])} | "
        f"{_code(phase for phase in allowed if phase != DEFAULT_PHASE[effect])} |"
        for effect, allowed in EFFECTS.items()
    ]
    return "\n".join(
        [
            "## Faults",
            "",
            *_keys(Fault, FAULT_KEYS),
            "",
            "| phase | when |",
            "|---|---|",
            *phases,
            "",
            "| effect | what it does | default phase | other phases |",
            "|---|---|---|---|",
            *effects,
            "",
        ]
    )


def _dialects() -> str:
    settings = [
        f"| `{name}` | {_code(map(str, values))} | `{getattr(Dialect(), name)}` |" for name, values in ALLOWED.items()
    ]
    settings.append(f"| `page_size` | 1 to {LARGEST_PAGE} | `{Dialect().page_size}` |")
    orders = [f"| `{order}` | {text} |" for order, text in ORDERS.items()]
    named = [
        f"| `{name}` | "
        + (
            ", ".join(
                f"`{item.name}={getattr(dialect, item.name)}`"
                for item in fields(dialect)
                if getattr(dialect, item.name) != getattr(Dialect(), item.name)
            )
            or "the defaults"
        )
        + " |"
        for name, dialect in DIALECTS.items()
    ]
    return "\n".join(
        [
            "## Dialects",
            "",
            "| setting | values | default |",
            "|---|---|---|",
            *settings,
            "",
            "| name | settings |",
            "|---|---|",
            *named,
            "",
            "| order of lists | meaning |",
            "|---|---|",
            *orders,
            "",
        ]
    )


def _churn() -> str:
    return "\n".join(
        [
            "## Lists that move",
            "",
            "`churn` changes a list after each of its pages. In Python `emulator.between_pages(action)` calls your "
            "function at the same moment, and `emulator.before_request(endpoint, action)` before each request.",
            "",
            *_keys(Churn, CHURN_KEYS),
            "",
        ]
    )


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"


def _keys(described: object, names: Iterable[str]) -> Iterator[str]:
    """Yield a table of keys, each with what the docstring says of it."""
    text = re.sub(r":(?:data|class|func|meth):`[~.]*(?:\w+\.)*(\w+)`", r"``\1``", described.__doc__ or "")
    found = dict(re.findall(r":param (\w+): (.*?)(?=\n\s*:\w+[ :]|\n\s*\n|\Z)", text, re.DOTALL))
    yield "| key | meaning |"
    yield "|---|---|"
    for name in names:
        meaning = " ".join(found.get(name, "").split()).replace("``", "`")
        yield f"| `{name}` | {meaning} |"
