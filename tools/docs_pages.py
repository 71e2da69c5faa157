"""Write the parts of the documentation that are generated: ``python tools/docs_pages.py docs/_generated``.

The tables of operators, extras, columns, controls, versions and databases are generated from the declarations in the
code, or from the record of the last run, so that nothing is written twice.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tools import messages, rooms

#: The public classes, and the endpoints that each calls.
OPERATORS: tuple[tuple[str, str, str], ...] = (
    ("operators.campaign.TruepushCreateCampaignOperator", "listCampaign, createCampaign", "the id"),
    ("decorators.truepush_campaign_task", "listCampaign, createCampaign", "the id"),
    ("operators.campaign.TruepushCancelCampaignOperator", "cancelCampaign", "whether it canceled"),
    ("operators.campaign.TruepushGetCampaignStatsOperator", "campaignStats", "a dict of eight counters"),
    ("operators.campaign.TruepushListCampaignsOperator", "listCampaign", "a list of `{id, title}`"),
    ("operators.template.TruepushCreateTemplateOperator", "listTemplate, createTemplate, deleteTemplate", "the id"),
    ("operators.template.TruepushDeleteTemplateOperator", "listTemplate, deleteTemplate", "whether it deleted"),
    ("operators.template.TruepushListTemplatesOperator", "listTemplate", "a list of `{id, name}`"),
    (
        "operators.trigger.TruepushCreateTriggerOperator",
        "listTrigger, createTrigger, deleteTrigger, triggerStatus",
        "the id",
    ),
    ("operators.trigger.TruepushDeleteTriggerOperator", "listTrigger, deleteTrigger", "whether it deleted"),
    (
        "operators.trigger.TruepushSetTriggerStatusOperator",
        "listTrigger, triggerStatus",
        "whether it changed the status",
    ),
    ("operators.trigger.TruepushListTriggersOperator", "listTrigger", "a list of `{id, name, status}`"),
    ("operators.segment.TruepushListSegmentsOperator", "listSegment", "a list of `{id, name}`"),
    ("operators.segment.TruepushDeleteSegmentOperator", "listSegment, deleteSegment", "whether it deleted"),
    ("sensors.campaign.TruepushCampaignStatsSensor", "campaignStats, polled", "a dict of eight counters"),
    ("notifications.truepush.TruepushNotifier", "createCampaign, one attempt", "nothing"),
    ("triggers.campaign.TruepushNewCampaignsTrigger", "listCampaign, polled", "an event per new campaign"),
    ("transfers.stats_to_sql.TruepushStatsToSqlOperator", "listCampaign, campaignStats", "a summary of the rows"),
    (
        "transfers.stats_to_object_storage.TruepushStatsToObjectStorageOperator",
        "listCampaign, campaignStats",
        "a summary, with the hash of the file",
    ),
)


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def operators() -> str:
    """Return the table of the public classes."""
    return table(("name", "endpoints", "returns"), ((f"`{name}`", calls, gives) for name, calls, gives in OPERATORS))


def extras() -> str:
    """Return the table of the connection's extras."""
    from airflow_provider_truepush.api.connection.form import EXTRAS

    rows = []
    for extra in EXTRAS:
        default = "none" if extra.default is None else f"`{json.dumps(extra.default)}`"
        rows.append((f"`{extra.name}`", extra.kind, extra.description, default))
    return table(("extra", "type", "meaning", "default"), rows)


def from_module(module: str, function: str, missing: str) -> str:
    """Return the Markdown that a function of the package returns.

    :param module: dotted name below the package.
    :param function: takes nothing and returns Markdown.
    :param missing: the text when the module has no such function.
    """
    try:
        found = getattr(importlib.import_module(f"airflow_provider_truepush.{module}"), function)
    except (ImportError, AttributeError):
        return missing + "\n"
    return str(found())


def record(root: Path, name: str, missing: str) -> str:
    """Return a table that the last run of a target left in ``docs/records``."""
    path = root / "docs" / "records" / name
    return path.read_text(encoding="utf-8") if path.exists() else missing + "\n"


def write(root: Path, target: Path) -> None:
    """Write every fragment.

    :param root: the checkout.
    :param target: the folder to write to.
    """
    fragments = {
        "operators": operators(),
        "extras": extras(),
        "messages": messages.page(messages.messages(root)),
        "columns": from_module("export.columns", "documentation", "See the docstrings of the transfers."),
        "metrics": from_module("client.metrics", "documentation", "This version emits no metrics."),
        "emulator": from_module("emulator.manual", "documentation", "`help(Emulator)` lists the controls."),
        "databases": record(root, "databases.md", "PostgreSQL, MySQL, MariaDB, SQLite and DuckDB are tested."),
        "cluster": record(
            root, "cluster.md", "The record of a run is missing: `make test-cluster RECORD=1` writes it."
        ),
        "versions": record(root, "versions.md", "Airflow 2.11 to 3.3, Python 3.11 to 3.13."),
    }
    folder = target / "fragments"
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in fragments.items():
        path = folder / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    (target / "rooms.svg").write_text(rooms.draw(rooms.arrows(rooms.graph(root))), encoding="utf-8")


def main() -> None:
    """Write to the folder on the command line."""
    write(Path(__file__).parents[1], Path(sys.argv[1]))


if __name__ == "__main__":
    main()
