"""Airflow triggers that watch campaigns. They poll, and never create."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_provider_truepush.api.errors import TruepushAuthError
from airflow_provider_truepush.api.protocol import calls
from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
from airflow_provider_truepush.triggers.new_campaigns import TruepushNewCampaignsTrigger as TruepushNewCampaignsTrigger
from airflow_provider_truepush.waiting.cancel import CANCELED
from airflow_provider_truepush.waiting.goal import Goal, Watch
from airflow_provider_truepush.waiting.polling.poller import join, kept_client
from airflow_provider_truepush.waiting.polling.waiters import Waiter


class TruepushCampaignStatsTrigger(BaseTrigger):
    """Poll ``campaignStats`` until the goal is met or missed or the time is up, then fire one event: the verdict.

    A triggerer that restarts, or hands the wait to another one, starts it again with the same deadline. It does not
    know when a counter changed last, which ``settled_after`` needs, nor for how long polls have been failing, which
    ``error_budget`` needs: Airflow has no store that a trigger may write to.

    The last poll comes at the deadline, before all others of the connection and even during a cooldown that Truepush
    asked for. If it gets no answer within a minute, the wait ends as timed out.

    :param campaign_id: the campaign.
    :param truepush_conn_id: id of a connection of type ``truepush``; the token is looked up, never passed.
    :param goal: the arguments of :class:`~airflow_provider_truepush.waiting.goal.Goal`.
    :param poke_interval: seconds between polls; ``Retry-After`` lengthens it.
    :param timeout: seconds that the wait may take.
    :param started_at: when it began, in seconds since the epoch: a wait that moves to another triggerer keeps its
        deadline.
    :param cancel_on_kill: cancel the campaign when someone ends the task (Airflow 3.3+).
    :param carry: JSON primitives that the event returns under ``carry``.
    """

    def __init__(
        self,
        *,
        campaign_id: str,
        truepush_conn_id: str,
        goal: dict[str, Any],
        poke_interval: float = 60.0,
        timeout: float,
        started_at: float,
        cancel_on_kill: bool = False,
        carry: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.campaign_id = campaign_id
        self.truepush_conn_id = truepush_conn_id
        self.goal = goal
        self.poke_interval = poke_interval
        self.timeout = timeout
        self.started_at = started_at
        self.cancel_on_kill = cancel_on_kill
        self.carry = carry

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class and its arguments, all JSON primitives."""
        arguments = {
            "campaign_id": self.campaign_id,
            "truepush_conn_id": self.truepush_conn_id,
            "goal": self.goal,
            "poke_interval": self.poke_interval,
            "timeout": self.timeout,
            "started_at": self.started_at,
            "cancel_on_kill": self.cancel_on_kill,
        }
        if self.carry is not None:
            arguments["carry"] = self.carry
        return f"{type(self).__module__}.{type(self).__qualname__}", arguments

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait for the verdict. All triggers of a connection share one poller."""
        wait = Waiter(Watch(Goal(**self.goal)), self.poke_interval, self.timeout, self.started_at)
        poller = join(self.truepush_conn_id, self.campaign_id, wait)
        try:
            while not (verdict := await wait.next()).over:
                self.log.info("Campaign %s: %s. Counters: %s.", self.campaign_id, verdict.reason, verdict.counters)
        finally:
            poller.leave(self.campaign_id, wait)
        yield TriggerEvent(verdict.as_dict(self.carry))  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Cancel the campaign when someone ends the task, if ``cancel_on_kill`` is set. Airflow allows 30 seconds.

        The cancel goes before all polls, and does not wait for the end of a cooldown.
        """
        if not self.cancel_on_kill:
            return
        canceled = await self._cancel()
        self.log.warning("Campaign %s: the task was ended. %s", self.campaign_id, CANCELED[canceled])

    async def _cancel(self) -> bool | None:
        if (kept := kept_client(self.truepush_conn_id)) is not None:  # a look-up may take seconds, or fail just now
            try:
                async with kept as client:
                    return await client.execute(calls.cancel_or_unknown(self.campaign_id))
            except TruepushAuthError:
                pass  # there may be another token by now
        return await TruepushAsyncHook(self.truepush_conn_id)._run(calls.cancel_or_unknown(self.campaign_id))
