"""Read the ledger of sends for an export. The tasks that send write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import column, select, table

from airflow_provider_truepush.api.models.own_send import LEDGER, OwnSend, read_own_send
from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.session import Session

_LEDGER = table(LEDGER, column("campaign_id"), column("author"), column("details"))


class SqlLedger:
    """The ledger's table, in the default schema of its connection.

    :param engine: the database.
    :param session: the connection.
    :param conn_id: the connection's id, for messages.
    :param is_required: whether ``ledger_conn_id`` names this ledger. If so, it is an error when it cannot be read.
    :param owns_session: whether to close the session at the end.
    """

    def __init__(
        self, engine: Engine, session: Session, conn_id: str, *, is_required: bool, owns_session: bool
    ) -> None:
        self.is_required = is_required
        self._engine = engine
        self._session = session
        self._conn_id = conn_id
        self._owns_session = owns_session
        self._columns = [_LEDGER.c.campaign_id, _LEDGER.c.author]

    def find(self) -> bool:
        """Return whether the table exists. Tables of earlier versions lack the column ``details``."""
        found = self._session.do(lambda cursor: self._engine.find(cursor, LEDGER, None))
        if found is None:
            return False
        if "details" in found.columns:
            self._columns.append(_LEDGER.c.details)
        return True

    def sends(self, campaign_ids: Sequence[str]) -> Mapping[str, OwnSend]:
        """Return the recorded sends of these campaigns, by id. Campaigns that were sent otherwise are left out."""
        sends: dict[str, OwnSend] = {}
        for begin in range(0, max(1, len(campaign_ids)), self._engine.chunk):
            ids = list(campaign_ids[begin : begin + self._engine.chunk]) or [""]
            query = select(*self._columns).where(_LEDGER.c.campaign_id.in_(ids))
            for campaign_id, *recorded in self._session.do(
                lambda cursor, query=query: self._engine.query(cursor, query)  # type: ignore[misc]
            ):
                author, details = (*recorded, None)[:2]
                sends[str(campaign_id)] = read_own_send(str(author), details)
        return sends

    def close(self) -> None:
        """Close the connection, unless it belongs to the export."""
        if self._owns_session:
            self._session.close()

    def __str__(self) -> str:
        return f"the ledger {LEDGER} in {self._conn_id!r}"
