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

    :param name: the name of the database, for messages and tests.
    :param types: the type of each kind of column: ``text``, ``key`` (text of a given size), ``int``, ``time``, ``bool``
        and ``json``. ``{size}`` is the size in characters, ``{bytes}`` is four times as much.
    :param staging: ``insert`` fills a temporary table by a multi-row INSERT. The others need no temporary table, and no
        privilege to create one: the MERGE reads the rows from JSON text, by ``flatten`` on Snowflake,
        ``json_query`` on BigQuery, ``openjson`` on SQL Server and ``from_json`` on Databricks. ``variant`` reads
        Snowflake's table of one ``VARIANT`` column, which large batches are copied into.
    :param stage: the name of the temporary table.
    :param create_stage: the definition of the temporary table, with ``{stage}`` and ``{columns}``.
    :param parameters: maximum number of parameters in a statement.
    :param characters: maximum number of characters in a statement, for drivers that put the values into its text.
    :param ids: ids per query.
    :param guarded: whether ``WHEN MATCHED AND ...`` exists. If not, older rows are removed from the stage first.
    :param hint: the text after the target table's name, such as a lock hint.
    :param end: the text that ends a MERGE.
    :param lock: the statement that makes a second export wait until the end of the transaction, with ``{tables}``.
        None when a lock row does that, when MERGE statements exclude each other, or when keys are enforced.
    :param locks_a_row: whether the update of a lock row makes a second export wait. If so, the lock table is created.
    :param transactional: whether the connection runs in transactions. If not, it is set to autocommit, and the history
        is written last: a try that was killed between two statements writes the batch again.
    :param session: statements that configure each new connection.
    :param schema_now: the function that returns the current schema.
    :param longest: maximum length of a text in bytes; None for no relevant limit.
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


#: Keys are not enforced. The update of the lock row makes a second export wait until the batch is committed: Snowflake
#: holds the locks of an UPDATE until then, and the following statements see the committed rows. Snowflake does not
#: guarantee that two MERGE statements which only insert wait for each other.
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

#: Keys are not enforced; a table lock makes a second export wait. The size of a VARCHAR counts bytes.
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

#: Keys are not enforced, and two MERGE statements that only insert do not conflict: both succeed. Two updates of the
#: lock row do conflict: BigQuery cancels the later transaction, and the export repeats it.
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

#: Keys are not enforced. Of two concurrent MERGE statements Delta rejects the later one, and the export repeats it.
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

#: Keys are enforced. Without HOLDLOCK two concurrent MERGE statements could insert the same key, and one would fail.
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

#: For tests only: exports to PostgreSQL use the engine with upserts.
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

#: For tests only, too.
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
