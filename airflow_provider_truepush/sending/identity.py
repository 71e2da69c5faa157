"""What makes two tries the same send, and under which idempotency keys its record may stand."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from airflow_provider_truepush.sending.record import idempotency_key

#: Of a project's fingerprint: enough that no two projects share one.
_FINGERPRINT_DIGITS = 32


def project_fingerprint(base_url: str, token: str) -> str:
    """Return a name of a Truepush project that does not depend on the name of its connection.

    :param base_url: of the server.
    :param token: of the project; only a digest of it is part of the result.
    """
    text = f"truepush project\n{base_url.rstrip('/').lower()}\n{token}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_FINGERPRINT_DIGITS]


@dataclass(frozen=True, slots=True)
class Identity:
    """One send of one task.

    A task that is not mapped has one send per Dag run. A mapped task has one per item and Dag run: the item is its
    content, wherever in the feed it stands. A ``send_token`` is one send, whatever task and run it comes from.

    :param task: Dag, run and task.
    :param map_index: -1 for a task that is not mapped.
    :param conn_id: id of the Truepush connection.
    :param project: see :func:`project_fingerprint`.
    :param content: see :func:`~airflow_provider_truepush.sending.record.content_hash`.
    :param send_token: the user's own key; None for one of the task's.
    """

    task: str
    map_index: int
    conn_id: str
    project: str = ""
    content: str = ""
    send_token: str | None = None

    @property
    def is_mapped(self) -> bool:
        """Report whether the task is one of several mapped ones."""
        return self.map_index >= 0

    @property
    def is_item(self) -> bool:
        """Report whether the send is identified by its content."""
        return self.is_mapped and self.send_token is None

    @property
    def position(self) -> str:
        """Return Dag, run, task and map index."""
        return f"{self.task}/{self.map_index}"

    @property
    def key(self) -> str:
        """Return the idempotency key: the name of the record, the same for every try at this send."""
        if self.send_token is not None:
            return idempotency_key(f"project {self.project}", self.send_token)
        return self.item_key if self.is_mapped else self.position_key

    @property
    def item_key(self) -> str:
        """Return the key of this content in this task of this Dag run."""
        return idempotency_key("item", f"{self.task} {self.content}")

    @property
    def position_key(self) -> str:
        """Return the key of the task and map index, whatever it sends."""
        return idempotency_key("", self.position)

    @property
    def legacy_key(self) -> str:
        """Return the key of the version before, which held the connection's id and the map index."""
        return idempotency_key(self.conn_id, self.position if self.send_token is None else self.send_token)

    def is_author(self, author: str) -> bool:
        """Report whether a record was written by a try of this task in this Dag run, at any map index."""
        return author.startswith("try ") and author.partition(" of ")[2].rpartition(" [")[0] == self.task
