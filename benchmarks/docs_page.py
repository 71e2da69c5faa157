"""Put the newest results into the documentation: ``python -m benchmarks.docs_page``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- benchmarks: begin -->\n", "<!-- benchmarks: end -->\n"


def section() -> str:
    """Return the tables of the benchmarks that have results."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("watching/result", "triggerer/result", "calls/result", "imports/result", "export/warehouses"):
        path = HERE / f"{name}.json"
        if path.exists():
            found[name.partition("/")[0]] = json.loads(path.read_text())
    parts, machines = [], []
    for name, result in found.items():
        on = result["machine"]
        if name == "export":
            parts.append(
                "1,000 rows exported onto existing rows, beside `insert_rows` into a table without keys, "
                f"with a load of {on['load']} on {on['cores']} cores:"
            )
        parts.append("\n".join(result["table"]))
        if paced := result.get("pacing"):
            parts.append(
                f"With `requests_per_second` {paced['requests_per_second']:g} and {paced['triggers']} triggers: "
                f"{paced['most_in_a_second']} requests in the fullest second, and the longest gap of any campaign is "
                f"{paced['longest_by_average']:.2f} times the average one."
            )
        if name == "watching":
            parts.append("![CPU per poll](../benchmarks/watching/result.png)")
        packages = ", ".join(f"{name.removeprefix('apache-')} {what}" for name, what in on["packages"].items())
        machines.append(
            f"{on['at'][:10]}, {on['cores']} cores of {on['cpu']}, {on['memory_gb']} GB, {on['system']}, "
            f"Python {on['python']}, {packages}."
        )
    return "\n\n".join([*parts, *dict.fromkeys(machines)]) + "\n"


def main() -> None:
    """Replace the text between the two marks."""
    text = PAGE.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    PAGE.write_text(before + BEGIN + section() + END + after)


if __name__ == "__main__":
    main()
