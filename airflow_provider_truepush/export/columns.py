"""The columns of an export, one row each. Tables, files, queries and the documentation are derived from them.

No Airflow, no I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

from airflow_provider_truepush.api.models.counters import COUNTERS

if TYPE_CHECKING:
    from airflow_provider_truepush.export.rows import StatsRow

Kind = Literal["text", "int", "time", "bool", "json"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table or file.

    :param name: the column's name, in tables and files alike.
    :param kind: its type: ``text``, ``int`` (64 bits), ``time`` (UTC), ``bool`` or ``json`` (text in files).
    :param meaning: its description in the documentation.
    :param nullable: True when a row may have no value.
    :param size: maximum number of characters; None for no limit.
    :param in_files: True when files have the column too.
    :param path: the attribute of :class:`~airflow_provider_truepush.export.rows.StatsRow` that holds the value; None
        when it has the column's name.
    :param repeats: True when few values repeat in many rows, so that a dictionary makes a file smaller.
    """

    name: str
    kind: Kind
    meaning: str
    nullable: bool = False
    size: int | None = None
    in_files: bool = True
    path: str | None = None
    repeats: bool = False

    @property
    def getter(self) -> Callable[[StatsRow], Any]:
        """Return the function that reads the column's value from a row."""
        return attrgetter(self.path or self.name)


#: The counters' columns, in Truepush's order.
COUNTER_COLUMNS: tuple[str, ...] = tuple(COUNTERS.values())

_MEANINGS = {
    "reach": "Subscribers that the campaign addressed.",
    "sent": "Pushes that were sent.",
    "delivered": "Pushes that arrived at a browser.",
    "views": "Pushes that were shown.",
    "clicks": "Clicks on the push.",
    "button0": "Clicks on the first button.",
    "button1": "Clicks on the second button.",
    "unsubscribers": "Subscribers that the campaign lost.",
}

#: The columns of the statistics tables and files, in this order. Only SQL tables have ``counter_regressed`` and
#: ``load_id``: a file has no earlier counters to compare with, and its parts are removed when it is complete.
STATS: tuple[Column, ...] = (
    Column("project", "text", "Name of the Truepush project; never its token.", size=200, repeats=True),
    Column("campaign_id", "text", "Id of the campaign.", size=64),
    Column("snapshot_key", "text", "Name of the snapshot; a re-run replaces its rows.", size=200, repeats=True),
    Column("observed_at", "time", "When the counters were requested."),
    Column("title", "text", "Title of the campaign; null when only ids were given.", nullable=True, repeats=True),
    Column("created_at", "time", "When the campaign was created; null when its id carries no time.", nullable=True),
    *(Column(name, "int", _MEANINGS[name], path=f"stats.{name}") for name in COUNTER_COLUMNS),
    Column(
        "raw",
        "json",
        "Counters that have no column, and `title_replaced` if the title could not be stored unchanged; else null.",
        nullable=True,
        repeats=True,
    ),
    Column("logical_date", "time", "Logical date of the Dag run; null where it has none.", nullable=True, repeats=True),
    Column("dag_id", "text", "The Dag.", size=250, repeats=True),
    Column("run_id", "text", "The Dag run.", size=250, repeats=True),
    Column("load_id", "text", "Execution of the task that wrote the row.", nullable=True, size=64, in_files=False),
    Column("past_interval", "bool", "Whether the run was more than one interval late when it exported the row."),
    Column("counter_regressed", "bool", "Whether a counter is lower than in the observation before.", in_files=False),
)

#: The columns about a campaign that this provider sent, as files and the stage of a batch name them. They cannot be
#: named ``dag_id`` and ``run_id`` there, because those columns describe the export.
SENDS: tuple[Column, ...] = (
    Column(
        "link",
        "text",
        "Link that the push opens. This and the next columns are filled for campaigns that this provider sent.",
        nullable=True,
        path="send.link",
        repeats=True,
    ),
    Column(
        "segment_id",
        "text",
        "Id of the segment; also null when every subscriber was addressed.",
        nullable=True,
        size=64,
        path="send.segment_id",
        repeats=True,
    ),
    Column(
        "segment",
        "text",
        "Name of the segment, if the campaign was sent to a segment by its name.",
        nullable=True,
        path="send.segment",
        repeats=True,
    ),
    Column(
        "tags",
        "text",
        'Tags of the campaign as JSON text, such as `["sale"]`.',
        nullable=True,
        path="send.tags_json",
        repeats=True,
    ),
    *(
        Column(
            f"sent_by_{name}",
            "text",
            f"The {what} that sent the campaign.",
            nullable=True,
            size=250,
            path=f"send.{name}",
            repeats=True,
        )
        for name, what in (("dag_id", "Dag"), ("run_id", "Dag run"), ("task_id", "task"))
    ),
)

#: The columns of the table of campaigns.
CAMPAIGNS: tuple[Column, ...] = (
    Column("project", "text", "Name of the Truepush project.", size=200),
    Column("id", "text", "Id of the campaign.", size=64, path="campaign_id"),
    Column("title", "text", "Latest title of the campaign.", nullable=True),
    Column("first_seen", "time", "When an export first stored its statistics.", path="observed_at"),
    Column("created_at", "time", "When the campaign was created.", nullable=True),
    Column("last_seen", "time", "When an export last stored its statistics.", path="observed_at"),
    *(replace(column, name=column.name.removeprefix("sent_by_")) for column in SENDS),
)
#: Those of :data:`CAMPAIGNS` that are filled only for campaigns that this provider sent.
CAMPAIGN_SENDS: tuple[str, ...] = tuple(column.name.removeprefix("sent_by_") for column in SENDS)

#: The columns of a staged batch, which has the values for all tables; and its names for the columns of ``campaigns``.
STAGED: tuple[Column, ...] = (*STATS, *SENDS)
_STAGED_NAMES = {column.path or column.name: column.name for column in STAGED}
STAGED_AS: dict[str, str] = {column.name: _STAGED_NAMES[column.path or column.name] for column in CAMPAIGNS}

#: The columns of the lock table: the update of its one row makes a second export wait.
LOCK: tuple[Column, ...] = (Column("batches", "int", "Batches written so far."),)

BY_NAME: dict[str, Column] = {column.name: column for column in (*CAMPAIGNS, *STAGED, *LOCK)}
COLUMNS: tuple[str, ...] = tuple(column.name for column in STATS)
FILES: tuple[Column, ...] = tuple(column for column in STAGED if column.in_files)
FILE_COLUMNS: tuple[str, ...] = tuple(column.name for column in FILES)

#: Return a row as flat values in the order of :data:`COLUMNS`: str, int, bool, aware datetimes (UTC), None.
as_values: Callable[[StatsRow], tuple[Any, ...]] = attrgetter(*(column.path or column.name for column in STATS))
#: The same in the order of :data:`CAMPAIGNS`.
as_campaign: Callable[[StatsRow], tuple[Any, ...]] = attrgetter(*(column.path or column.name for column in CAMPAIGNS))
#: The same in the order of :data:`STAGED`.
as_staged: Callable[[StatsRow], tuple[Any, ...]] = attrgetter(*(column.path or column.name for column in STAGED))
#: The same in the order of :data:`FILE_COLUMNS`.
as_file_values: Callable[[StatsRow], tuple[Any, ...]] = attrgetter(*(column.path or column.name for column in FILES))


def documentation() -> str:
    """Return the columns of tables and files in Markdown, for the documentation."""
    return (
        "### `campaign_stats`, `campaign_stats_latest` and files\n\n"
        f"{_markdown(STATS)}\n### `campaigns`\n\n{_markdown(CAMPAIGNS, files=False)}\n"
        f"### The last columns of files\n\n{_markdown(SENDS, files=False)}"
    )


def _markdown(columns: tuple[Column, ...], *, files: bool = True) -> str:
    types = {"text": "text", "int": "64-bit integer", "time": "timestamp, UTC", "bool": "boolean", "json": "JSON"}
    head = ["column", "type", "null", *(["files"] if files else []), "meaning"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for column in columns:
        flags = (column.nullable, column.in_files) if files else (column.nullable,)
        yes_or_no = [("yes" if flag else "no") for flag in flags]
        lines.append(f"| `{column.name}` | {types[column.kind]} | {' | '.join(yes_or_no)} | {column.meaning} |")
    return "\n".join(lines) + "\n"
