"""The send store: where the intent to send and its outcome are recorded, so that a send happens at most once."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from typing_extensions import override

from airflow_provider_truepush.api.errors import TruepushAmbiguousError
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord

#: Seconds after the start of a try in which its request must leave, where nothing keeps a superseded try from sending.
TRY_WITHIN = 600.0

#: Seconds between attempts to record that a campaign was canceled. The task is being ended, so there are few.
_CANCELLATION_PAUSES = (0.2, 0.5)


def unknown_before(try_number: int, why: str) -> str:
    """Return the error for a try that cannot know what an earlier one did.

    :param try_number: number of this try.
    :param why: what is missing.
    """
    return (
        f"It is unknown whether an earlier try already sent this campaign (this is try {try_number}): {why}. "
        "This try sent nothing. This needs a manual decision:\n"
        f"- Wait until {TRY_WITHIN / 60:.0f} minutes after the earlier try started, since its worker may still send "
        "until then. Then look in Truepush.\n"
        "- If the campaign exists, mark the task as success.\n"
        "- If it does not, send it in a new Dag run.\n"
        "- To avoid this next time, set `ledger_conn_id` before the first try."
    )


class SendStore(ABC):
    """Records one send, so that another try at it can read the record.

    :cvar sees_others: whether it knows of other sends, and of their campaigns.
    :cvar is_durable: whether a later try can read it.
    """

    sees_others = False
    is_durable = True

    def __init__(self) -> None:
        self.identity: Identity | None = None
        self._acquired: SendRecord | None = None

    def identify(self, identity: Identity) -> SendStore:
        """Bind the store to one send, and return the store in which that send is recorded.

        :param identity: the send.
        """
        self.identity = identity
        return self

    @property
    def key(self) -> str:
        """Return the idempotency key of the send."""
        return "" if self.identity is None else self.identity.key

    @abstractmethod
    def read(self) -> SendRecord | None:
        """Return the record of an earlier try; None when there was none, or it certainly sent nothing."""

    def disregard(self) -> None:  # noqa: B027  # most stores find an item by its whole content
        """Take what :meth:`read` returned for another item: the same message, to go out at another time."""

    def read_position(self) -> SendRecord | None:
        """Return a record of this task at this map index in this Dag run, whatever it sent."""
        return self.read()

    def conflicting(self) -> SendRecord | None:
        """Return what this map index has sent in this Dag run, if that is another item."""
        return None

    def sent_here(self) -> Sequence[SendRecord]:
        """Return everything that this map index has sent in this Dag run, as far as is known."""
        return []

    def sent_in_run(self) -> Sequence[SendRecord]:
        """Return everything that this task has sent in this Dag run, as far as the store knows."""
        return self.sent_here()

    def sees_run(self) -> bool:
        """Report whether an absent record proves that no sibling of a mapped task has sent this item."""
        return False

    @abstractmethod
    def acquire(self, record: SendRecord) -> None:
        """Write the intent. Whatever this raises, nothing may be sent.

        This is the fence: it succeeds for one try at a time, and never for a superseded one.
        """

    @abstractmethod
    def commit(self, record: SendRecord) -> None:
        """Write the outcome."""

    @abstractmethod
    def release(self, record: SendRecord) -> None:
        """Withdraw the own intent. Certainly nothing was sent for it."""

    def record_cancellation(self, campaign_id: str) -> None:
        """Record that a campaign was canceled before it went out, whether or not its outcome was recorded before.

        :param campaign_id: the campaign.
        """
        for pause in (*_CANCELLATION_PAUSES, None):
            try:
                if (record := self._of_campaign(campaign_id)) is not None:
                    self.commit(replace(record, settled=True, campaign_id=campaign_id, cancelled=True))
                return
            except Exception:
                if pause is None:
                    raise
                time.sleep(pause)

    def _of_campaign(self, campaign_id: str) -> SendRecord | None:
        """Return the record that a campaign belongs to: its outcome, or the intent that this try has sent on."""
        for record in self._candidates(campaign_id):
            if record.settled and record.campaign_id == campaign_id:
                return record
            if not record.settled and self._acquired is not None and record.attempt == self._acquired.attempt:
                return record
        return None

    def _candidates(self, campaign_id: str) -> Sequence[SendRecord]:
        record = self.read()
        return [] if record is None else [record]

    def is_current(self, record: SendRecord) -> bool:
        """Report whether the own intent is still the one that is recorded, with no outcome yet."""
        stored = self.read()
        return stored is not None and stored.attempt == record.attempt and not stored.settled

    def is_superseded(self) -> bool:
        """Report whether another try has taken over from this one, as far as is known."""
        return False

    def taken(self, campaign_ids: list[str]) -> set[str]:
        """Return which of the campaigns are recorded as the outcome of other sends."""
        return set()

    def has_rivals(self, record: SendRecord) -> bool:
        """Report whether another send of this title is open, so that a new campaign may be that one's."""
        return False

    def close(self) -> None:  # noqa: B027  # most stores have nothing to close
        """Close connections. The store opens them again when it is used."""

    @abstractmethod
    def __str__(self) -> str:
        """Return a description of the store, for the log."""

    @abstractmethod
    def how_to_adopt(self, record: SendRecord) -> str:
        """Return how someone records a campaign as the outcome."""

    @abstractmethod
    def how_to_forget(self, record: SendRecord) -> str:
        """Return how someone has it sent again."""

    def how_to_adopt_unrecorded(self) -> str:
        """Return how someone records a campaign as the outcome of a send that has no record."""
        return "mark the task as success"

    def how_to_allow_another(self) -> str:
        """Return how someone lets this map index send another item, without forgetting what it has sent."""
        return "send the new item in a new Dag run"


class NoSendStore(SendStore):
    """Records nothing beyond this try: Airflow before 3.3 without a ledger. A second try cannot know of the first.

    :param try_number: number of this try, from 1.
    """

    is_durable = False

    def __init__(self, try_number: int) -> None:
        super().__init__()
        self._try_number = try_number
        self._begun: SendRecord | None = None

    @override
    def read(self) -> SendRecord | None:
        if self._try_number <= 1:
            return self._begun
        why = "Airflow before 3.3 has no task state store, and `ledger_conn_id` is not set"
        raise TruepushAmbiguousError(unknown_before(self._try_number, why))

    @override
    def acquire(self, record: SendRecord) -> None:
        """Keep the intent while this try lasts: it may retry, and must not forget what it has begun."""
        self._begun = self._acquired = record

    @override
    def commit(self, record: SendRecord) -> None:
        """Keep the outcome while this try lasts."""
        self._begun = record

    @override
    def release(self, record: SendRecord) -> None:
        """Forget the intent."""
        self._begun = None

    @override
    def __str__(self) -> str:
        return (
            "nothing: Airflow before 3.3 has no task state store, and `ledger_conn_id` is not set. If this try does "
            "not finish, the next one sends nothing and needs a manual decision"
        )

    @override
    def how_to_adopt(self, record: SendRecord) -> str:
        return "mark the task as success"

    @override
    def how_to_forget(self, record: SendRecord) -> str:
        return "send it in a new Dag run"
