"""What the map indexes of one task know of each other, where no ledger sees them all.

The items of a mapped task move when its feed is reordered, grown or shrunk between tries and clears, and Airflow's
task state store shows a map index only its own records. So each one also publishes what it has sent as an XCom, which
its siblings can read. An XCom that is missing proves nothing: Airflow deletes it when a task starts again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord

log = logging.getLogger(__name__)

#: The XCom in which a map index publishes what it has sent.
XCOM_KEY = "truepush_sends"


@dataclass(frozen=True, slots=True)
class SiblingSend:
    """What a map index has published of one send.

    :param map_index: of the task that has sent it.
    :param key: the idempotency key of the send.
    :param content: hash of what was sent.
    :param is_open: whether the outcome is not known yet.
    :param campaign_id: the campaign; None while it is not known.
    :param cancelled: whether the task has canceled it.
    """

    map_index: int
    key: str
    content: str
    is_open: bool
    campaign_id: str | None
    cancelled: bool = False


class Siblings:
    """The other map indexes of a task in this Dag run.

    :param map_index: the own one.
    :param was_cleared: whether something of the Dag run was cleared, so that the feed may have changed.
    :param began: when the Dag run began at the earliest; None when that is not known.
    :param pull: returns the XComs of all map indexes of the task under a key; None without XComs.
    :param push: writes an XCom of this task under a key; None without XComs.
    :param running: returns the map indexes of the task that run at this moment; None where Airflow does not say.
    """

    def __init__(
        self,
        map_index: int,
        *,
        was_cleared: bool,
        began: datetime | None,
        pull: Callable[[str], Any] | None = None,
        push: Callable[[str, Any], None] | None = None,
        running: Callable[[], set[int]] | None = None,
    ) -> None:
        self.map_index = map_index
        self.was_cleared = was_cleared
        self.began = began
        self._pull = pull
        self._push = push
        self._running = running
        self._published: dict[str, dict[str, Any]] = {}

    def publish(self, records: Iterable[SendRecord]) -> None:
        """Publish what this map index has sent, or is about to send. Never fails the task."""
        for record in records:
            self._published[record.key] = {
                "key": record.key,
                "content": record.content,
                "open": not record.settled,
                "campaign_id": record.campaign_id,
                "cancelled": record.cancelled,
            }
        self._write()

    def withdraw(self, record: SendRecord) -> None:
        """Publish that this send was not made after all."""
        if self._published.pop(record.key, None) is not None:
            self._write()

    def _write(self) -> None:
        if self._push is None:
            return
        try:
            self._push(XCOM_KEY, {"map_index": self.map_index, "sends": list(self._published.values())})
        except Exception as error:
            log.warning(
                "Could not publish the sends of map index %d to its siblings: %s. This send is not affected.",
                self.map_index,
                error,
            )

    def silent(self) -> set[int]:
        """Return the siblings that run and have published nothing: what they have sent before is not known.

        Airflow marks a task as running before it deletes the XComs of its last try, so they are asked for first.
        """
        if self._running is None or self._pull is None:
            return set()
        heard = {int(entry.get("map_index", -1)) for entry in self._entries() if isinstance(entry, Mapping)}
        try:
            return self._running() - heard - {self.map_index}
        except Exception as error:
            log.warning("Could not read which map indexes run: %s", error)
            return set()

    def sends(self) -> list[SiblingSend]:
        """Return what the siblings have published."""
        return [send for entry in self._entries() for send in _sends(entry) if send.map_index != self.map_index]

    def _entries(self) -> list[Any]:
        if self._pull is None:
            return []
        try:
            found = self._pull(XCOM_KEY)
            return [found] if isinstance(found, Mapping) else list(found or [])
        except Exception as error:
            log.warning("Could not read what other map indexes have sent: %s", error)
            return []

    def find(self, identity: Identity) -> SiblingSend | None:
        """Return a sibling's send that is this one; the one whose outcome is known, if there are several.

        :param identity: this send. With a token it is also what a sibling has sent with the same content and none.
        """
        found = [
            send
            for send in self.sends()
            if send.key == identity.key
            or (send.content == identity.content and (identity.is_item or send.key == identity.item_key))
        ]
        return min(found, key=lambda send: send.is_open, default=None)


def _sends(entry: Any) -> Iterable[SiblingSend]:
    if not isinstance(entry, Mapping):
        return
    for send in entry.get("sends") or ():
        if isinstance(send, Mapping) and send.get("content"):
            campaign_id = send.get("campaign_id")
            yield SiblingSend(
                int(entry.get("map_index", -1)),
                str(send.get("key")),
                str(send["content"]),
                bool(send.get("open")),
                None if campaign_id is None else str(campaign_id),
                bool(send.get("cancelled")),
            )


def earliest(moments: Iterable[Any]) -> datetime | None:
    """Return the earliest of some moments; None when there is none.

    :param moments: aware datetimes; whatever is something else is left out.
    """
    known = [moment for moment in moments if isinstance(moment, datetime) and moment.tzinfo is not None]
    return min(known).astimezone(UTC) if known else None
