"""The send store in the task state store of Airflow 3.3 and later."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from typing_extensions import override

from airflow_provider_truepush.api.checks.values import object_id
from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushError,
    TruepushSendStoreError,
    TruepushValidationError,
)
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.store import SendStore, unknown_before
from airflow_provider_truepush.task.state import TaskState, Verb

#: The state key under which a mapped task keeps the keys of everything it has sent.
SENDS_KEY = "truepush_sends"
_LEDGER_KEY = "truepush_ledger"
_VISIT_KEY = "truepush_visited"


def state_key(idempotency_key: str) -> str:
    """Return the state key of a send."""
    return f"truepush_send_{idempotency_key[:16]}"


class TaskStateSendStore(SendStore):
    """Records sends in the task state store, which belongs to one task instance. It survives retries and clears.

    A superseded try can read nothing and write nothing there: the write of the intent is the fence.

    :param store: ``context["task_state_store"]``.
    :param cleared_on_success: whether Airflow empties the store when the task succeeds (``[state_store]
        clear_on_success``), so that an empty one proves nothing.
    :param try_number: number of this try, from 1.
    :param address: of the store in Airflow's REST API, with ``{key}`` where the key belongs.
    :param ledger: opens the ledger for a send that is not recorded here; None without one.
    """

    def __init__(
        self,
        store: Any,
        *,
        cleared_on_success: bool = False,
        try_number: int = 1,
        address: str = "{key}",
        ledger: Callable[[], SendStore] | None = None,
    ) -> None:
        super().__init__()
        self._state = TaskState(store, _store_error)
        self._cleared_on_success = cleared_on_success
        self._try_number = try_number
        self._address = address
        self._ledger = ledger
        #: Another state key under which this send is recorded, such as an earlier version's.
        self._legacy: str | None = None

    @property
    @override
    def key(self) -> str:
        # The store belongs to one task instance, so a token needs no project to be unique in it.
        return "" if self.identity is None else self.identity.run_key

    @property
    def state_key(self) -> str:
        """Return the state key under which this send is recorded."""
        return self._legacy or state_key(self.key)

    @override
    def identify(self, identity: Identity) -> SendStore:
        super().identify(identity)
        self._legacy = self._find_legacy(identity)
        if identity.send_token is None or self._state.get(self.state_key) is not None:
            return self
        if self._ledger is not None:
            return self._ledger().identify(identity)
        if identity.is_mapped:
            return self  # The token names the item within the Dag run.
        raise TruepushValidationError(
            f"send_token: {identity.send_token!r} needs `ledger_conn_id`. Airflow's task state store ends with the Dag "
            "run, so the same token would be sent again in the next run. The campaign was not sent. Set "
            "`ledger_conn_id`, or remove `send_token`: without it a task sends once per Dag run."
        )

    def holds_any(self, identity: Identity) -> bool:
        """Report whether this task instance has recorded a send here.

        :param identity: the send as far as it is known before there is a campaign.
        """
        keys = [SENDS_KEY] if identity.is_mapped else [state_key(identity.position_key)]
        if self._try_number > 1:
            keys += self._legacy_keys(identity)
        return any(self._state.get(key) is not None for key in keys)

    def begun_in(self, identity: Identity) -> tuple[str, int] | None:
        """Return the connection of the ledger in which an earlier try has begun, and its number; None for none."""
        keys = [_LEDGER_KEY]
        if self._try_number > 1:
            keys += [f"{key}_ledger" for key in self._legacy_keys(identity)]
        for key in keys:
            if found := self._state.get(key):
                return str(found["conn_id"]), int(found["since"])
        return None

    def begin_in(self, ledger_conn_id: str) -> None:
        """Record that this task's sends are recorded in a ledger, so that every later try looks there."""
        self._state.set(_LEDGER_KEY, {"conn_id": ledger_conn_id, "since": self._try_number})

    def unproven(self) -> str:
        """Return why an empty store proves nothing; "" where it proves that nothing was sent."""
        if not self._cleared_on_success:
            return ""
        if self._try_number > 1 and self._state.get(_VISIT_KEY) is None:
            return unknown_before(
                self._try_number,
                "Airflow is set to empty the task state store when a task succeeds ([state_store] clear_on_success)",
            )
        self._state.set(_VISIT_KEY, self._try_number)
        return ""

    @override
    def read(self) -> SendRecord | None:
        kept = self._record_at(self.state_key)
        if kept is None and (unproven := self.unproven()):
            raise TruepushAmbiguousError(unproven)
        return kept

    @override
    def disregard(self) -> None:
        self._legacy = None

    @override
    def read_position(self) -> SendRecord | None:
        found = self._sent_here()
        return found[-1] if found else None

    @override
    def sent_here(self) -> Sequence[SendRecord]:
        return self._sent_here()

    @override
    def conflicting(self) -> SendRecord | None:
        assert self.identity is not None
        if not self.identity.is_item:
            return None
        kept = self._state.get(SENDS_KEY)
        sends = kept if isinstance(kept, dict) else {}
        keys = [sends["position"]] if sends.get("position") else []
        if self._try_number > 1:
            keys += [key for key in self._legacy_keys(self.identity) if key not in sends.get("keys", ())]
        for key in keys:
            record = self._record_at(key)
            if record is not None and not self.identity.is_message(record.content):
                return record
        return None

    def _sent_here(self, *, legacy: bool = False) -> list[SendRecord]:
        """Return all records of this task instance, oldest first."""
        assert self.identity is not None
        keys = self._sends() if self.identity.is_mapped else [self.state_key]
        if legacy or self._try_number > 1:
            keys = [*self._legacy_keys(self.identity), *keys]
        found = [self._record_at(key) for key in dict.fromkeys(keys)]
        return [record for record in found if record is not None]

    def _sends(self) -> list[str]:
        kept = self._state.get(SENDS_KEY)
        return [str(key) for key in kept["keys"]] if isinstance(kept, dict) else []

    def _find_legacy(self, identity: Identity) -> str | None:
        """Return another state key of this send: an earlier version's, or of a token or a time that it had before."""
        if self._try_number <= 1 or self._state.get(state_key(identity.run_key)) is not None:
            return None
        found: list[tuple[bool, str]] = []
        for key in [*self._legacy_keys(identity), *(self._sends() if identity.is_item else ())]:
            kept = self._state.get(key)
            if kept is None:
                continue
            # Under a key without an item, other content is another item. Someone wrote a bare id by hand.
            content = str(kept.get("content", "")) if isinstance(kept, dict) else ""
            if not identity.is_item or identity.is_message(content):
                found.append((not identity.is_content(content), key))
        return min(found, default=(False, None), key=lambda entry: entry[0])[1]

    @staticmethod
    def _legacy_keys(identity: Identity) -> list[str]:
        return [state_key(name) for name in identity.legacy_keys]

    def _record_at(self, key: str) -> SendRecord | None:
        kept = self._state.get(key)
        if kept is None:
            return None
        if isinstance(kept, dict):
            with suppress(TypeError, KeyError):
                return SendRecord.from_dict(kept)
        # Otherwise someone wrote the id of the campaign to adopt, or a wrong value.
        campaign_id = object_id(f"state key {key}", kept.strip() if isinstance(kept, str) else kept).lower()
        return SendRecord(self.key, "", "", (), "", "someone", 0.0, 0.0, settled=True, campaign_id=campaign_id)

    @override
    def is_superseded(self) -> bool:
        try:
            return self._state.get(self.state_key) is None
        except TruepushError:  # A task that cannot reach Airflow may have been superseded.
            return True

    @override
    def acquire(self, record: SendRecord) -> None:
        # The write fences off superseded tries. A value that someone wrote since the read must not be lost either.
        if self._state.get(self.state_key) is not None:
            raise TruepushSendStoreError(
                f"{self} was changed after this try had read it. Nothing was sent by this try. Clear the task."
            )
        assert self.identity is not None
        if self.identity.is_mapped:
            keys = dict.fromkeys([*self._sends(), self.state_key])
            self._state.set(SENDS_KEY, {"keys": list(keys), "position": self.state_key})
        self._acquired = record
        self._state.set(self.state_key, record.as_dict())

    @override
    def commit(self, record: SendRecord) -> None:
        self._state.set(self._key_of(record), record.as_dict())

    @override
    def release(self, record: SendRecord) -> None:
        kept = self._state.get(self.state_key)
        own = isinstance(kept, dict) and kept.get("attempt") == record.attempt and not kept.get("settled")
        # A superseded try reads nothing. The store refuses the deletion, and that error must be seen.
        if own or kept is None:
            self._state.delete(self.state_key)

    @override
    def _candidates(self, campaign_id: str) -> Sequence[SendRecord]:
        # A task that was deferred before an upgrade is resumed in the same try.
        return self._sent_here(legacy=True)

    def _key_of(self, record: SendRecord) -> str:
        """Return the state key that a record was read from: resumed after a deferral, the send is not known yet."""
        assert self.identity is not None
        if record.key == self.key:
            return self.state_key
        keys = [state_key(record.key), *self._legacy_keys(self.identity)]
        return next((key for key in keys if self._state.get(key) is not None), self.state_key)

    @override
    def __str__(self) -> str:
        return f"the task state store, key {self.state_key}"

    @override
    def how_to_adopt(self, record: SendRecord) -> str:
        return self.how_to_adopt_unrecorded()

    @override
    def how_to_adopt_unrecorded(self) -> str:
        body = '{"value": "<its id>", "expires_at": null}'
        address = self._address.format(key=self.state_key)
        return f"write its id to the task's state key: PUT {address} {body}, and clear the task"

    @override
    def how_to_forget(self, record: SendRecord) -> str:
        assert self.identity is not None
        if self.identity.is_mapped and not record.author.endswith(f" [{self.identity.map_index}]"):
            return "send it in a new Dag run"  # the map index that has begun it publishes it still
        address = self._address.format(key=self._key_of(record))
        return f"remove the task's state key: DELETE {address}, and clear the task"

    @override
    def how_to_allow_another(self) -> str:
        assert self.identity is not None
        held = [key for key in self._legacy_keys(self.identity) if self._state.get(key) is not None]
        body = json.dumps({"value": {"keys": list(dict.fromkeys([*self._sends(), *held]))}, "expires_at": None})
        return f"write to the task's state key: PUT {self._address.format(key=SENDS_KEY)} {body}, and clear the task"


def _store_error(verb: Verb, key: str, error: Exception) -> TruepushSendStoreError:
    return TruepushSendStoreError(
        f"Airflow's task state store could not be {'read' if verb == 'read' else 'written'} "
        f"({type(error).__name__}: {error}). This request concerned the record of the send only; a campaign is sent "
        "only after its intent was recorded. Airflow may retry the task."
    )
