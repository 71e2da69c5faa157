"""``python -m benchmarks.triggerer [--quick] [--out result.json]``: a thousand deferred sensors in a real triggerer.

Only ``airflow triggerer`` runs, with the settings that Airflow gives it, on a fresh metadata database (SQLite) for each
turn. What is measured is the CPU of its two processes: the supervisor, which has the database, and the runner, in whose
event loop the triggers are. Medians over rounds, contestants in turns, over TLS, against a server that answers "not
yet". Triggers that cannot keep up poll in waves, all of them in each: their polls/s is exact to a wave or two.

The workers' part of a deferral is left out: a script stores what the API server stores when a worker reports that its
task has deferred. Starting a thousand tasks takes long and leaves the same rows behind, which are all that a
triggerer knows of a task. So no scheduler, API server, Dag processor or worker runs beside it; a triggerer of Airflow
3.3 talks to none of them. With another database the supervisor's part would be another.
"""

from __future__ import annotations

import argparse
import resource
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measured import medians, save, table
from benchmarks.triggerer.deferring import ALL, CONTESTANTS, IDLE
from benchmarks.triggerer.turn import LONGEST_START, Prepared, turn
from benchmarks.watching.__main__ import plot_bars
from benchmarks.watching.contestants import TRIGGERS

HERE = Path(__file__).parent
#: A log per trigger, and a connection per trigger at the worst.
_FILES_PER_TRIGGER = 4


def allow_files(count: int) -> dict[str, int] | None:
    """Many systems allow 1,024 open files, too few for a thousand sensors. What was changed, if anything."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(1024, _FILES_PER_TRIGGER * count)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return None
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    print(f"[triggerer] open files allowed: {wanted} instead of {soft}", flush=True)
    return {"from": soft, "to": wanted}


def compare(count: int, seconds: float, rounds: int) -> dict[str, Any]:
    """All of them, in turns."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ALL}
    with tempfile.TemporaryDirectory(prefix="triggerer-") as folder:
        prepared = Prepared(Path(folder), count)
        for number in range(rounds):
            for name in ALL:
                rows[name].append(turn(name, prepared, number, seconds))
    found = {name: medians(several) for name, several in rows.items()}
    for name in CONTESTANTS:
        per_second, row = found[name]["polls_per_second"], found[name]
        for what in ("cpu", "supervisor", "runner"):
            row[f"{what}_ms_per_poll"] = 1000 * row[f"{what}_cores"] / max(1e-9, per_second)
        own = row["cpu_cores"] - found[IDLE]["cpu_cores"]
        row["own_cpu_ms_per_poll"] = 1000 * own / max(1e-9, per_second)
    return {"triggers": count, "rounds": rounds, "seconds": seconds, "medians": found, "all": rows}


_COLUMNS = (
    "deferred sensors in a real triggerer, one poll a second each",
    "CPU ms per poll",
    "less the idle triggerer's",
    "of the supervisor",
    "of the runner",
    "polls/s",
    "new connections per poll",
    "MB, supervisor + runner",
    "s until all have polled",
)


def shown(found: dict[str, Any]) -> str:
    """As a table, and what the triggerer itself takes below it."""
    rows = []
    for name in CONTESTANTS:
        row = found["medians"][name]
        late = row["first_polls_s"] >= LONGEST_START
        rows.append(
            (
                TRIGGERS[name][0],
                f"{row['cpu_ms_per_poll']:.3f}",
                f"{row['own_cpu_ms_per_poll']:.3f}",
                f"{row['supervisor_ms_per_poll']:.3f}",
                f"{row['runner_ms_per_poll']:.3f}",
                f"{row['polls_per_second']:.0f}",
                f"{row['connections_per_poll']:.2f}",
                f"{row['supervisor_rss_mb']:.0f} + {row['runner_rss_mb']:.0f}",
                f"over {LONGEST_START:.0f}" if late else f"{row['first_polls_s']:.0f}",
            )
        )
    lines = [f"{found['triggers']} deferred sensors in a triggerer of a real Airflow:", "", table(_COLUMNS, rows)]
    return "\n".join([*lines, "", _airflow(found), *_troubles(found)])


def _airflow(found: dict[str, Any]) -> str:
    row = found["medians"][IDLE]
    supervisor, runner = (1000 * row[f"{which}_cores"] for which in ("supervisor", "runner"))
    return (
        f"What Airflow itself costs, with {found['triggers']} triggers that only sleep: {row['cpu_cores']:.3f} cores, "
        f"which is {supervisor + runner:.0f} ms of CPU per second ({supervisor:.0f} of the supervisor, {runner:.0f} of "
        f"the runner), {row['supervisor_rss_mb']:.0f} + {row['runner_rss_mb']:.0f} MB, and "
        f"{row['first_polls_s']:.0f} s until all have begun."
    )


def _troubles(found: dict[str, Any]) -> list[str]:
    """Return remarks on lines that could be misread."""
    lines = []
    for name, rows in found["all"].items():
        if failed := sum(row["failed"] for row in rows):
            lines += ["", f"Of the triggers of `{name}` {failed} failed in {len(rows)} rounds."]
        late = min(row["polled_twice_before"] for row in rows)
        if name != IDLE and late < found["triggers"]:
            lines += ["", f"Only {late} triggers of `{name}` had polled twice when the measurement began."]
    return lines


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="small, short, once: to see that it runs")
    parser.add_argument("--out", type=Path, help="default: result.json here, quick.json with --quick")
    parser.add_argument("--rounds", type=int, help="default: 3, 1 with --quick")
    options = parser.parse_args()
    options.out = options.out or HERE / ("quick.json" if options.quick else "result.json")
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))  # so that everything is stopped
    count, seconds, rounds = (100, 8, 1) if options.quick else (1000, 30, 3)
    files = allow_files(count)
    found = compare(count, seconds, options.rounds or rounds)
    text = shown(found)
    print(text)
    costs = {name: found["medians"][name]["cpu_ms_per_poll"] for name in CONTESTANTS}
    plot_bars(costs, "CPU ms per poll, supervisor and runner", options.out.with_suffix(".png"))
    save(options.out, {"table": text.splitlines(), "open_files": files, **found})


if __name__ == "__main__":
    main()
