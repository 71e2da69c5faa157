"""The send_store and the hook with a checkpoint before and after everything they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.models.refs import CampaignRef
from airflow_provider_truepush.api.protocol.newest import Newest
from airflow_provider_truepush.client.sync import SyncClient
from airflow_provider_truepush.emulator.history import Request
from airflow_provider_truepush.exceptions import TruepushAmbiguousError, TruepushSendStoreError
from airflow_provider_truepush.hooks.session import open_session
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.store import SendStore
from tests.sending.attempts import Killed, here

if TYPE_CHECKING:
    from tests.sending.world import World


def says_that_nothing_was_made(row: Request) -> bool:
    """Whether an answer does so for certain: Truepush's own refusals, and whoever asks to come later."""
    own = row.status in (400, 401, 403) and not (row.fault or "").endswith("/status")
    return (own or row.status == 429) and not row.committed


@dataclass(slots=True)
class StoreFault:
    """Makes the next call of a send_store's method fail.

    :param method: which.
    :param done: whether it does its work first.
    :param times: how often.
    """

    method: str
    done: bool
    times: int = 1


class WatchedStore(SendStore):
    """A send_store with checkpoints around each call, and faults in them."""

    def __init__(self, inner: SendStore, world: World) -> None:
        super().__init__()
        self.inner, self._world = inner, world
        self.identity = inner.identity
        self.sees_others, self.is_durable = inner.sees_others, inner.is_durable

    def identify(self, identity: Identity) -> SendStore:
        return WatchedStore(self.inner.identify(identity), self._world)

    def read_position(self) -> SendRecord | None:
        return self.inner.read_position()

    def sent_here(self) -> Sequence[SendRecord]:
        return self.inner.sent_here()

    def sent_in_run(self) -> Sequence[SendRecord]:
        return self.inner.sent_in_run()

    @property
    def key(self) -> str:
        return self.inner.key

    def conflicting(self) -> SendRecord | None:
        found: SendRecord | None = self._do("conflicting")
        return found

    def sees_run(self) -> bool:
        return bool(self._do("sees_run"))

    def close(self) -> None:
        self.inner.close()

    def how_to_allow_another(self) -> str:
        return self.inner.how_to_allow_another()

    def how_to_adopt_unrecorded(self) -> str:
        return self.inner.how_to_adopt_unrecorded()

    def _do(self, method: str, *args: Any) -> Any:
        here().stop_at(f"before {method}")
        fault = next((f for f in self._world.store_faults if f.method == method and f.times), None)
        if fault is not None:
            fault.times -= 1
            if not fault.done:
                raise self._error()
        found = getattr(self.inner, method)(*args)
        if method == "read":
            here().saw_open = self._world.others_open(here())
        if fault is not None:
            raise self._error()
        here().stop_at(f"after {method}")
        return found

    def _error(self) -> Exception:
        return TruepushSendStoreError("made to fail") if self.sees_others else RuntimeError("made to fail")

    def read(self) -> SendRecord | None:
        found: SendRecord | None = self._do("read")
        here().resumed = here().resumed or (found is not None and found.settled)
        return found

    def acquire(self, record: SendRecord) -> None:
        attempt = here()
        attempt.stop_at("before intent")
        attempt.open = True
        attempt.closed_at = self._world.now + 130
        self._do("acquire", record)

    def commit(self, record: SendRecord) -> None:
        self._do("commit", record)
        here().open = False

    def release(self, record: SendRecord) -> None:
        self._do("release", record)
        here().open = False

    def is_current(self, record: SendRecord) -> bool:
        return bool(self._do("is_current", record))

    def is_superseded(self) -> bool:
        return self.inner.is_superseded()

    def taken(self, campaign_ids: list[str]) -> set[str]:
        found: set[str] = self._do("taken", campaign_ids)
        return found

    def has_rivals(self, record: SendRecord) -> bool:
        return bool(self._do("has_rivals", record))

    def __str__(self) -> str:
        return str(self.inner)

    def how_to_adopt(self, record: SendRecord) -> str:
        return self.inner.how_to_adopt(record)

    def how_to_forget(self, record: SendRecord) -> str:
        return self.inner.how_to_forget(record)


class WatchedHook(TruepushHook):
    """The hook with checkpoints around each call."""

    world: World
    #: What it uses instead of its client.
    away: SyncClient | None = None

    @property
    def settings(self) -> Settings:
        return self.world.settings

    def get_conn(self) -> SyncClient:
        return self.away or super().get_conn()

    def create_campaign(self, campaign: Any, *, just_before: Callable[[], None] | None = None) -> str | None:
        attempt, world = here(), self.world
        attempt.stop_at("before create")
        seen = len(world.emulator.requests("createCampaign"))
        refused = False

        def leaving() -> None:
            attempt.stop_at("leaving")
            if just_before is not None:
                just_before()

        if world.refuse:
            # As if Truepush had gone away since the list was read.
            refused = True
            self.away = SyncClient(replace(world.settings, base_url="http://127.0.0.1:9"), open_session)
            world.refuse -= 1
        error: BaseException | None = None
        try:
            return super().create_campaign(campaign, just_before=leaving)
        except BaseException as raised:
            error = raised
            raise
        finally:
            self.away = None
            if not isinstance(error, Killed):
                rows = world.emulator.requests("createCampaign")[seen:]
                clear = refused or all(map(says_that_nothing_was_made, rows))
                if not rows and not refused and isinstance(error, TruepushAmbiguousError):
                    clear = False  # struck before the emulator read it
                attempt.created = attempt.created or error is None
                attempt.in_doubt = attempt.in_doubt or (error is not None and not clear)
                attempt.stop_at("after create")

    def newest_campaigns(self) -> Newest[CampaignRef]:
        here().stop_at("before list")
        found = super().newest_campaigns()
        here().stop_at("after list")
        return found

    def list_campaigns(self, since: datetime | None = None) -> Iterator[Any]:
        here().stop_at("before list")
        rows = list(super().list_campaigns(since))
        here().stop_at("after list")
        return iter(rows)
