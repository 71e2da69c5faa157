"""The base class of all database engines. Each subclass in this folder has the SQL of one database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import Table
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.schema import CreateTable
from sqlalchemy.sql import ClauseElement

from airflow_provider_truepush.export.batches import ROW_BUDGET
from airflow_provider_truepush.export.columns import as_campaign, as_values
from airflow_provider_truepush.export.rows import StatsRow
from airflow_provider_truepush.export.sql.tables import KINDS, Tables
from airflow_provider_truepush.export.storable import TextLimits

Row = tuple[Any, ...]

#: Rows that are prepared for the driver at once.
_SLICE = 1000


@dataclass(frozen=True)
class FoundColumn:
    """An existing column.

    :param type: the database's name of its type, in lower case.
    :param required: True when a row must have a value: the column is not nullable and has no default.
    """

    type: str
    required: bool


@dataclass(frozen=True)
class Found:
    """An existing table or view.

    :param kind: ``table``, or the database's name of another kind; None when the database does not report it.
    :param columns: the columns by name.
    :param keys: the columns of each unique key; None when the database does not report them.
    :param owner: the owner's name; None when the database does not report it.
    """

    kind: str | None
    columns: dict[str, FoundColumn]
    keys: list[frozenset[str]] | None
    owner: str | None = None


class Engine(ABC):
    """A database, used through the connection of a ``DbApiHook``.

    :param hook: the hook.
    """

    #: Renders the SQL.
    dialect: Dialect
    #: Ids per query.
    chunk: int = 500
    row_budget: int = ROW_BUDGET
    #: Whether the update of a lock row makes a second export wait, because the database does not enforce keys.
    locks_a_row: bool = False
    #: The accepted types of each kind of column: regular expressions for the full type name in lower case.
    types: ClassVar[Mapping[str, str]]

    def __init__(self, hook: Any) -> None:
        self.hook = hook
        self._rendered: dict[Hashable, str] = {}

    # Connections and transactions

    def connect(self) -> Any:
        """Open a connection that is ready for :meth:`transaction`."""
        return self.hook.get_conn()

    def cursor(self, connection: Any) -> Any:
        """Open a cursor that returns tuples."""
        return connection.cursor()

    @contextmanager
    def transaction(self, connection: Any, *, writes: bool = True) -> Iterator[Any]:
        """Open a cursor in a transaction that is committed at the end.

        :param writes: whether the transaction writes.
        """
        with closing(self.cursor(connection)) as cursor:
            try:
                self.begin(cursor, writes=writes)
                yield cursor
                self.commit(connection)
            except BaseException:
                self.rollback(connection)
                raise

    def begin(self, cursor: Any, *, writes: bool) -> None:  # noqa: B027 (most drivers begin by themselves)
        """Begin a transaction, if the driver does not do so itself."""

    def commit(self, connection: Any) -> None:
        """Commit."""
        connection.commit()

    def rollback(self, connection: Any) -> None:
        """Roll back. A lost connection has been rolled back already."""
        with suppress(Exception):  # each driver raises its own class
            connection.rollback()

    def is_transient(self, error: Exception) -> bool:
        """Return whether a retry can succeed, as after a lost connection, a lock timeout or a deadlock."""
        return False

    def is_transient_connect(self, error: Exception) -> bool:
        """Return whether opening the connection again can succeed.

        A wrong password must not be retried: a few more attempts can lock the account.
        """
        return self.is_transient(error)

    # Texts

    def text_limits(self, cursor: Any, tables: Tables) -> TextLimits:
        """Return the limits of the text columns of the existing tables."""
        return TextLimits()

    def refuses_text(self, error: Exception) -> bool:
        """Return whether an error means that a text has characters which the database cannot store."""
        return isinstance(error, UnicodeEncodeError)

    # Statements

    def render(self, statement: ClauseElement) -> str:
        """Return a statement as text with parameter marks."""
        return str(statement.compile(dialect=self.dialect))

    def rendered_once(self, key: Hashable, make: Callable[[], ClauseElement]) -> str:
        """Return a statement as text, cached: rendering an upsert takes as long as writing some hundred rows.

        :param key: identifies the statement.
        :param make: builds the statement.
        """
        if key not in self._rendered:
            self._rendered[key] = self.render(make())
        return self._rendered[key]

    def query(self, cursor: Any, statement: ClauseElement) -> list[Row]:
        """Run a query that carries its own values, and return its rows."""
        compiled: Any = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        names: Sequence[str] = compiled.positiontup or ()
        values = tuple(self.adapt(compiled.params[name]) for name in names)
        cursor.execute(str(compiled), values)
        return list(cursor.fetchall())

    def adapt(self, value: Any) -> Any:
        """Convert a value for the driver."""
        if isinstance(value, datetime):
            return (value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None)
        return value

    @staticmethod
    def moment(value: Any) -> datetime:
        """Convert a time that the driver returned to an aware datetime in UTC."""
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(found, datetime):
            raise TypeError(f"Expected a datetime, got {value!r}.")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)

    # Definitions

    def type_of(self, column: Any) -> str:
        """Return the SQL type of a column."""
        return str(self.dialect.type_compiler.process(column.type))

    def definition(self, table: Table) -> str:
        """Return the CREATE TABLE statement of a table."""
        return str(CreateTable(table).compile(dialect=self.dialect)).strip()

    # Existing tables and views

    @abstractmethod
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        """Return the table or view with a name; None when there is none."""

    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        """Return the query of an existing view as the database reports it; None when it does not report it."""
        return None

    def selected(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        """Describe a table or view by a SELECT, for a database whose catalog cannot be read."""
        try:
            cursor.execute(f"SELECT * FROM {self.qualified(name, schema)} WHERE 1 = 0")
            cursor.fetchall()
        except Exception:  # each driver raises its own class
            return None
        # A SELECT does not show whether this is a table or a view.
        return Found(None, {column[0].lower(): FoundColumn("", False) for column in cursor.description}, None)

    def replacing_view(self, name: str, query: str) -> Sequence[str]:
        """Return the statements that replace an existing view, to be run in one transaction.

        :param name: the view's quoted name.
        :param query: the view's query.
        """
        return [f"CREATE OR REPLACE VIEW {name} AS {query}"]

    def has_schema(self, cursor: Any, schema: str) -> bool:
        """Return whether a schema exists."""
        return True

    # Writing

    def upsert(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        """Write rows in the open transaction. A row that is older than the stored one changes nothing.

        :param table: one of :class:`Tables`.
        :param rows: values in the order of the table's columns, with distinct keys.
        """
        # In slices, because tens of thousands of new tuples would keep Python's garbage collector busy.
        for begin in range(0, len(rows), _SLICE):
            self.merge(cursor, table, self.adapted(table, rows[begin : begin + _SLICE]))

    def write(self, cursor: Any, tables: Tables, rows: Sequence[StatsRow]) -> None:
        """Write a batch into all tables, in the open transaction."""
        adapted = self.adapted(tables.history, list(map(as_values, rows)))
        self.merge(cursor, tables.history, adapted)
        self.merge(cursor, tables.latest, adapted)
        self.merge(cursor, tables.campaigns, self.adapted(tables.campaigns, list(map(as_campaign, rows))))

    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Write rows that are converted for the driver. An engine without its own :meth:`upsert` implements this."""
        raise NotImplementedError

    def adapted(self, table: Table, rows: Sequence[Row]) -> Sequence[Sequence[Any]]:
        """Convert rows for the driver. Only times need converting, and a column of one repeated time only once."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, column in enumerate(table.c):
            if KINDS[column.name] == "time":
                values = columns[place]
                first = values[0]
                same = all(value is first for value in values)
                columns[place] = [self.adapt(first)] * len(values) if same else self.moments(values)
        return list(zip(*columns, strict=True))

    def moments(self, values: Sequence[Any]) -> list[Any]:
        """Convert a column of times for the driver."""
        return list(map(self.adapt, values))

    def prepare_writes(self, cursor: Any, tables: Tables) -> None:  # noqa: B027 (most databases need nothing)
        """Test what writing needs besides the tables, such as a lock or a place for files."""

    def probe(self, cursor: Any, table: Table) -> None:
        """Run the export's kinds of statements on no rows. Raises when the connection lacks a privilege."""
        name = self.name_of(table)
        columns = ", ".join(self.quote(column.name) for column in table.columns)
        key = self.quote(table.columns.keys()[0])
        cursor.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} WHERE 1 = 0")
        cursor.execute(f"UPDATE {name} SET {key} = {key} WHERE 1 = 0")

    # Names

    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        """Return OpenLineage's namespace of the tables, and the parts of the name before the table's own.

        The hook reports them if the OpenLineage provider is installed; None if it does not.
        """
        info = self.hook.get_openlineage_database_info(self._airflow_connection())
        if info is None:
            return None
        namespace = f"{info.scheme}://{info.authority}" if info.authority else str(info.scheme)
        return namespace, [
            part for part in (info.database, schema or self.hook.get_openlineage_default_schema()) if part
        ]

    def _airflow_connection(self) -> Any:
        return self.hook.get_connection(self.hook.get_conn_id())

    def _first(self, query: str, *values: Any) -> Row:
        """Return the first row of a query, run on a separate connection."""
        with closing(self.connect()) as connection, closing(self.cursor(connection)) as cursor:
            cursor.execute(query, values)
            return tuple(cursor.fetchone() or ())

    def name_of(self, table: Table) -> str:
        """Return a table's quoted name."""
        return str(self.dialect.identifier_preparer.format_table(table))  # a plain str, not SQLAlchemy's subclass

    def quote(self, name: str) -> str:
        """Return another quoted name."""
        return str(self.dialect.identifier_preparer.quote(name))

    def qualified(self, name: str, schema: str | None) -> str:
        """Return a quoted name with its schema."""
        return f"{self.quote(schema)}.{self.quote(name)}" if schema else self.quote(name)
