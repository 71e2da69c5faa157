"""``python -m benchmarks.calls [--quick] [--out result.json]``: calls per second and CPU per call.

Each way runs in a process of its own, in turns; medians are given. Over TLS, blocking ways one call after another,
asynchronous ones fifty at a time.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.calls.ways import WAYS, Place
from benchmarks.measured import medians, save, table
from benchmarks.watching.__main__ import plot_bars, server

HERE = Path(__file__).parent
#: The ones that take long are called less often.
_SLOW = ("http_hook", "http_async_hook")


def one(name: str, calls: int, folder: Path) -> dict[str, Any]:
    """One way, in a process of its own."""
    environment = {**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem"), "REQUESTS_CA_BUNDLE": str(folder / "ca.pem")}
    arguments = [sys.executable, "-m", "benchmarks.calls", "--one", name, str(calls), str(folder)]
    done = subprocess.run(arguments, env={**environment, "NO_PROXY": "*"}, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    cpu, seconds = json.loads(done.stdout.splitlines()[-1])
    result = {"name": name, "cpu_ms": 1000 * cpu / calls, "calls_per_second": calls / seconds}
    print(f"[calls] {name:20} {result['cpu_ms']:.3f} ms CPU, {result['calls_per_second']:.0f} calls/s", flush=True)
    return result


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="default: result.json here, quick.json with --quick")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.out = options.out or HERE / ("quick.json" if options.quick else "result.json")
    if options.one:
        logging.disable(logging.WARNING)
        name, calls, folder = options.one
        print(json.dumps(WAYS[name][1](Place(Path(folder)), int(calls))), flush=True)
        return
    calls, rounds = (300, 2) if options.quick else (3000, 7)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in WAYS}
    with server() as folder:
        for _ in range(rounds):
            for name in WAYS:
                rows[name].append(one(name, calls // 10 if name in _SLOW else calls, folder))
    found = {name: medians(several) for name, several in rows.items()}
    for name, (_, _, bare) in WAYS.items():
        found[name]["by_bare"] = found[name]["cpu_ms"] / found[bare]["cpu_ms"]
    text = table(
        ("a call of `campaignStats` over TLS", "CPU ms", "of the bare library's", "calls/s"),
        [
            (WAYS[n][0], f"{r['cpu_ms']:.3f}", f"{r['by_bare']:.2f}", f"{r['calls_per_second']:.0f}")
            for n, r in found.items()
        ],
    )
    print(text)
    plot_bars({name: row["cpu_ms"] for name, row in found.items()}, "CPU ms per call", options.out.with_suffix(".png"))
    save(options.out, {"table": text.splitlines(), "rounds": rounds, "calls": calls, "medians": found, "all": rows})


if __name__ == "__main__":
    main()
