"""The dashboard, the StatsD mapping and the documentation name only metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from airflow_provider_truepush.client import metrics
from airflow_provider_truepush.client.metrics import METRICS

DASHBOARD = Path(__file__).parents[2] / "docs" / "operations" / "grafana-dashboard.json"
MAPPING = DASHBOARD.with_name("statsd-mapping.yaml")


def test_the_dashboard_queries_only_metrics_that_exist() -> None:
    dashboard = json.loads(DASHBOARD.read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked: set[str] = set()
    for query in queries:
        for name in re.findall(r"airflow_truepush_[A-Za-z0-9_]+", query):
            rows = [row.name for row in METRICS if prometheus(row) == name]
            assert len(rows) == 1, name
            asked.add(rows[0])
    assert asked == {row.name for row in METRICS} - {"truepush.latency_max.<endpoint>"}


def prometheus(row: metrics.Metric) -> str:
    """The name that docs/operations/statsd-mapping.yaml gives a metric."""
    stem = re.sub(r"\.<\w+>", "", row.name).replace(".", "_")
    return f"airflow_{stem}" + {"counter": "_total", "timer": "_seconds", "gauge": ""}[row.kind]


def test_the_mapping_has_the_names_that_the_dashboard_queries() -> None:
    mappings = yaml.safe_load(MAPPING.read_text())["mappings"]
    for row in METRICS:
        emitted = "airflow." + re.sub(r"<\w+>", "some", row.name)
        matches = [
            (match, mapping)
            for mapping in mappings
            if (match := re.fullmatch(re.escape(mapping["match"]).replace(r"\*", "([^.]*)"), emitted))
        ]
        match, mapping = matches[0]  # the first one counts
        assert match.expand(re.sub(r"\$(\d)", r"\\\1", mapping["name"])) == prometheus(row)
        assert list(mapping.get("labels", {})) == re.findall(r"<(\w+)>", row.name)


def test_the_documentation_has_every_metric() -> None:
    table = metrics.documentation()
    assert [line.split("`")[1] for line in table.splitlines()[2:]] == [row.name for row in METRICS]
