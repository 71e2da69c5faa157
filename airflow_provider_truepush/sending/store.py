"""Where a send is written down: the task state store of Airflow 3.3, or nowhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import replace
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.api.checks import object_id
from airflow_provider_truepush.api.errors import SendStoreError, TruepushAmbiguousError
from airflow_provider_truepush.sending.record import SendRecord

#: Seconds after the start of a try in which its request must leave, where nothing keeps an overtaken try from sending.
TRY_WITHIN = 600.0


def unknown_before(try_number: int, why: str) -> str:
    """For a person: an earlier try may have sent, and nothing tells.

    :param try_number: number of this try.
    :param why: what is missing.
    """
    return (
        f"This is try {try_number}, and nothing tells whether an earlier one has sent the campaign: {why}. Nothing was "
        "sent by this try. Look in Truepush whether the campaign is out, and decide when the earlier one began "
        f"{TRY_WITHIN / 60:.0f} minutes ago: until then its worker may send, if it still lives. If the campaign is "
        "out, mark the task as success; if not, send it in a new Dag run. A `ledger_conn_id`, set before the first "
        "try, tells it."
    )


class SendStore(ABC):
    """Keeps the record of one send, so that another try at it can read it.

    :param key: see :func:`~airflow_provider_truepush.sending.record.idempotency_key`.
    :cvar sees_others: whether it knows of other sends, and so which campaigns are theirs.
    :cvar lasts: whether a later try can read it.
    """

    sees_others = False
    lasts = True

    def __init__(self, key: str) -> None:
        self.key = key

    @abstractmethod
    def read(self) -> SendRecord | None:
        """The record of an earlier try; None when there was none, or it has sent nothing for certain."""

    @abstractmethod
    def acquire(self, record: SendRecord) -> None:
        """Write the intent. Whatever it raises, nothing may be sent.

        This is the fence: it succeeds for one try at a time, and never for one that has been overtaken.
        """

    @abstractmethod
    def commit(self, record: SendRecord) -> None:
        """Write the outcome."""

    @abstractmethod
    def release(self, record: SendRecord) -> None:
        """Take the own intent back: certainly nothing was sent on it."""

    def note_cancelled(self, campaign_id: str) -> None:
        """Write down that the campaign which is the outcome was cancelled before it went out."""
        kept = self.read()
        if kept is not None and kept.settled and kept.campaign_id == campaign_id:
            self.commit(replace(kept, cancelled=True))

    def is_current(self, record: SendRecord) -> bool:
        """Whether the own intent is still the one that is written down, with no outcome yet."""
        kept = self.read()
        return kept is not None and kept.attempt == record.attempt and not kept.settled

    def is_superseded(self) -> bool:
        """Whether another try has taken over from this one, as far as can be told."""
        return False

    def taken(self, campaign_ids: list[str]) -> set[str]:
        """Which of the campaigns other sends have settled on."""
        return set()

    def has_rivals(self, record: SendRecord) -> bool:
        """Whether another send of this title is open, so that a new campaign may be that one's."""
        return False

    @abstractmethod
    def __str__(self) -> str:
        """What it is, for the log."""

    @abstractmethod
    def how_to_adopt(self, record: SendRecord) -> str:
        """What a person does to name a campaign as the outcome."""

    @abstractmethod
    def how_to_forget(self, record: SendRecord) -> str:
        """What a person does to have it sent again."""


class TaskStateSendStore(SendStore):
    """Keeps the record in the task state store of Airflow 3.3 and later. It survives retries and clears.

    A try that was overtaken can read nothing and write nothing there: the write of the intent is the fence.

    :param store: ``context["task_state_store"]``.
    :param key: see :func:`~airflow_provider_truepush.sending.record.idempotency_key`.
    :param cleared_on_success: whether Airflow empties the store when the task succeeds (``[state_store]
        clear_on_success``), so that an empty one proves nothing.
    :param try_number: number of this try, from 1.
    :param address: of the store in Airflow's REST API, for a person; with ``{key}`` where the key belongs.
    """

    def __init__(
        self, store: Any, key: str, *, cleared_on_success: bool = False, try_number: int = 1, address: str = "{key}"
    ) -> None:
        super().__init__(key)
        self._store = store
        self.state_key = f"truepush_send_{key[:16]}"
        self._ledger_key = f"{self.state_key}_ledger"
        self._visit_key = f"{self.state_key}_visited"
        self._address = address
        self._cleared_on_success = cleared_on_success
        self._try_number = try_number

    def holds_it(self) -> bool:
        """Whether this send stands here, whatever other store there is."""
        return self._store.get(self.state_key) is not None

    def begun_in(self) -> tuple[str, int] | None:
        """The connection of the ledger in which an earlier try has begun, and its number; None for none."""
        found = self._store.get(self._ledger_key)
        return (str(found["conn_id"]), int(found["since"])) if found else None

    def begin_in(self, ledger_conn_id: str) -> None:
        """Note that this send is written down in a ledger, so that every later try looks there."""
        self._set(self._ledger_key, {"conn_id": ledger_conn_id, "since": self._try_number})

    def unproven(self) -> str:
        """Why an empty place proves nothing, for a person; "" where it proves that nothing was sent."""
        if not self._cleared_on_success:
            return ""
        if self._try_number > 1 and self._store.get(self._visit_key) is None:
            return unknown_before(
                self._try_number,
                "Airflow is set to empty the task state store when a task succeeds ([state_store] clear_on_success)",
            )
        self._set(self._visit_key, self._try_number)
        return ""

    @override
    def read(self) -> SendRecord | None:
        kept = self._store.get(self.state_key)
        if kept is None:
            if unproven := self.unproven():
                raise TruepushAmbiguousError(unproven)
            return None
        if isinstance(kept, dict):
            with suppress(TypeError, KeyError):
                return SendRecord.from_dict(kept)
        # Otherwise a person has written the id of the campaign to adopt, or something wrong.
        campaign_id = object_id(f"state key {self.state_key}", kept.strip() if isinstance(kept, str) else kept).lower()
        return SendRecord(self.key, "", "", (), "", "a person", 0.0, 0.0, settled=True, campaign_id=campaign_id)

    @override
    def is_superseded(self) -> bool:
        try:
            return self._store.get(self.state_key) is None
        except Exception:  # whoever cannot reach Airflow any more may well have been given up
            return True

    @override
    def acquire(self, record: SendRecord) -> None:
        # The write keeps overtaken tries out. What a person has written since it was read is not to be lost either.
        if self._store.get(self.state_key) is not None:
            raise SendStoreError(f"Something was written to {self} in the meantime. Nothing was sent by this try.")
        self._set(self.state_key, record.as_dict())

    @override
    def commit(self, record: SendRecord) -> None:
        self._set(self.state_key, record.as_dict())

    @override
    def release(self, record: SendRecord) -> None:
        kept = self._store.get(self.state_key)
        own = isinstance(kept, dict) and kept.get("attempt") == record.attempt and not kept.get("settled")
        # An overtaken try reads nothing, and the store refuses it the deletion: that is to be heard of.
        if own or kept is None:
            self._store.delete(self.state_key)

    def _set(self, key: str, value: Any) -> None:
        from airflow.sdk import NEVER_EXPIRE  # type: ignore[attr-defined]  # Airflow loads it late

        self._store.set(key, value, retention=NEVER_EXPIRE)

    @override
    def __str__(self) -> str:
        return f"the task state store, key {self.state_key}"

    @override
    def how_to_adopt(self, record: SendRecord) -> str:
        body = '{"value": "<its id>", "expires_at": null}'
        address = self._address.format(key=self.state_key)
        return f"write its id to the task's state key: PUT {address} {body}, and clear the task"

    @override
    def how_to_forget(self, record: SendRecord) -> str:
        return (
            f"remove the task's state key: DELETE {self._address.format(key=self.state_key)}, or give the task another "
            "`send_token`, and clear it"
        )


class NoSendStore(SendStore):
    """Keeps nothing beyond this try: Airflow before 3.3 and no ledger. A second try cannot know what the first did.

    :param try_number: number of this try, from 1.
    """

    lasts = False

    def __init__(self, try_number: int) -> None:
        super().__init__("")
        self._try_number = try_number
        self._begun: SendRecord | None = None

    @override
    def read(self) -> SendRecord | None:
        if self._try_number <= 1:
            return self._begun
        why = "there is no task state store before Airflow 3.3, and no `ledger_conn_id` is set"
        raise TruepushAmbiguousError(unknown_before(self._try_number, why))

    @override
    def acquire(self, record: SendRecord) -> None:
        """Kept for as long as this try lasts: it may start over, and must not forget what it has begun."""
        self._begun = record

    @override
    def commit(self, record: SendRecord) -> None:
        """The same."""
        self._begun = record

    @override
    def release(self, record: SendRecord) -> None:
        """The same."""
        self._begun = None

    @override
    def __str__(self) -> str:
        return (
            "nothing: there is no task state store before Airflow 3.3, and no `ledger_conn_id` is set. If this try "
            "does not finish, the next one stops for a person instead of sending"
        )

    @override
    def how_to_adopt(self, record: SendRecord) -> str:
        return "mark the task as success"

    @override
    def how_to_forget(self, record: SendRecord) -> str:
        return "run it in a new Dag run"
