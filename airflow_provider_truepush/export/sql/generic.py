"""Any other database, with standard SQL: DELETE and INSERT in one transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, ClassVar

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.engine.default import DefaultDialect
from typing_extensions import override

from airflow_provider_truepush.export.columns import CAMPAIGN_SENDS
from airflow_provider_truepush.export.sql.engine import Engine, Found, FoundColumn, Row
from airflow_provider_truepush.export.sql.errors import TruepushSchemaError
from airflow_provider_truepush.export.sql.upserts import moment_column

_PARAMSTYLES = {"?": "qmark", "%s": "format", ":1": "numeric"}


class OtherEngine(Engine):
    """Read the stored rows, and replace by DELETE and INSERT those that are older than the new ones.

    Only the database's isolation protects two exports that write the same rows at the same time.

    :param hook: the hook of the database.
    :raises TruepushSchemaError: its driver marks parameters in a way that is not supported.
    """

    types: ClassVar[Mapping[str, str]] = {}

    def __init__(self, hook: Any) -> None:
        super().__init__(hook)
        paramstyle = _PARAMSTYLES.get(hook.placeholder)
        if paramstyle is None:
            raise TruepushSchemaError(
                f"sql_conn_id: {type(hook).__name__} marks parameters by {hook.placeholder!r}, which is not supported. "
                "Nothing was fetched. Use a database that the documentation lists, or export files."
            )
        self.dialect = _dialect(hook)(paramstyle=paramstyle)

    @override
    def find(self, cursor: Any, name: str, schema: str | None) -> Found | None:
        try:
            return self._inspect(name, schema)
        except ImportError:
            raise
        except Exception:
            return self.selected(cursor, name, schema)

    def _inspect(self, name: str, schema: str | None) -> Found | None:
        from sqlalchemy import inspect

        engine = self.hook.get_sqlalchemy_engine()
        try:
            inspector = inspect(engine)
            if not inspector.has_table(name, schema=schema):
                return None
            kind = "view" if name in inspector.get_view_names(schema=schema) else "table"
            columns = {
                column["name"].lower(): FoundColumn(
                    str(column["type"]).lower(), not column["nullable"] and column.get("default") is None
                )
                for column in inspector.get_columns(name, schema=schema)
            }
            return Found(kind, columns, None)
        finally:
            engine.dispose()

    @override
    def view_definition(self, cursor: Any, name: str, schema: str | None) -> str | None:
        from sqlalchemy import inspect

        with suppress(Exception):  # not every database reports it
            engine = self.hook.get_sqlalchemy_engine()
            try:
                found: str | None = inspect(engine).get_view_definition(name, schema=schema)
                return found
            finally:
                engine.dispose()
        return None

    @override
    def replacing_view(self, name: str, query: str) -> Sequence[str]:
        return []  # some databases cannot roll this back, and others would remove the view's privileges

    @override
    def probe(self, cursor: Any, table: Table) -> None:
        key = next(iter(table.primary_key)).name
        cursor.execute(f"DELETE FROM {self.name_of(table)} WHERE {self.quote(key)} IS NULL AND 1 = 0")

    @override
    def adapted(self, table: Table, rows: Sequence[Row]) -> Sequence[Sequence[Any]]:
        return rows  # converted after the comparison

    @override
    def merge(self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        key = [column.name for column in table.primary_key]
        places = [table.c.keys().index(name) for name in key]
        there = self._there(cursor, table, rows, places)
        written, replaced = [], []
        for row in rows:
            identity = tuple(row[place] for place in places)
            stored = there.get(identity)
            fresh = row if stored is None else self._merged(table, stored, row)
            if fresh is None:
                continue
            if stored is not None:
                replaced.append(identity)
            written.append(fresh)
        if replaced:
            self._delete(cursor, table, key, replaced)
        if written:
            cursor.executemany(self.render(insert(table)), [tuple(map(self.adapt, row)) for row in written])

    def _delete(self, cursor: Any, table: Table, key: Sequence[str], identities: Sequence[Row]) -> None:
        """Delete rows by their keys, hundreds per statement: the rows of one export differ in the campaign only."""
        place = next(number for number, name in enumerate(key) if name in ("campaign_id", "id"))
        groups: dict[Row, list[Row]] = {}
        for identity in identities:
            groups.setdefault((*identity[:place], *identity[place + 1 :]), []).append(identity)
        for others, members in groups.items():
            same = [
                table.c[name] == value for name, value in zip([*key[:place], *key[place + 1 :]], others, strict=True)
            ]
            for part in _parts(members, self.chunk):
                gone = delete(table).where(*same, table.c[key[place]].in_([identity[place] for identity in part]))
                compiled: Any = gone.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
                cursor.execute(str(compiled), tuple(compiled.params[name] for name in compiled.positiontup or ()))

    def _there(
        self, cursor: Any, table: Table, rows: Sequence[Sequence[Any]], places: Sequence[int]
    ) -> dict[tuple[Any, ...], Row]:
        """Return the stored rows with these keys, by key."""
        found = {}
        key = [column.name for column in table.primary_key]
        for part in _parts(rows, self.chunk):
            asked = [
                table.c[name].in_(sorted({row[place] for row in part})) for name, place in zip(key, places, strict=True)
            ]
            for stored in self.query(cursor, select(*table.c).where(*asked)):
                found[tuple(stored[place] for place in places)] = tuple(stored)
        return found

    def _merged(self, table: Table, stored: Row, row: Sequence[Any]) -> Row | None:
        """Return the row that replaces a stored one; None to keep the stored one."""
        names = table.c.keys()
        old, new = dict(zip(names, stored, strict=True)), dict(zip(names, row, strict=True))
        moment = moment_column(table)
        newer = old[moment] is None or new[moment] >= self.moment(old[moment])
        if moment == "observed_at":
            if not newer:
                return None
            return tuple((new | {"title": new["title"] if new["title"] is not None else old["title"]}).values())
        titles = (new["title"], old["title"]) if newer else (old["title"], new["title"])
        first = self.moment(old["first_seen"])
        merged = new | {
            "title": titles[0] if titles[0] is not None else titles[1],
            "first_seen": min(first, new["first_seen"]),
            "created_at": new["created_at"] if old["created_at"] is None else self.moment(old["created_at"]),
            "last_seen": new["last_seen"] if newer else self.moment(old["last_seen"]),
            **{name: new[name] if new[name] is not None else old[name] for name in CAMPAIGN_SENDS},
        }
        return tuple(merged.values())


def _dialect(hook: Any) -> type[Any]:
    """Return SQLAlchemy's dialect for the hook; the default dialect if there is none."""
    from sqlalchemy.dialects import registry

    name = getattr(hook, "dialect_name", None) or "default"
    with suppress(Exception):
        found: type[Any] = registry.load(name)
        found(paramstyle="qmark")
        return found
    return DefaultDialect


def _parts(rows: Sequence[Sequence[Any]], size: int) -> Iterator[list[Sequence[Any]]]:
    iterator = iter(rows)
    while part := list(islice(iterator, size)):
        yield part
