"""The tables of the warehouse and the view, as SQLAlchemy knows them."""

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

# Two keys that differ in case only are two keys, on MySQL too.
_KEYS = ("project", "campaign_id", "id", "snapshot_key")
_KEY_COLLATION = {"charset": "utf8mb4", "collation": "utf8mb4_bin"}
_MOMENT = (
    DateTime(timezone=True)
    .with_variant(mysql.DATETIME(fsp=6), "mysql")
    .with_variant(DateTime(timezone=False), "duckdb")  # reading the other kind takes a library more
)
_JSON = Text().with_variant(postgresql.JSONB(), "postgresql").with_variant(mysql.JSON(), "mysql")

STAGE = "truepush_stage"
#: What a column holds, by its name: SQLAlchemy's types do not report it alike in all its versions.
KINDS: dict[str, str] = {name: column.kind for name, column in BY_NAME.items()}


@dataclass(frozen=True)
class Tables:
    """The three tables and the name of the view.

    :param history: a row per campaign and snapshot.
    :param latest: a row per campaign, the newest.
    :param campaigns: a row per campaign: its title, and when it was seen.
    :param stage: a row per row of a batch: what all three tables need. Engines that merge make it, under its name.
    :param lock: the table whose one row keeps two exports apart; only where keys are not enforced.
    :param increments: the view: what was added between two snapshots.
    """

    history: Table
    latest: Table
    campaigns: Table
    stage: Table
    lock: Table
    increments: str
    schema: str | None

    def each(self) -> tuple[Table, ...]:
        """The three tables."""
        return (self.history, self.latest, self.campaigns)


def tables(prefix: Any, schema: Any) -> Tables:
    """Describe the tables.

    :param prefix: begins the names.
    :param schema: where they are; None for the connection's own.
    :raises TruepushValidationError: for names that some database would change or cut off.
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
    """The view: what each snapshot added to the one before, and a campaign's first to nothing (its ``since`` is null).

    A counter that fell gives a negative increment. Where it is not known in either of the two, its increment is null.
    Whoever changes this adds to :data:`~airflow_provider_truepush.export.sql.contract.EARLIER_VIEWS`.
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
