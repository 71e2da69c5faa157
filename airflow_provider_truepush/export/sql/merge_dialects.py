"""The differences between databases that have MERGE: one frozen record each. No Airflow, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

#: How the rows of a batch reach the MERGE.
Staging = Literal["insert", "flatten", "variant", "json_query", "openjson", "from_json"]


@dataclass(frozen=True, slots=True)
class MergeDialect:
    """A database that has ``MERGE``.

    :param name: its name, for messages and tests.
    :param types: the type of each kind of column: ``text``, ``key`` (text of a given size), ``int``, ``time``, ``bool``
        and ``json``. ``{size}`` is the size in characters, ``{bytes}`` four times as much.
    :param staging: ``insert`` fills a temporary table by INSERT of many rows. The others need no such table,
        nor the right to make one needed: the MERGE reads the JSON text of the rows itself, by ``flatten`` on Snowflake
        (``variant``
        for rows in a stage of one ``VARIANT`` column), ``json_query`` on BigQuery, ``openjson`` on SQL Server and
        ``from_json`` on Databricks.
    :param stage: the name of the temporary table.
    :param create_stage: its definition; ``{stage}`` and ``{columns}`` are put in.
    :param parameters: parameters of one statement at most.
    :param characters: characters of one statement at most, where the driver puts the values into its text.
    :param ids: ids per question.
    :param guarded: whether ``WHEN MATCHED AND ...`` exists. Without it, older rows are removed from the stage first.
    :param hint: what stands after the name of the target, such as a lock hint.
    :param end: what ends a MERGE.
    :param lock: the statement that keeps a second export away until the end of the transaction; ``{tables}`` is put in.
        None where a row does that, a MERGE keeps others away by itself, or keys are enforced.
    :param locks_a_row: whether the update of a row keeps a second export away: its table is made beside the others.
    :param transactional: whether a batch is one transaction. Where it is not, each MERGE is atomic by itself, and the
        history is written last: a try that was killed in between writes the batch again.
    :param session: statements for each new connection.
    :param schema_now: the function that returns the present schema.
    :param longest: bytes of the longest text; None for no limit that matters.
    """

    name: str
    types: Mapping[str, str]
    staging: Staging = "insert"
    stage: str = "truepush_stage"
    create_stage: str = "CREATE TEMPORARY TABLE {stage} ({columns})"
    parameters: int = 30_000
    characters: int = 700_000
    ids: int = 1000
    guarded: bool = True
    hint: str = ""
    end: str = ""
    lock: str | None = None
    locks_a_row: bool = False
    transactional: bool = True
    session: tuple[str, ...] = field(default=())
    schema_now: str = "current_schema()"
    longest: int | None = None


#: Keys are declared and not enforced. An UPDATE of the lock's row keeps a second export waiting until the batch is
#: committed: Snowflake holds the locks of an UPDATE until then, and the statements after it see what was committed.
#: Two MERGE statements that only insert are not promised to wait for each other.
SNOWFLAKE = MergeDialect(
    "snowflake",
    {
        "text": "VARCHAR",
        "key": "VARCHAR({size})",
        "int": "BIGINT",
        "time": "TIMESTAMP_NTZ",
        "bool": "BOOLEAN",
        "json": "VARCHAR",
    },
    staging="flatten",
    locks_a_row=True,
    transactional=False,
    session=("ALTER SESSION SET TIMEZONE = 'UTC'", "ALTER SESSION SET LOCK_TIMEOUT = 900"),
)

#: Keys are declared and not enforced: a lock keeps a second export away. A VARCHAR counts bytes.
REDSHIFT = MergeDialect(
    "redshift",
    {
        "text": "VARCHAR(65535)",
        "key": "VARCHAR({bytes})",
        "int": "BIGINT",
        "time": "TIMESTAMP",
        "bool": "BOOLEAN",
        "json": "VARCHAR(65535)",
    },
    guarded=False,
    lock="LOCK {tables}",
    session=("SET timezone TO 'UTC'", "SET datestyle TO 'ISO, YMD'"),
    longest=65_535,
)

#: Keys are declared and not enforced, and two MERGE statements that only insert do not conflict: both succeed. An
#: UPDATE of the lock's row in the same transaction does conflict: BigQuery cancels the later one, which is repeated.
BIGQUERY = MergeDialect(
    "bigquery",
    {
        "text": "STRING",
        "key": "STRING",
        "int": "INT64",
        "time": "TIMESTAMP",
        "bool": "BOOL",
        "json": "STRING",
    },
    staging="json_query",
    characters=5_000_000,
    locks_a_row=True,
    transactional=False,
)

#: Keys are declared and not enforced. Of two MERGE statements at once Delta refuses the later one, which is repeated.
DATABRICKS = MergeDialect(
    "databricks",
    {
        "text": "STRING",
        "key": "STRING",
        "int": "BIGINT",
        "time": "TIMESTAMP",
        "bool": "BOOLEAN",
        "json": "STRING",
    },
    staging="from_json",
    ids=200,
    transactional=False,
    session=("SET TIME ZONE 'UTC'",),
)

#: Keys are enforced; HOLDLOCK keeps two MERGE statements from inserting the same key, which one of them would fail on.
SQL_SERVER = MergeDialect(
    "mssql",
    {
        "text": "NVARCHAR(MAX)",
        "key": "NVARCHAR({size}) COLLATE Latin1_General_100_BIN2",
        "int": "BIGINT",
        "time": "DATETIME2(6)",
        "bool": "BIT",
        "json": "NVARCHAR(MAX)",
    },
    staging="openjson",
    hint=" WITH (HOLDLOCK)",
    end=";",
    schema_now="schema_name()",
)

#: For tests, beside the engine with upserts of its own.
POSTGRESQL = MergeDialect(
    "postgresql",
    {
        "text": "TEXT",
        "key": "VARCHAR({size})",
        "int": "BIGINT",
        "time": "TIMESTAMP",
        "bool": "BOOLEAN",
        "json": "TEXT",
    },
    lock="LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE",
    session=("SET timezone TO 'UTC'", "SET datestyle TO 'ISO, YMD'"),
)

#: The same.
DUCKDB = MergeDialect(
    "duckdb",
    {
        "text": "VARCHAR",
        "key": "VARCHAR",
        "int": "BIGINT",
        "time": "TIMESTAMP",
        "bool": "BOOLEAN",
        "json": "VARCHAR",
    },
)
