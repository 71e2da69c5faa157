"""The evidence about an item of a mapped task: what the store, the siblings and the list of campaigns show."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from airflow_provider_truepush.api.checks.values import created_at
from airflow_provider_truepush.api.errors import TruepushAmbiguousError, TruepushServerError
from airflow_provider_truepush.hooks.truepush import TruepushHook
from airflow_provider_truepush.sending import refusals
from airflow_provider_truepush.sending.identity import Identity
from airflow_provider_truepush.sending.record import CLOCKS_APART, SendRecord, is_same_message
from airflow_provider_truepush.sending.sibling_view import SiblingSend, View
from airflow_provider_truepush.sending.siblings import Siblings
from airflow_provider_truepush.sending.store import SendStore

#: How far back the list is read when the beginning of the Dag run is unknown.
_UNKNOWN_RUN = timedelta(days=1)


class ItemEvidence:
    """Finds sends that may be of the same item, although no record says so.

    :param hook: the project.
    :param store: the send store.
    :param siblings: the other map indexes.
    :param title: of the campaign.
    :param clock: the present moment, in seconds.
    """

    def __init__(
        self, hook: TruepushHook, store: SendStore, siblings: Siblings, title: str, clock: Callable[[], float]
    ) -> None:
        self._hook = hook
        self._store = store
        self._siblings = siblings
        self._title = title
        self._clock = clock

    @property
    def _identity(self) -> Identity:
        assert self._store.identity is not None
        return self._store.identity

    def orphans(self, view: View, *, has_moved: bool) -> list[str]:
        """Return the titles of sent campaigns whose items were removed from the feed.

        This item may be an edited version of one of them.
        """
        if self._identity.send_token is not None or not has_moved:
            return []
        held = [item for _, item in view.items]
        own = f" of {self._identity.task} [{self._siblings.map_index}]"
        sent: list[SiblingSend | SendRecord] = [
            *view.sends,
            *(send for send in self._store.sent_in_run() if self._store.sees_others and not send.author.endswith(own)),
        ]
        mine = {send.content for send in self._store.sent_here()}
        return sorted(
            {
                send.title
                for send in sent
                if send.content not in mine and not any(is_same_message(send.content, item) for item in held)
            }
        )

    def check_token(self, view: View, *, has_moved: bool) -> None:
        """Stop if the same content was sent under another token, which may have been changed.

        :raises TruepushAmbiguousError: it was.
        """
        identity = self._identity
        if identity.send_token is None or view.sends_of(identity, has_moved=has_moved):
            return
        own = [*self._store.sent_here(), *self._store.sent_in_run()]
        keys = {identity.key, identity.run_key, *identity.item_keys, identity.legacy_key}
        here = [send for send in own if identity.is_message(send.content) and send.key not in keys]
        sent: list[SiblingSend | SendRecord] = list(here)
        if has_moved:
            sent += [send for send in view.sends if identity.is_message(send.content)]
        else:
            index = f" [{self._siblings.map_index}]"
            sent = [send for send in here if not identity.is_mapped or send.author.endswith(index)]
        if sent:
            raise TruepushAmbiguousError(refusals.other_token(sent[0].campaign_id, self._title))

    def unattributed(self, own: set[str | None]) -> list[str]:
        """Return the campaigns of the title, created since the Dag run began, that have no known sender.

        :param own: campaigns of this map index.
        """
        began = self._siblings.began
        if began is None:
            began = datetime.fromtimestamp(self._clock(), UTC) - _UNKNOWN_RUN
        # Where nothing was cleared, campaigns of the run before are not a reason to wait.
        since = began - (CLOCKS_APART if self._siblings.was_cleared else timedelta(0))
        try:
            rows = [row.id for row in self._hook.list_campaigns(since=since) if row.title == self._title]
        except TruepushAmbiguousError as error:
            # Nothing was sent yet, so a retry is safe.
            raise TruepushServerError(f"{error} No campaign was sent.") from error
        # Read last: the sender of a campaign in the list has published it by now, or is about to.
        known = own | {send.campaign_id for send in self._siblings.look().sends}
        rows = [campaign_id for campaign_id in rows if campaign_id not in known]
        rows = [campaign_id for campaign_id in rows if (made := created_at(campaign_id)) is None or made >= since]
        taken = self._store.taken(rows) if self._store.sees_others else set()
        return [campaign_id for campaign_id in rows if campaign_id not in taken]
