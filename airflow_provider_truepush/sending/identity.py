"""The identity of a send: what makes two tries the same send, and the idempotency keys of its record."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from airflow_provider_truepush.sending.record import idempotency_key, is_same_message

#: Digits of a project's fingerprint: so many that no two projects share one.
_FINGERPRINT_DIGITS = 32


def project_fingerprint(token: str) -> str:
    """Return a name of a Truepush project that does not depend on the name of its connection.

    The host is not part of it: two hosts may answer for one project. A project whose token was rotated gets another
    name, so a different name proves nothing.

    :param token: the project's token; the result contains only a digest of it.
    """
    text = f"truepush project\n{token}"
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_FINGERPRINT_DIGITS]


@dataclass(frozen=True, slots=True)
class Identity:
    """One send of one task.

    A task that is not mapped has one send per Dag run. A mapped task has one per item and Dag run: the item is its
    content, at any place in the feed. A ``send_token`` is one send: in a ledger for all tasks and runs that reach the
    project with the same API token, elsewhere within its task and Dag run.

    An item that was edited has other content, so the content alone does not identify it. :mod:`.moved_items` decides
    what to do then.

    :param task: Dag, run and task.
    :param map_index: -1 for a task that is not mapped.
    :param conn_id: id of the Truepush connection.
    :param project: see :func:`project_fingerprint`.
    :param content: see :func:`~airflow_provider_truepush.sending.record.content_hash`.
    :param send_token: the user's own key; None for the task's own identity.
    :param legacy_contents: the hashes that earlier versions recorded for the same content.
    """

    task: str
    map_index: int
    conn_id: str
    project: str = ""
    content: str = ""
    send_token: str | None = None
    legacy_contents: tuple[str, ...] = ()

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
    def run_key(self) -> str:
        """Return the key within the task and Dag run. It does not depend on the project, nor on its connection."""
        if self.send_token is not None:
            return idempotency_key("token", f"{self.task} {self.send_token}")
        return self.key

    @property
    def place_key(self) -> str:
        """Return the key of a token at this map index, whatever project it is sent to."""
        return idempotency_key("token", f"{self.position} {self.send_token}")

    @property
    def item_key(self) -> str:
        """Return the key of this content in this task of this Dag run."""
        return self.item_keys[0]

    @property
    def item_keys(self) -> list[str]:
        """Return that key, and the keys under which earlier versions recorded the same content."""
        return [idempotency_key("item", f"{self.task} {one}") for one in (self.content, *self.legacy_contents)]

    @property
    def position_key(self) -> str:
        """Return the key of the task and map index, whatever it sends."""
        return idempotency_key("", self.position)

    @property
    def legacy_key(self) -> str:
        """Return the key of an earlier version, which contained the connection's id and the map index."""
        return idempotency_key(self.conn_id, self.position if self.send_token is None else self.send_token)

    @property
    def legacy_keys(self) -> list[str]:
        """Return the keys of an earlier version, for the connection's present name and for the default one."""
        names = [self.legacy_key, Identity(self.task, self.map_index, "truepush_default").legacy_key]
        if self.send_token is not None:
            names.append(Identity(self.task, self.map_index, self.conn_id).legacy_key)
            names += self.item_keys if self.is_mapped else [self.position_key]
        return list(dict.fromkeys(names))

    def aliases(self, key: str) -> list[str]:
        """Return the keys under which a ledger also leads to the record of this send.

        :param key: of the record.
        """
        found = [self.position_key] if self.is_mapped else []
        if self.send_token is not None:
            found += [self.legacy_key, self.place_key]
        return [alias for alias in found if alias != key]

    def keys_without_token(self, author: str, conn_id: str) -> set[str]:
        """Return the keys that a record of this content has if it was begun without a token.

        :param author: of the record.
        :param conn_id: of the record.
        """
        index = author.rpartition(" [")[2].rstrip("]")
        legacy = {idempotency_key(name, f"{self.task}/{index}") for name in (self.conn_id, conn_id)}
        return legacy.union(self.item_keys)

    def is_author(self, author: str) -> bool:
        """Report whether a record was written by a try of this task in this Dag run, mapped or not."""
        task = author.partition(" of ")[2]
        return author.startswith("try ") and self.task in (task, task.rpartition(" [")[0])

    def is_content(self, content: str) -> bool:
        """Report whether a recorded hash is of this content.

        :param content: of a record; "" in one that someone wrote by hand, which matches any content.
        """
        return content in ("", self.content, *self.legacy_contents)

    def is_message(self, content: str) -> bool:
        """Report whether a recorded hash is of this message, whenever the campaign goes out and expires.

        :param content: as of :meth:`is_content`.
        """
        return self.is_content(content) or any(
            is_same_message(content, one) for one in (self.content, *self.legacy_contents)
        )
