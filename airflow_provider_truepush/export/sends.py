"""Find out which campaigns this provider sent, for the rows of an export. No Airflow, no I/O of its own."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.api.checks import values as checks
from airflow_provider_truepush.api.errors import TruepushWarehouseError
from airflow_provider_truepush.api.models.own_send import FIELDS, UNKNOWN, OwnSend
from airflow_provider_truepush.export.batches import Batch

log = logging.getLogger(__name__)

#: The maximum number of characters of each field. ``tags`` count as JSON text.
_LONGEST = {"link": 8000, "segment": 8000, "tags": 8000, "dag_id": 250, "run_id": 250, "task_id": 250}


class Ledger(Protocol):
    """The ledger of sends. All methods are called from one thread."""

    #: Whether ``ledger_conn_id`` names this ledger. If so, the export fails when the ledger cannot be read.
    is_required: bool

    def find(self) -> bool:
        """Return whether the ledger exists.

        :raises TruepushWarehouseError: the database could not be queried.
        """

    def sends(self, campaign_ids: Sequence[str]) -> Mapping[str, OwnSend]:
        """Return the recorded sends of these campaigns, by id. Campaigns that were sent otherwise are left out."""

    def close(self) -> None:
        """Release open resources."""

    def __str__(self) -> str:
        """Return a description for the log."""


class OwnSends:
    """Adds the columns about own sends to the rows of an export. All methods are called from one thread.

    :param given: the sends of the argument ``sends``, by the campaign's id. They take precedence over the ledger.
    :param ledger: the ledger; None to look up nothing.
    """

    def __init__(self, given: Mapping[str, OwnSend], ledger: Ledger | None = None) -> None:
        self._given = given
        self._ledger = ledger
        self._reads = False

    def prepare(self) -> None:
        """Look for the ledger, before anything is fetched.

        :raises TruepushWarehouseError: ``ledger_conn_id`` names the ledger, but it cannot be read.
        """
        ledger = self._ledger
        if ledger is None:
            return
        try:
            self._reads = ledger.find()
            if self._reads:
                ledger.sends([])
        except TruepushWarehouseError as error:
            if ledger.is_required:
                raise TruepushWarehouseError(
                    f"ledger_conn_id: {ledger} cannot be read. {error} Nothing was fetched. Check the connection and "
                    "its privilege to read the table, or omit ledger_conn_id."
                ) from error
            self._reads = False
            log.warning("Could not read %s, so the columns of own sends are left unchanged. %s", ledger, error)
            return
        if self._reads:
            log.info("Looking up own sends in %s.", ledger)
        elif ledger.is_required:
            log.warning(
                "Could not find %s, so the columns of own sends stay empty. The first campaign sent with this ledger "
                "creates its table.",
                ledger,
            )

    def add(self, batch: Batch) -> Batch:
        """Return the batch with the columns about own sends filled."""
        found = self._recorded([row.campaign_id for row in batch.rows])
        rows = []
        for row in batch.rows:
            recorded = found.get(row.campaign_id, UNKNOWN)
            given = self._given.get(row.campaign_id)
            send = recorded if given is None else given.over(recorded)
            rows.append(row if send == UNKNOWN else replace(row, send=send))
        return replace(batch, rows=rows)

    def _recorded(self, campaign_ids: Sequence[str]) -> Mapping[str, OwnSend]:
        if not self._reads or self._ledger is None or not campaign_ids:
            return {}
        try:
            return self._ledger.sends(campaign_ids)
        except TruepushWarehouseError as error:
            # Today's counters cannot be fetched later, but the next export can still look the sends up.
            log.warning(
                "Could no longer read %s, so the rows are written without the columns of own sends. %s",
                self._ledger,
                error,
            )
            self._reads = False
            return {}

    def close(self) -> None:
        """Release open resources."""
        if self._ledger is not None:
            self._ledger.close()


def read_sends(field: str, value: Any) -> dict[str, OwnSend]:
    """Read the argument ``sends``: a list of mappings with ``campaign_id`` and fields of a send, or text with the list.

    :raises TruepushValidationError: an item is not a send.
    """
    read = templated.items(field, value)
    sends: dict[str, OwnSend] = {}
    for position, item in enumerate(checks.items(field, read)):
        campaign_id, send = _send(f"{field}[{position}]", item)
        if campaign_id is not None:
            sends[campaign_id] = send.over(sends.get(campaign_id, UNKNOWN))
    return sends


def _send(field: str, item: Any) -> tuple[str | None, OwnSend]:
    if not isinstance(item, Mapping):
        checks.refuse(field, item, "must be a mapping with campaign_id and the fields of a send")
    checks.reject_unknown(field, item, ("campaign_id", *FIELDS))
    campaign_id = checks.object_id(f"{field}.campaign_id", item.get("campaign_id"))
    values = {name: templated.optional(item.get(name)) for name in FIELDS}
    texts = {name: value for name, value in values.items() if value is not None and name != "tags"}
    for name, value in texts.items():
        checks.text(f"{field}.{name}", value)
    if values["segment_id"] is not None:
        checks.segment_id(f"{field}.segment_id", values["segment_id"])
    if values["tags"] is not None:
        tags = templated.items(f"{field}.tags", values["tags"])
        values["tags"] = checks.strings(f"{field}.tags", tags)
    send = OwnSend(**values)
    for name, longest in _LONGEST.items():
        text = send.tags_json if name == "tags" else values[name]
        if text is not None and len(text) > longest:
            checks.refuse(f"{field}.{name}", text, f"must have at most {longest:,} characters")
    # A dry run sent nothing.
    return None if checks.is_dry_run_id(campaign_id) else campaign_id.lower(), send
