"""What the map indexes of one task have published, as one of them reads it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord


@dataclass(frozen=True, slots=True)
class SiblingSend:
    """What a map index has published of one send.

    :param map_index: the map index that sent it.
    :param keys: the idempotency keys of the send.
    :param content: hash of what was sent.
    :param is_open: whether the outcome is not known yet.
    :param campaign_id: the campaign; None while it is not known.
    :param title: of the campaign.
    :param cancelled: whether the task canceled it.
    :param conn_id: id of the Truepush connection.
    :param project: its fingerprint.
    :param clear_number: how often the run had been cleared when it was published; None if unknown.
    :param intent: the whole record of a send whose outcome is not known yet; None where it was not published.
    """

    map_index: int
    keys: tuple[str, ...]
    content: str
    is_open: bool
    campaign_id: str | None
    title: str = ""
    cancelled: bool = False
    conn_id: str = ""
    project: str = ""
    clear_number: int | None = None
    intent: SendRecord | None = None


@dataclass(frozen=True, slots=True)
class View:
    """What the siblings have published at one moment.

    :param sends: what they have sent.
    :param items: hashes of the items that they have now, by map index.
    :param current: those of them that were published since the last clear.
    :param gone: map indexes with a send whose outcome they will never record: the feed has another item for them now,
        or they are not part of the run any more.
    :param undecided: map indexes that have begun a try and not published yet what they have sent.
    :param silent: those that run and have published nothing: what they have sent before is not known.
    :param failed: those that do not run, whose last try ended before it published what they have sent, and that may
        have sent the item of this map index.
    :param pending: those that have sent something and start again: which item they will have is not known.
    :param incomplete: those that have begun a retry and not published what they have sent, where there are no states.
    :param was_restarted: whether one of them has started again, so that the feed may have changed.
    :param is_newer: whether one of them was started by a later clear than this try, so that the own item is outdated.
    :param has_moved: whether one of them has another item than it has sent.
    """

    sends: tuple[SiblingSend, ...] = ()
    items: tuple[tuple[int, str], ...] = ()
    current: tuple[tuple[int, str], ...] = ()
    gone: frozenset[int] = frozenset()
    undecided: frozenset[int] = frozenset()
    silent: frozenset[int] = frozenset()
    failed: frozenset[int] = frozenset()
    pending: frozenset[int] = frozenset()
    incomplete: frozenset[int] = frozenset()
    was_restarted: bool = False
    has_moved: bool = False
    is_newer: bool = False

    def sends_of(self, identity: Identity, *, has_moved: bool) -> list[SiblingSend]:
        """Return the sends that are the given one. With a token, sends of the same content without one count as well.

        :param identity: the send.
        :param has_moved: whether the feed may have moved. If not, the send of another project is another one,
            because tasks that are mapped over connections send the same content to each project.
        """
        keys, item_keys = {identity.key, identity.run_key}, set(identity.item_keys)
        return [
            send
            for send in self.sends
            if (
                keys.intersection(send.keys)
                or (
                    identity.is_content(send.content)
                    and (identity.send_token is None or not item_keys.isdisjoint(send.keys))
                )
            )
            and (has_moved or not send.project or send.project == identity.project or send.conn_id == identity.conn_id)
        ]


def read_sends(map_index: int, entry: Mapping[str, Any]) -> list[SiblingSend]:
    """Read the sends of a map index from its XCom.

    :param map_index: which.
    :param entry: the XCom.
    """
    found = []
    for send in entry.get("sends") or ():
        if isinstance(send, Mapping) and send.get("content"):
            campaign_id = send.get("campaign_id")
            found.append(
                SiblingSend(
                    map_index,
                    tuple(str(key) for key in (send.get("keys") or [send.get("key")])),
                    str(send["content"]),
                    bool(send.get("open")),
                    None if campaign_id is None else str(campaign_id),
                    str(send.get("title") or ""),
                    bool(send.get("cancelled")),
                    str(send.get("conn_id") or ""),
                    str(send.get("project") or ""),
                    entry.get("clear"),
                    _read_intent(send.get("intent")),
                )
            )
    return found


def _read_intent(given: Any) -> SendRecord | None:
    """Return the record of an open send; None where another version of the provider has published it."""
    if isinstance(given, Mapping):
        with suppress(TypeError, KeyError, ValueError):
            return SendRecord.from_dict(given)
    return None
