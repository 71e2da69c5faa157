"""The connection to the ledger's table, and the meaning of its driver's errors."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import Any

from airflow_provider_truepush.api.checks.cut import error_text
from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.errors import TruepushError, TruepushSendStoreError, TruepushValidationError
from airflow_provider_truepush.api.models.own_send import LEDGER

log = logging.getLogger(__name__)

TABLE = LEDGER

CREATE = f"""
CREATE TABLE {TABLE} (
    project VARCHAR(250) NOT NULL,
    slot VARCHAR(64) NOT NULL PRIMARY KEY,
    content VARCHAR(64) NOT NULL,
    title TEXT NOT NULL,
    earlier TEXT NOT NULL,
    attempt VARCHAR(64) NOT NULL,
    author TEXT NOT NULL,
    made_at DOUBLE PRECISION NOT NULL,
    deadline DOUBLE PRECISION NOT NULL,
    settled INTEGER NOT NULL,
    campaign_id VARCHAR(64) UNIQUE,
    details TEXT
)
"""

_PROBE = f"SELECT slot FROM {TABLE} WHERE 1 = 0"  # a constant
#: The column that ledgers of earlier versions lack: what was sent to whom. No send depends on it.
DETAILS = "details"
_PROBE_DETAILS = f"SELECT {DETAILS} FROM {TABLE} WHERE 1 = 0"
_ADD_DETAILS = f"ALTER TABLE {TABLE} ADD {DETAILS} TEXT"

#: Errors after which a retry cannot help (login, database, rights): SQLSTATE classes, and words of the message.
_PERMANENT_STATES = ("28", "3D", "42", "0A")
_PERMANENT_WORDS = re.compile(
    r"password|authentication|access denied|login failed|permission denied|not authorized|insufficient privilege"
    r"|unknown database|database .* does not exist|role .* does not exist|unable to open database|readonly database"
    r"|read-only",
    re.IGNORECASE,
)
_LONGEST = 300
#: How often a change of the table is tried that others may be making, and seconds between two attempts.
_CHANGE_ATTEMPTS, _CHANGE_PAUSE = 5, 0.1


def is_transient(error: BaseException) -> bool:
    """Report whether a database error may pass, so that a retry can help.

    :param error: what the driver raised.
    """
    state = str(getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or "")
    if state.startswith(_PERMANENT_STATES):
        return False
    return _PERMANENT_WORDS.search(str(error)) is None


class SqlTable:
    """Runs statements on one connection, which is opened when it is first needed.

    :param hook: a ``DbApiHook``.
    :param conn_id: its connection, for messages.
    """

    def __init__(self, hook: Any, conn_id: str) -> None:
        if not hasattr(hook, "get_conn") or not hasattr(hook, "placeholder"):
            raise TruepushValidationError(
                f"ledger_conn_id: {conn_id!r} is not an SQL connection ({type(hook).__name__}). The campaign was not "
                "sent. Name a connection whose provider is based on DbApiHook."
            )
        self._hook = hook
        self._conn_id = conn_id
        self._connection: Any = None
        self._thread = 0
        self._is_ready = False
        self._has_details = False

    def has_details(self) -> bool:
        """Report whether the table has the column of details, which a ledger of an earlier version gets if it can."""
        if not self._is_ready:
            with self._cursor():
                pass
        return self._has_details

    def query(self, sql: str, values: Sequence[Any]) -> list[Sequence[Any]]:
        """Return the rows of a statement."""
        with self._cursor() as cursor:
            cursor.execute(self._dialect(sql), tuple(values))
            return list(cursor.fetchall())

    def change(self, sql: str, values: Sequence[Any]) -> None:
        """Run a statement that changes rows, and commit it."""
        with self._cursor() as cursor:
            cursor.execute(self._dialect(sql), tuple(values))

    def close(self) -> None:
        """Close the connection. The next statement opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):  # It may be broken already.
                connection.close()

    def _dialect(self, sql: str) -> str:
        return sql.replace("?", str(self._hook.placeholder))

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """Yield a cursor, and commit. Every failure becomes one error that quotes the driver."""
        try:
            if self._thread != threading.get_ident():
                self.close()  # SQLite binds a connection to its thread, and the end of a task may run in another one.
            if self._connection is None:
                self._connection, self._thread = self._hook.get_conn(), threading.get_ident()
            if not self._is_ready:
                self._create_table(self._connection)
                self._has_details = self._add_details(self._connection)
                self._is_ready = True
            with closing(self._connection.cursor()) as cursor:
                yield cursor
            _end(self._connection, "commit")
        except TruepushError:
            self.close()
            raise
        except Exception as error:
            if self._connection is not None and not _end(self._connection, "rollback"):
                self.close()
            raise self._error(f"could not be read or written ({_class_and_text(error)})", error) from error
        except BaseException:
            self.close()
            raise

    def _error(self, what: str, cause: BaseException | None) -> TruepushSendStoreError:
        advice = (
            "Airflow may retry the task."
            if cause is None or is_transient(cause)
            else "Check the connection's login, its database and its rights, then clear the task."
        )
        found = TruepushSendStoreError(
            f"The ledger {TABLE} in connection {self._conn_id!r} {what}. This statement concerned the record of the "
            f"send only; a campaign is sent only after its intent was recorded. {advice}"
        )
        found.is_permanent = cause is not None and not is_transient(cause)
        return found

    def _create_table(self, connection: Any) -> None:
        refused, missing = self._change(connection, CREATE, _PROBE)
        if missing is None:
            return
        cause = refused or missing
        raise self._error(
            f"could not be created ({_class_and_text(cause)}), and cannot be read ({_class_and_text(missing)}). "
            f"{outcome()} Ask someone who may create tables to run:{CREATE}",
            cause,
        ) from cause

    def _add_details(self, connection: Any) -> bool:
        """Add the column of details to a ledger of an earlier version; report whether the table has it.

        Workers of the earlier version can go on: they name the columns that they write, and the new one may be null.
        """
        refused, missing = self._change(connection, _ADD_DETAILS, _PROBE_DETAILS)
        if missing is None:
            return True
        log.warning(
            "The ledger %s in connection %r has no column %s, and it could not be added (%s). Campaigns are sent and "
            "recorded without it; exports will not know their links, segments and tags. Have the table's owner run: %s",
            TABLE,
            self._conn_id,
            DETAILS,
            "it was not found afterwards" if refused is None else _class_and_text(refused),
            _ADD_DETAILS,
        )
        return False

    def _change(self, connection: Any, statement: str, probe: str) -> tuple[Exception | None, Exception | None]:
        """Run a statement if the probe fails; return why the statement was refused, and why the probe still fails.

        Other tasks may be making the same change, which is visible once they have committed.
        """
        refused: Exception | None = None
        for _ in range(_CHANGE_ATTEMPTS):
            if self._lack(connection, probe) is None:
                return None, None
            if refused is not None:
                time.sleep(_CHANGE_PAUSE)
            refused = self._attempt(connection, statement)
            if refused is None or not is_transient(refused):
                break
        return refused, self._lack(connection, probe)

    @staticmethod
    def _attempt(connection: Any, statement: str) -> Exception | None:
        """Run and commit a statement; return why it was refused."""
        refused: Exception | None = None
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement)
            _end(connection, "commit")
        except Exception as error:  # each driver has its own class of errors
            refused = error
        _end(connection, "rollback")  # where another has made the change, this transaction can only be ended
        return refused

    @staticmethod
    def _lack(connection: Any, probe: str) -> Exception | None:
        """Return why the table, or a column of it, cannot be read; None if it can."""
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(probe)
                cursor.fetchall()
        except Exception as error:  # each driver has its own class of errors
            _end(connection, "rollback")
            return error
        return None


def _end(connection: Any, how: str) -> bool:
    """Commit or roll back; report whether the connection can still be used.

    DuckDB reports an error where no transaction is open, which is harmless.
    """
    try:
        getattr(connection, how)()
    except Exception as error:
        if "no transaction" in str(error).lower():
            return True
        if how == "commit":
            raise
        return False
    return True


def _class_and_text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error_text(error, _LONGEST)}"
