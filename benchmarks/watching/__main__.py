"""``python -m benchmarks.watching [--quick] [--out result.json]``: triggers that wait, side by side.

Each contestant runs in a process of its own, one after another, round by round, against one server over TLS in
another process. What is given are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measured import medians, save, table
from benchmarks.watching.contestants import CONTESTANTS

HERE = Path(__file__).parent
ALL = tuple(CONTESTANTS)
IDEALS = ("truepush", "coroutines", "batches")


@contextmanager
def server(latency_ms: float = 0, *, log: bool = False) -> Iterator[Path]:
    """The server; yields its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = [sys.executable, "-m", "benchmarks.watching.server", str(folder), str(latency_ms)]
        process = subprocess.Popen([*arguments, "--log"] if log else arguments)
        try:
            while not (folder / "port").exists():
                if process.poll() is not None:
                    raise RuntimeError("the server did not start")
                time.sleep(0.05)
            yield folder
            (folder / "stop").touch()
            process.wait(30)
        finally:
            process.kill()
            process.wait()


def run(name: str, count: int, seconds: float, folder: Path, extra: dict[str, Any] | None = None) -> dict[str, Any]:
    """One contestant."""
    environment = {**os.environ, "SSL_CERT_FILE": str(folder / "ca.pem"), "NO_PROXY": "127.0.0.1"}
    arguments = [sys.executable, "-m", "benchmarks.watching.contestant", name, str(count), str(seconds), str(folder)]
    done = subprocess.run(
        [*arguments, json.dumps(extra or {})], env=environment, capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"[watching] {name:11} {count:5} {result['cpu_ms_per_poll']:.3f} ms/poll "
        f"{result['polls_per_second']:.0f} polls/s, lag p99 {result['lag_p99_ms']:.1f} ms",
        flush=True,
    )
    return result


def compare(count: int, names: tuple[str, ...], seconds: float, rounds: int, latency_ms: float = 0) -> dict[str, Any]:
    """Several contestants, in turns."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    with server(latency_ms) as folder:
        for _ in range(rounds):
            for name in names:
                rows[name].append(run(name, count, seconds, folder))
    return {
        "triggers": count,
        "latency_ms": latency_ms,
        "rounds": rounds,
        "seconds": seconds,
        "medians": [medians(found) for found in rows.values()],
        "all": rows,
    }


def pacing(count: int, per_second: float, rounds_of_all: float) -> dict[str, Any]:
    """What the server sees where the pace does not suffice."""
    seconds = rounds_of_all * count / per_second
    with server(log=True) as folder:
        result = run("truepush", count, seconds, folder, {"requests_per_second": per_second})
        (folder / "stop").touch()
        while not (folder / "arrivals").exists():
            time.sleep(0.1)
        time.sleep(0.5)
        arrivals = [line.split() for line in (folder / "arrivals").read_text().splitlines()]
    times = [float(at) for at, _ in arrivals]
    most, begin = 0, 0
    for end, at in enumerate(times):
        while times[begin] <= at - 1:
            begin += 1
        most = max(most, end - begin + 1)
    last: dict[str, float] = {}
    gaps = []
    for (_, path), at in zip(arrivals, times, strict=True):
        if path in last:
            gaps.append(at - last[path])
        last[path] = at
    per_campaign = Counter(path for _, path in arrivals)
    return {
        "triggers": count,
        "requests_per_second": per_second,
        "most_in_a_second": most,
        "average_per_second": (len(times) - 1) / (times[-1] - times[0]),
        "campaigns_polled": len(per_campaign),
        "longest_gap_s": max(gaps),
        "average_gap_s": sum(gaps) / len(gaps),
        "longest_by_average": max(gaps) * len(gaps) / sum(gaps),
        "cpu_cores": result["cpu_cores"],
    }


_COLUMNS = (
    "triggers, one poll a second each",
    "CPU ms per poll",
    "above idle",
    "polls/s",
    "new connections per poll",
    "loop lag p99 ms",
    "kB per trigger",
    "cores",
    "MB",
)


def shown(found: dict[str, Any]) -> str:
    """One comparison as a table."""
    rows = [
        (
            CONTESTANTS[row["name"]][0],
            f"{row['cpu_ms_per_poll']:.3f}",
            f"{row['cpu_ms_per_further_poll']:.3f}",
            f"{row['polls_per_second']:.0f}",
            f"{row['connections_per_poll']:.2f}",
            f"{row['lag_p99_ms']:.1f}",
            f"{row['kb_per_trigger']:.0f}",
            f"{row['cpu_cores']:.2f}",
            f"{row['rss_mb']:.0f}",
        )
        for row in found["medians"]
    ]
    slow = f", answers after {found['latency_ms']:g} ms" if found["latency_ms"] else ""
    return f"{found['triggers']} waiting triggers{slow}:\n\n" + table(_COLUMNS, rows)


def ratios(found: dict[str, Any]) -> dict[str, float]:
    """CPU per poll of the others, by this provider's."""
    cost = {row["name"]: row["cpu_ms_per_poll"] for row in found["medians"]}
    return {name: round(cost["truepush"] / other, 3) for name, other in cost.items() if name != "truepush"}


def plot(comparisons: list[dict[str, Any]], path: Path) -> None:
    """CPU per poll, as bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(comparisons), figsize=(4 * len(comparisons), 4), sharey=False)
    for axis, found in zip(axes if len(comparisons) > 1 else [axes], comparisons, strict=True):
        rows = found["medians"]
        axis.barh([row["name"] for row in rows], [row["cpu_ms_per_poll"] for row in rows])
        axis.invert_yaxis()
        slow = f", {found['latency_ms']:g} ms" if found["latency_ms"] else ""
        axis.set_title(f"{found['triggers']} triggers{slow}")
        axis.set_xlabel("CPU ms per poll")
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def plot_bars(values: dict[str, float], label: str, path: Path) -> None:
    """One row of bars."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(7, 0.5 * len(values) + 1))
    axis.barh(list(values), list(values.values()))
    axis.invert_yaxis()
    axis.set_xlabel(label)
    figure.tight_layout()
    figure.savefig(path, dpi=110)


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small, short, once: to see that it runs")
    parser.add_argument("--out", type=Path, help="default: result.json here, quick.json with --quick")
    options = parser.parse_args()
    options.out = options.out or HERE / ("quick.json" if options.quick else "result.json")
    if options.quick:
        comparisons = [compare(300, ALL, 5, 1)]
        paced = pacing(200, 50, 4)
    else:
        comparisons = [
            compare(1000, ALL, 12, 3),
            compare(100, (*IDEALS, "http"), 12, 3),
            compare(5000, IDEALS, 15, 3),
            compare(1000, (*IDEALS, "http"), 12, 3, latency_ms=100),
        ]
        paced = pacing(5000, 50, 2.5)
    text = "\n\n".join(shown(found) for found in comparisons)
    print(text)
    print(json.dumps(paced, indent=1))
    for found in comparisons:
        print(found["triggers"], found["latency_ms"], ratios(found))
    plot(comparisons, options.out.with_suffix(".png"))
    result = {
        "table": text.splitlines(),
        "ratios": [{"triggers": c["triggers"], "latency_ms": c["latency_ms"], **ratios(c)} for c in comparisons],
        "pacing": paced,
        "comparisons": comparisons,
    }
    save(options.out, result)


if __name__ == "__main__":
    main()
