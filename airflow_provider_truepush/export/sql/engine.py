"""The base of all databases. The other modules of this folder hold what differs between them."""

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

#: Rows that are made ready for the driver at once.
_SLICE = 1000


@dataclass(frozen=True)
class FoundColumn:
    """An existing column.

    :param type: the database's word for its type, in lower case.
    :param required: whether a row cannot do without it: neither nullable nor with a default.
    """

    type: str
    required: bool


@dataclass(frozen=True)
class Found:
    """An existing table or view.

    :param kind: ``table``, or the database's word for anything else; None where the database does not report it.
    :param columns: by name.
    :param keys: the columns of each unique key; None where the database does not report them.
    :param owner: the owner's name; None where the database does not report it.
    """

    kind: str | None
    columns: dict[str, FoundColumn]
    keys: list[frozenset[str]] | None
    owner: str | None = None


class Engine(ABC):
    """A database, through the connection that a ``DbApiHook`` makes.

    :param hook: the hook.
    """

    #: Renders SQL.
    dialect: Dialect
    #: Ids per question.
    chunk: int = 500
    row_budget: int = ROW_BUDGET
    #: Whether a row of a table of its own keeps two exports apart, because keys are not enforced.
    locks_a_row: bool = False
    #: What a column of each kind may be declared as: regular expressions for the whole of the type, in lower case.
    types: ClassVar[Mapping[str, str]]

    def __init__(self, hook: Any) -> None:
        self.hook = hook
        self._rendered: dict[Hashable, str] = {}

    # Connections and transactions

    def connect(self) -> Any:
        """A new connection, ready for :meth:`transaction`."""
        return self.hook.get_conn()

    def cursor(self, connection: Any) -> Any:
        """A cursor that gives tuples."""
        return connection.cursor()

    @contextmanager
    def transaction(self, connection: Any, *, writes: bool = True) -> Iterator[Any]:
        """A cursor in a transaction, which is committed at the end.

        :param writes: whether anything but questions will come.
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
        """Begin a transaction, where the driver does not."""

    def commit(self, connection: Any) -> None:
        """Commit."""
        connection.commit()

    def rollback(self, connection: Any) -> None:
        """Roll back; a connection that is gone has done so."""
        with suppress(Exception):  # each driver has its own class for it
            connection.rollback()

    def is_transient(self, error: Exception) -> bool:
        """Return whether an error may be gone in a moment: a lost connection, a lock, a deadlock."""
        return False

    def is_transient_connect(self, error: Exception) -> bool:
        """Return whether a connection that could not be opened may be opened in a moment.

        A wrong password must not be tried again: a few more attempts can lock the account.
        """
        return self.is_transient(error)

    # Texts

    def text_limits(self, cursor: Any, tables: Tables) -> TextLimits:
        """Return what the text columns of existing tables can hold."""
        return TextLimits()

    def refuses_text(self, error: Exception) -> bool:
        """Return whether an error means that a text has characters that the database cannot hold."""
        return isinstance(error, UnicodeEncodeError)

    # Statements

    def render(self, statement: ClauseElement) -> str:
        """A statement without values as text."""
        return str(statement.compile(dialect=self.dialect))

    def rendered_once(self, key: Hashable, make: Callable[[], ClauseElement]) -> str:
        """The same, kept for the next batch: an upsert takes as long to put together as some hundred rows to write.

        :param key: names the statement.
        :param make: puts it together.
        """
        if key not in self._rendered:
            self._rendered[key] = self.render(make())
        return self._rendered[key]

    def query(self, cursor: Any, statement: ClauseElement) -> list[Row]:
        """Ask a question whose values stand in it."""
        compiled: Any = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
        names: Sequence[str] = compiled.positiontup or ()
        values = tuple(self.adapt(compiled.params[name]) for name in names)
        cursor.execute(str(compiled), values)
        return list(cursor.fetchall())

    def adapt(self, value: Any) -> Any:
        """A value as the driver takes it."""
        if isinstance(value, datetime):
            return (value if value.tzinfo is UTC else value.astimezone(UTC)).replace(tzinfo=None)
        return value

    @staticmethod
    def moment(value: Any) -> datetime:
        """A moment as the driver gives it, aware."""
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        if not isinstance(found, datetime):
            raise TypeError(f"no moment: {value!r}")
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)

    # Definitions

    def type_of(self, column: Any) -> str:
        """Return the type of one of our columns as it stands in SQL."""
        return str(self.dialect.type_compiler.process(column.type))

    def definition(self, table: Table) -> str:
        """Return the statement that makes a table."""
        return str(CreateTable(table).compile(dialect=self.dialect)).strip()

    # What exists

    @abstractmethod
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        """What has a name."""

    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        """Return the query of an existing view as the database shows it; None where it does not show it."""
        return None

    def selected(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        """Return what a SELECT shows of a table or view, where no catalog can be read."""
        try:
            cursor.execute(f"SELECT * FROM {self.qualified(name, schema)} WHERE 1 = 0")
            cursor.fetchall()
        except Exception:  # each driver has its own class for it
            return None
        # A SELECT works on tables and views alike, so it does not show which of the two this is.
        return Found(None, {column[0].lower(): FoundColumn("", False) for column in cursor.description}, None)

    def replacing_view(self, name: str, question: str) -> Sequence[str]:
        """The statements that put a view in the place of one that is there, in one transaction.

        :param name: as it stands in SQL.
        :param question: what it answers.
        """
        return [f"CREATE OR REPLACE VIEW {name} AS {question}"]

    def has_schema(self, cursor: Any, schema: str) -> bool:
        """Return whether a schema exists."""
        return True

    # Writing

    def upsert(self, cursor: Any, table: Table, rows: Sequence[Row]) -> None:
        """Write rows in the open transaction. What is older than what is there changes nothing.

        :param table: one of ours.
        :param rows: in the order of its columns, no key twice.
        """
        # New tuples by the ten thousand would keep Python's garbage collector busy.
        for begin in range(0, len(rows), _SLICE):
            self.merge(cursor, table, self.adapted(table, rows[begin : begin + _SLICE]))

    def write(self, cursor: Any, tables: Tables, rows: Sequence[StatsRow]) -> None:
        """Write a batch into all tables, in the open transaction."""
        adapted = self.adapted(tables.history, list(map(as_values, rows)))
        self.merge(cursor, tables.history, adapted)
        self.merge(cursor, tables.latest, adapted)
        self.merge(cursor, tables.campaigns, self.adapted(tables.campaigns, list(map(as_campaign, rows))))

    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """:meth:`upsert` of rows as the driver takes them; each engine has this, or an upsert of its own."""
        raise NotImplementedError

    def adapted(self, table: Table, rows: Sequence[Row]) -> Sequence[Sequence[Any]]:
        """Rows as the driver takes them. Only moments need anything done, and most of those only once."""
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, column in enumerate(table.c):
            if KINDS[column.name] == "time":
                values = columns[place]
                first = values[0]
                same = all(value is first for value in values)
                columns[place] = [self.adapt(first)] * len(values) if same else self.moments(values)
        return list(zip(*columns, strict=True))

    def moments(self, values: Sequence[Any]) -> list[Any]:
        """A column of moments as the driver takes them."""
        return list(map(self.adapt, values))

    def prepare_writes(self, cursor: Any, tables: Tables) -> None:  # noqa: B027 (most databases need nothing)
        """Try out what writing needs beside the tables: a lock, a place for files."""

    def probe(self, cursor: Any, table: Table) -> None:
        """Change nothing, in the way in which the export will change something. Raises when that is not allowed."""
        name = self.name_of(table)
        columns = ", ".join(self.quote(column.name) for column in table.columns)
        key = self.quote(table.columns.keys()[0])
        cursor.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {name} WHERE 1 = 0")
        cursor.execute(f"UPDATE {name} SET {key} = {key} WHERE 1 = 0")

    # Names

    def openlineage_identity(self, schema: str | None) -> tuple[str, list[str]] | None:
        """Where tables are, as OpenLineage names it: the namespace, and what stands before a table's name.

        As the hook's provider returns it, which needs the OpenLineage provider; None where it does not.
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

    def _first(self, question: str, *values: Any) -> Row:
        """The first row of an answer, over a connection of its own."""
        with closing(self.connect()) as connection, closing(self.cursor(connection)) as cursor:
            cursor.execute(question, values)
            return tuple(cursor.fetchone() or ())

    def name_of(self, table: Table) -> str:
        """A table's name as it stands in SQL."""
        return str(self.dialect.identifier_preparer.format_table(table))  # SQLAlchemy has a kind of its own

    def quote(self, name: str) -> str:
        """Another name as it stands in SQL."""
        return str(self.dialect.identifier_preparer.quote(name))

    def qualified(self, name: str, schema: str | None) -> str:
        """A name in a schema as it stands in SQL."""
        return f"{self.quote(schema)}.{self.quote(name)}" if schema else self.quote(name)
