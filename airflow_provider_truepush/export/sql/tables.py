"""The tables and the view of an export, as SQLAlchemy's objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.sql import Select

from airflow_provider_truepush.export import columns
from airflow_provider_truepush.export.columns import BY_NAME, CAMPAIGNS, COUNTER_COLUMNS, STAGED, STATS
from airflow_provider_truepush.export.sql import names

# These columns compare by case on MySQL too: two keys that differ in case only are different keys.
_KEYS = ("project", "campaign_id", "id", "snapshot_key")
_KEY_COLLATION = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
_MOMENT = (
    DateTime(timezone=True)
    .with_variant(mysql.DATETIME(fsp=6), "mysql")
    .with_variant(DateTime(timezone=False), "duckdb")  # reading times with a zone needs another library
)
_JSON = Text().with_variant(postgresql.JSONB(), "postgresql").with_variant(mysql.JSON(), "mysql")

STAGE = "truepush_stage"
#: The kind of each column by its name: SQLAlchemy's types do not report it the same way in all versions.
KINDS: dict[str, str] = {name: column.kind for name, column in BY_NAME.items()}


@dataclass(frozen=True)
class Tables:
    """The tables and the name of the view.

    :param history: one row per campaign and snapshot.
    :param latest: the latest row of each campaign.
    :param campaigns: one row per campaign, with its title and the times at which it was seen.
    :param stage: the rows of a batch with the values for all three tables. Engines that merge create it.
    :param lock: the table whose one row is updated to make a second export wait. Created only if keys are not enforced.
    :param increments: the name of the view with the increase between two snapshots.
    :param schema: the schema of the tables; None for the connection's default.
    """

    history: Table
    latest: Table
    campaigns: Table
    stage: Table
    lock: Table
    increments: str
    schema: str | None

    def each(self) -> tuple[Table, ...]:
        """Return the three tables."""
        return (self.history, self.latest, self.campaigns)


def tables(prefix: Any, schema: Any) -> Tables:
    """Describe the tables.

    :param prefix: the prefix of the names.
    :param schema: the schema of the tables; None for the connection's default.
    :raises TruepushValidationError: a database would change or cut off one of the names.
    """
    prefix, schema = names.table_prefix("table_prefix", prefix), names.schema("schema", schema)
    increments = f"{prefix}{names.INCREMENTS}"
    metadata = MetaData(schema=schema)
    return Tables(
        _table(f"{prefix}campaign_stats", metadata, STATS, "project", "campaign_id", "snapshot_key"),
        _table(f"{prefix}campaign_stats_latest", metadata, STATS, "project", "campaign_id"),
        _table(f"{prefix}campaigns", metadata, CAMPAIGNS, "project", "id"),
        _table(STAGE, MetaData(), STAGED),
        Table(f"{prefix}{names.LOCK}", metadata, Column("batches", BigInteger(), nullable=False)),
        increments,
        schema,
    )


def _table(name: str, metadata: MetaData, described: Sequence[columns.Column], *key: str) -> Table:
    made: list[Any] = [Column(one.name, _type(one), nullable=one.nullable) for one in described]
    if key:
        made.append(PrimaryKeyConstraint(*key))
    return Table(name, metadata, *made, mysql_charset="utf8mb4")


def _type(column: columns.Column) -> Any:
    if column.kind != "text":
        return {"int": BigInteger(), "time": _MOMENT, "bool": Boolean(), "json": _JSON}[column.kind]
    if column.size is None:
        return Text()
    if column.name in _KEYS:
        return String(column.size).with_variant(mysql.VARCHAR(column.size, **_KEY_COLLATION), "mysql")
    return String(column.size)


def increments(history: Table) -> Select:  # type: ignore[type-arg]
    """Return the view's query: the increase of each counter since the snapshot before.

    The first snapshot of a campaign counts from 0, and its ``since`` is null. A counter that fell has a negative
    increment. If a counter is unknown in one of the two snapshots, its increment is null. When you change the query,
    add its former text to :data:`~airflow_provider_truepush.export.sql.contract.EARLIER_VIEWS`.
    """
    c = history.alias("h").c
    over: Any = {"partition_by": (c.project, c.campaign_id), "order_by": (c.observed_at, c.snapshot_key)}
    first = func.row_number().over(**over) == literal_column("1")
    return select(
        c.project,
        c.campaign_id,
        c.snapshot_key,
        func.lag(c.observed_at).over(**over).label("since"),
        c.observed_at,
        *(
            case((first, c[name]), else_=c[name] - func.lag(c[name]).over(**over)).label(name)
            for name in COUNTER_COLUMNS
        ),
        c.past_interval,
        c.counter_regressed,
    )
