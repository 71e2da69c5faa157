"""Build the SQL text for databases with MERGE. No Airflow, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Table

from airflow_provider_truepush.export.columns import BY_NAME, CAMPAIGN_SENDS, STAGED, STAGED_AS, Column
from airflow_provider_truepush.export.sql.merge_dialects import MergeDialect

Quote = Callable[[str], str]


def type_of(dialect: MergeDialect, column: Column) -> str:
    """Return the SQL type of a column."""
    if column.kind != "text" or column.size is None:
        return dialect.types[column.kind]
    return dialect.types["key"].format(size=column.size, bytes=4 * column.size)


def definition(dialect: MergeDialect, table: Table, name: str, quote: Quote) -> str:
    """Return the CREATE TABLE statement of a table.

    :param name: the table's quoted name.
    """
    columns = [
        f"{quote(c.name)} {type_of(dialect, BY_NAME[c.name])}{'' if c.nullable else ' NOT NULL'}" for c in table.c
    ]
    if table.primary_key:
        columns.append(f"PRIMARY KEY ({', '.join(quote(c.name) for c in table.primary_key)})")
    return f"CREATE TABLE {name} ({', '.join(columns)})"


def locking(name: str, quote: Quote) -> str:
    """Return the statement that makes other exports wait until the end of the transaction."""
    return f"UPDATE {name} SET {quote('batches')} = {quote('batches')} + 1 WHERE TRUE"


def lock_row(name: str, quote: Quote) -> str:
    """Return the statement that inserts the row which :func:`locking` updates, if the table is empty."""
    return (
        f"INSERT INTO {name} ({quote('batches')}) SELECT 0 FROM (SELECT 1 AS one) AS any_row"
        f" WHERE NOT EXISTS (SELECT 1 FROM {name})"
    )


def stage_definition(dialect: MergeDialect, quote: Quote) -> str:
    """Return the statement that creates the stage."""
    columns = ", ".join(f"{quote(column.name)} {type_of(dialect, column)}" for column in STAGED)
    return dialect.create_stage.format(stage=dialect.stage, columns=columns)


def insertion(dialect: MergeDialect, rows: int, mark: Callable[[int], str], quote: Quote) -> str:
    """Return the statement that fills the stage.

    :param rows: number of rows.
    :param mark: returns the mark of a parameter by its number.
    """
    width = len(STAGED)
    lists = (f"({', '.join(mark(row * width + place) for place in range(width))})" for row in range(rows))
    columns = ", ".join(quote(column.name) for column in STAGED)
    return f"INSERT INTO {dialect.stage} ({columns}) VALUES {', '.join(lists)}"


def source(dialect: MergeDialect, mark: str, quote: Quote) -> str:
    """Return the source of a MERGE: the stage, or a query that reads the JSON text of the batch."""
    if dialect.staging == "insert":
        return f"{dialect.stage} AS s"
    if dialect.staging == "variant":
        values = ", ".join(f"r.j:{c.name}::{type_of(dialect, c)} AS {quote(c.name)}" for c in STAGED)
        return f"(SELECT {values} FROM {dialect.stage} AS r) AS s"
    if dialect.staging == "flatten":
        values = ", ".join(f"f.value:{c.name}::{type_of(dialect, c)} AS {quote(c.name)}" for c in STAGED)
        return f"(SELECT {values} FROM LATERAL FLATTEN(input => PARSE_JSON({mark})) f) AS s"
    if dialect.staging == "json_query":
        values = ", ".join(
            f"CAST(JSON_VALUE(j, '$.{c.name}') AS {type_of(dialect, c)}) AS {quote(c.name)}" for c in STAGED
        )
        return f"(SELECT {values} FROM UNNEST(JSON_QUERY_ARRAY({mark})) AS j) AS s"
    if dialect.staging == "openjson":
        columns = ", ".join(
            f"{quote(column.name)} {type_of(dialect, column).partition(' COLLATE')[0]}" for column in STAGED
        )
        return f"(SELECT * FROM OPENJSON({mark}) WITH ({columns})) AS s"
    fields = ", ".join(f"{column.name}: {type_of(dialect, column)}" for column in STAGED)
    return f"(SELECT inline(from_json({mark}, 'ARRAY<STRUCT<{fields}>>'))) AS s"


def removal(dialect: MergeDialect, table: Table, name: str, quote: Quote) -> str:
    """Return the statement that removes rows from the stage that are older than the target's."""
    target, staged = quote(table.name), dialect.stage
    return (
        f"DELETE FROM {staged} USING {name} WHERE {_matches(table, target, staged, quote)}"
        f" AND {staged}.{quote('observed_at')} < {target}.{quote('observed_at')}"
    )


def merging(dialect: MergeDialect, table: Table, name: str, mark: str, quote: Quote) -> str:
    """Return the MERGE of the staged rows into a table: a newer observation replaces an older one, never the reverse.

    :param name: the table's quoted name.
    :param mark: the mark of the parameter with the batch, if the batch is a parameter.
    """
    target = quote(table.name)
    inserted = ", ".join(quote(c.name) for c in table.c)
    values = ", ".join(f"s.{quote(STAGED_AS[c.name] if _is_campaigns(table) else c.name)}" for c in table.c)
    changes = _campaign_changes(target, quote) if _is_campaigns(table) else _stats_changes(table, target, quote)
    guard = ""
    if dialect.guarded and not _is_campaigns(table):
        moment = quote("observed_at")
        guard = f" AND (s.{moment} >= {target}.{moment} OR {target}.{moment} IS NULL)"
    updates = ", ".join(f"{quote(column)} = {value}" for column, value in changes.items())
    return (
        f"MERGE INTO {name}{dialect.hint} USING {source(dialect, mark, quote)}"
        f" ON {_matches(table, target, 's', quote)}"
        f" WHEN MATCHED{guard} THEN UPDATE SET {updates}"
        f" WHEN NOT MATCHED THEN INSERT ({inserted}) VALUES ({values}){dialect.end}"
    )


def _is_campaigns(table: Table) -> bool:
    return "observed_at" not in table.c


def _matches(table: Table, target: str, staged: str, quote: Quote) -> str:
    names = {"id": "campaign_id"} if _is_campaigns(table) else {}
    return " AND ".join(
        f"{target}.{quote(c.name)} = {staged}.{quote(names.get(c.name, c.name))}" for c in table.primary_key
    )


def _stats_changes(table: Table, target: str, quote: Quote) -> Mapping[str, str]:
    key = {c.name for c in table.primary_key}
    changes = {c.name: f"s.{quote(c.name)}" for c in table.c if c.name not in key}
    title = quote("title")
    # An export by ids has no titles and must not erase stored ones.
    return changes | {"title": f"COALESCE(s.{title}, {target}.{title})"}


def _campaign_changes(target: str, quote: Quote) -> Mapping[str, str]:
    seen, title, created = f"s.{quote('observed_at')}", quote("title"), quote("created_at")
    first, last = f"{target}.{quote('first_seen')}", f"{target}.{quote('last_seen')}"
    newer = f"({seen} >= {last} OR {last} IS NULL)"
    return {
        "title": f"CASE WHEN {newer} THEN COALESCE(s.{title}, {target}.{title})"
        f" ELSE COALESCE({target}.{title}, s.{title}) END",
        "first_seen": f"CASE WHEN {seen} < {first} THEN {seen} ELSE {first} END",
        "created_at": f"COALESCE({target}.{created}, s.{created})",
        "last_seen": f"CASE WHEN {newer} THEN {seen} ELSE {last} END",
        **{name: f"COALESCE(s.{quote(STAGED_AS[name])}, {target}.{quote(name)})" for name in CAMPAIGN_SENDS},
    }
