"""What becomes of a campaign when the task that sends it is ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from airflow_provider_truepush.api.checks import is_dry_run_id
from airflow_provider_truepush.waiting.campaign_wait import StatsWait

if TYPE_CHECKING:
    from airflow_provider_truepush.sending.store import SendStore


class EndedTask(StatsWait):
    """Mixed into the operator that sends. Airflow calls :meth:`on_kill` from a signal handler, at any moment."""

    _sent: str | None = None
    _send_store: SendStore | None = None
    _ended = False
    _busy = False

    def on_kill(self) -> None:
        """Send nothing any more; cancel what was sent, if asked to."""
        self._ended = True
        # This thread may be in the middle of a question to Airflow, or of a write to its store. Another one from
        # here would wait for the end of that for ever; the task looks by itself when it is through.
        if not self._busy:
            self._cancel_sent()

    def note_cancelled(self, campaign_id: str) -> None:
        """Write down that the campaign does not go out, so that no later try takes it for sent."""
        if self._send_store is None:
            return
        try:
            self._send_store.note_cancelled(campaign_id)
        except Exception as error:
            self.log.error("Could not write down in %s that %s was cancelled: %s", self._send_store, campaign_id, error)

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """For the time in which a signal must not do anything by itself; then do what it would have done."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before
            if self._ended:
                self._cancel_sent()

    def _cancel_sent(self) -> None:
        if not self.cancel_on_kill or self._sent is None or is_dry_run_id(self._sent):
            return
        sent, self._sent = self._sent, None
        if self._send_store is not None and self._send_store.is_superseded():
            self.log.warning("Campaign %s is not cancelled: another try of the task has taken over.", sent)
            return
        self.cancel(sent, "the task was ended")
