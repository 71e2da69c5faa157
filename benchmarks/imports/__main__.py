"""``python -m benchmarks.imports [--quick] [--out result.json]``: import time and memory after ``airflow.sdk``.

Each line is measured in fresh processes, byte-code compiled before, in turns. And what it takes to parse a Dag file
with 500 operators.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measured import medians, save, table
from benchmarks.watching.__main__ import plot_bars

HERE = Path(__file__).parent

_OPERATORS = "airflow_provider_truepush.operators."
LINES: dict[str, tuple[str, str]] = {
    "nothing": ("nothing more", "pass"),
    "truepush": (
        "all operators and sensors of this provider",
        f"import {_OPERATORS}campaign, {_OPERATORS}template, {_OPERATORS}trigger, {_OPERATORS}segment, "
        "airflow_provider_truepush.sensors.campaign",
    ),
    "more": (
        "its decorator and notifier as well",
        f"import {_OPERATORS}campaign, {_OPERATORS}template, {_OPERATORS}trigger, {_OPERATORS}segment, "
        "airflow_provider_truepush.sensors.campaign, airflow_provider_truepush.decorators, "
        "airflow_provider_truepush.notifications.truepush",
    ),
    "http": (
        "http's operator and sensor",
        "import airflow.providers.http.operators.http, airflow.providers.http.sensors.http",
    ),
    "dbt": (
        "dbt Cloud's",
        "import airflow.providers.dbt.cloud.operators.dbt, airflow.providers.dbt.cloud.sensors.dbt",
    ),
    "airbyte": (
        "Airbyte's",
        "import airflow.providers.airbyte.operators.airbyte, airflow.providers.airbyte.sensors.airbyte",
    ),
}

_PROGRAM = """
import json, os, sys, time
from pathlib import Path
import airflow.sdk
from airflow.sdk import BaseHook, BaseOperator, BaseSensorOperator  # what any Dag file with an operator has loaded
def rss(): return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024
before, cpu, at = rss(), time.process_time(), time.perf_counter()
{line}
cpu, at = time.process_time() - cpu, time.perf_counter() - at
print(json.dumps({{"cpu_ms": 1000 * cpu, "ms": 1000 * at, "kb": rss() - before}}))
"""

_DAG = """
from airflow.sdk import DAG
from airflow_provider_truepush.operators.campaign import (
    TruepushCancelCampaignOperator, TruepushCreateCampaignOperator, TruepushGetCampaignStatsOperator)
from airflow_provider_truepush.sensors.campaign import TruepushCampaignStatsSensor
with DAG("large"):
    for number in range({count} // 4):
        send = TruepushCreateCampaignOperator(
            task_id=f"send_{{number}}", title="News", message="{{{{ ds }}}}", link="https://example.com/",
            segment_id="{{{{ var.value.segment }}}}")
        wait = TruepushCampaignStatsSensor(
            task_id=f"wait_{{number}}", campaign_id=send.output, thresholds={{"delivery_rate": 0.9}}, deferrable=True)
        wait >> TruepushGetCampaignStatsOperator(task_id=f"stats_{{number}}", campaign_id=send.output)
        wait >> TruepushCancelCampaignOperator(task_id=f"cancel_{{number}}", campaign_id=send.output)
"""

_PLAIN_DAG = """
from airflow.sdk import DAG, BaseOperator
class Plain(BaseOperator):
    template_fields = ("given",)
    def __init__(self, *, given, **kwargs):
        super().__init__(**kwargs)
        self.given = given
with DAG("large"):
    for number in range({count} // 4):
        send = Plain(task_id=f"send_{{number}}", given="{{{{ ds }}}}")
        wait = Plain(task_id=f"wait_{{number}}", given=send.output)
        wait >> Plain(task_id=f"stats_{{number}}", given=send.output)
        wait >> Plain(task_id=f"cancel_{{number}}", given=send.output)
"""


def fresh(program: str, *arguments: str) -> Any:
    """Run a program in a fresh process; its last line is JSON."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, *arguments, "-c", program], env=environment, capture_output=True, text=True, timeout=120
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


def profile(line: str, most: int = 12) -> list[str]:
    """The modules that take longest, by ``-X importtime``."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    program = _PROGRAM.replace("before, cpu", "print('MARK', file=sys.stderr); before, cpu", 1).format(line=line)
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program], env=environment, capture_output=True, text=True
    )
    rows = re.findall(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)", done.stderr.partition("MARK")[2])
    return [f"{int(us) / 1000:.1f} ms {module}" for us, module in sorted(rows, key=lambda row: -int(row[0]))[:most]]


def parse(dag: str, count: int) -> dict[str, Any]:
    """Execute a Dag file in a fresh process, its first import included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.py"
        path.write_text(dag.format(count=count))
        line = f"import runpy; runpy.run_path({str(path)!r})"
        found: dict[str, Any] = fresh(_PROGRAM.format(line=line))
    return found


def main() -> None:
    """Run, print, save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, help="default: result.json here, quick.json with --quick")
    options = parser.parse_args()
    options.out = options.out or HERE / ("quick.json" if options.quick else "result.json")
    rounds = 3 if options.quick else 15
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in LINES}
    parsing: dict[str, list[dict[str, Any]]] = {"this provider's": [], "plain ones": []}
    for number in range(rounds + 1):
        for name, (_, line) in LINES.items():
            row = fresh(_PROGRAM.format(line=line))
            if number:  # the first compiles
                rows[name].append(row)
        if number <= max(2, rounds // 3):
            parsing["this provider's"].append(parse(_DAG, 500))
            parsing["plain ones"].append(parse(_PLAIN_DAG, 500))
    found = {name: medians(several) for name, several in rows.items()}
    parsed = {name: medians(several) for name, several in parsing.items()}
    text = table(
        ("imported after `airflow.sdk`", "CPU ms", "ms", "kB"),
        [(LINES[n][0], f"{r['cpu_ms']:.1f}", f"{r['ms']:.1f}", f"{r['kb']:.0f}") for n, r in found.items()],
    )
    text += "\n\n" + table(
        ("a Dag file with 500 operators", "CPU ms", "kB"),
        [(name, f"{row['cpu_ms']:.0f}", f"{row['kb']:.0f}") for name, row in parsed.items()],
    )
    rest = profile(LINES["truepush"][1])
    print(text, *rest, sep="\n")
    plot_bars({name: row["cpu_ms"] for name, row in found.items()}, "CPU ms", options.out.with_suffix(".png"))
    save(
        options.out,
        {"table": text.splitlines(), "rounds": rounds, "medians": found, "parsing": parsed, "rest": rest, "all": rows},
    )


if __name__ == "__main__":
    main()
