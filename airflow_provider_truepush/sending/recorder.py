"""Record intents and outcomes, in several attempts, and publish them to the siblings of a mapped task."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_truepush.client.redacted import get_logger
from airflow_provider_truepush.sending.plan import SendPlan
from airflow_provider_truepush.sending.record import SendRecord
from airflow_provider_truepush.sending.store import SendStore

log = get_logger(__name__)

#: Seconds between attempts to record an outcome, or that there is none: without it someone has to find out.
PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: The same for an intent that was refused: a superseded try cannot withdraw anything, however long it tries.
_ACQUIRE_PAUSES = (0.5, 0.5, 0.5)


class Recorder:
    """Records what becomes of a send.

    :param store: the send store.
    :param plan: what is sent.
    :param sleep: how to wait.
    """

    def __init__(self, store: SendStore, plan: SendPlan, sleep: Callable[[float], None]) -> None:
        self._store = store
        self._plan = plan
        self._sleep = sleep
        #: Attempts of this try on which nothing was sent, for certain.
        self.unsent: set[str] = set()

    def acquire(self, record: SendRecord) -> None:
        """Record the intent. Whatever this raises, nothing may be sent."""
        try:
            self._store.acquire(record)
        except BaseException:  # also a timeout of Airflow
            # It may be recorded although the answer was lost, and nothing will be sent on it.
            self.release(record, _ACQUIRE_PAUSES)
            raise
        self._publish([record])

    def commit(self, record: SendRecord, campaign_id: str | None) -> bool:
        """Record the outcome; report whether that worked. The campaign exists either way."""
        self._plan.known(campaign_id)
        outcome = record.with_outcome(campaign_id)
        was_recorded = self._write(
            self._store.commit,
            outcome,
            f"the outcome, campaign {campaign_id},",
            PAUSES,
            "If the task runs again, it looks for the campaign in the list.",
        )
        self._publish([outcome])
        return was_recorded

    def release(self, record: SendRecord, pauses: tuple[float, ...] = PAUSES) -> None:
        """Withdraw the intent. Certainly nothing was sent for it."""
        self.unsent.add(record.attempt)
        self._write(
            self._store.release,
            record,
            "that nothing was sent",
            pauses,
            "If the task runs again, it may ask for a manual decision: the campaign was not sent.",
        )
        if self._plan.siblings is not None:
            self._plan.siblings.withdraw(record)

    def publish_all(self, record: SendRecord) -> None:
        """Publish what this map index has sent, this record included, to the siblings of a mapped task."""
        if self._plan.siblings is not None:
            own = {record.key: record for record in self._store.sent_here()}
            self._publish([*own.values(), record])

    def _publish(self, records: list[SendRecord]) -> None:
        if self._plan.siblings is not None:
            self._plan.siblings.publish(records)

    def _write(
        self,
        action: Callable[[SendRecord], None],
        record: SendRecord,
        what: str,
        pauses: tuple[float, ...],
        consequence: str,
    ) -> bool:
        """Write; report whether it worked. This never fails the task, because the send itself is done or undone."""
        for number, pause in enumerate((*pauses, None), start=1):
            try:
                action(record)
            except Exception as error:
                if pause is None or getattr(error, "is_permanent", False):
                    log.error("Could not record %s in %s: %s. %s", what, self._store, error, consequence)
                    return False
                log.warning(
                    "Could not record %s in %s (attempt %d of %d, next in %.1f s): %s",
                    what,
                    self._store,
                    number,
                    len(pauses) + 1,
                    pause,
                    error,
                )
                self._sleep(pause)
            else:
                return True
        return False
