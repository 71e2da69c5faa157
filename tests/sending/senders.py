"""Ways to send that look reasonable and are not: each is put in the place of :class:`CampaignSending`."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from airflow_provider_truepush.exceptions import (
    TruepushAmbiguousError,
    TruepushConnectionError,
    TruepushRateLimitError,
)
from airflow_provider_truepush.sending.protocol import CampaignSending
from airflow_provider_truepush.sending.reconciler import Reconciler
from airflow_provider_truepush.sending.store import NoSendStore


class _Sender(CampaignSending):
    """With names for what the others use."""

    def __init__(
        self,
        hook: Any,
        store: Any,
        plan: Any,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(hook, store, plan, sleep=sleep, clock=clock)
        self.hook, self.store, self.plan = hook, store, plan


class NaiveRetry(_Sender):
    """What HttpOperator does with ``retries``."""

    def send(self) -> str | None:
        return self.hook.create_campaign(self.plan.campaign)  # type: ignore[no-any-return]


class GetPostSave(_Sender):
    """Look whether it was sent, send, save: the order of Airflow's ResumableJobMixin."""

    def send(self) -> str | None:
        kept = self.store.read()
        if kept is not None:
            return kept.campaign_id  # type: ignore[no-any-return]
        record = self._intent()
        campaign_id = self.hook.create_campaign(self.plan.campaign)
        self.store.commit(record.with_outcome(campaign_id))
        return campaign_id  # type: ignore[no-any-return]


class ResendWhenEmpty(_Sender):
    """All as it should be, but an empty list counts as proof that nothing was sent."""

    def __init__(self, hook: Any, store: Any, plan: Any, **kwargs: Any) -> None:
        super().__init__(hook, store, plan, **kwargs)
        self._reconciler = _Resending(self)


class _Resending(Reconciler):
    def __init__(self, sender: _Sender) -> None:
        super().__init__(sender.hook, sender.store, sender.plan, sender._recorder, sender._search)
        self._sender = sender
        self._seen = ""

    def reconcile(self, record: Any, what: str, resume: Callable[[Any], str | None]) -> str | None:
        try:
            return super().reconcile(record, what, resume)
        except TruepushAmbiguousError:
            if "has no new campaign" not in self._seen:
                raise
            self._sender.store.release(record)
            return self._sender.send()

    def _undecided(self, record: Any, what: str, seen: str) -> str:
        self._seen = seen
        return super()._undecided(record, what, seen)


class ForgetsAtRestart(_Sender):
    """Without a store, a start over within one try that remembers nothing of what the try has begun."""

    def __init__(self, hook: Any, store: Any, plan: Any, **kwargs: Any) -> None:
        if isinstance(store.inner, NoSendStore):
            store.inner.acquire = lambda record: None  # type: ignore[method-assign]
            store.inner.is_current = lambda record: True  # type: ignore[method-assign]
        super().__init__(hook, store, plan, **kwargs)
        self._reconciler = _Guessing(hook, store, plan, self._recorder, self._search)

    def send(self) -> str | None:
        for _ in range(5):
            # The list's refusal is taken for the create's: what was in doubt is begun anew.
            with suppress(TruepushConnectionError, TruepushRateLimitError):
                return self._try()
        raise TruepushAmbiguousError("given up")


class _Guessing(Reconciler):
    def reconcile(self, record: Any, what: str, resume: Callable[[Any], str | None]) -> str | None:
        ours, _ = self._search.look(record)
        if len(ours) == 1:
            return ours[0]
        raise TruepushAmbiguousError(what)
