"""Operators for campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.fields import refuse
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.models import Button


class TruepushCreateCampaignOperator(TruepushOperator):
    """Create a campaign, to be sent at once or at a time: ``createCampaign``, sent once and never repeated.

    Returns the campaign's id, or None when Truepush created it without telling the id. Bad values, and anything
    that leaves open whether the campaign went out, fail the task without a retry.

    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param send_at: when to send; None sends at once. An aware datetime or a string in ISO 8601, converted to the
        connection's ``timezone``; a naive one is read in that zone.
    :param expires_in: how long push services keep trying to deliver: a timedelta, or a number of hours.
    :param buttons: at most two, each a mapping with ``text`` and ``link``, or a ``Button``.
    :param tags: labels of the campaign.
    :param segment_id: id of the segment to send to; None sends to every subscriber of the project.
    :param user_interaction: keep the notification on screen until the person acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    content_fields: Sequence[str] = (
        "title",
        "message",
        "link",
        "send_at",
        "expires_in",
        "buttons",
        "tags",
        "segment_id",
        "user_interaction",
        "image",
        "icon",
    )
    template_fields: Sequence[str] = (*content_fields, "truepush_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"buttons": "json", "tags": "json"}

    def __init__(
        self,
        *,
        title: str,
        message: str,
        link: str,
        send_at: datetime | str | None = None,
        expires_in: timedelta | float | None = None,
        buttons: Sequence[Button | Mapping[str, str]] = (),
        tags: Sequence[str] = (),
        segment_id: str | None = None,
        user_interaction: bool | None = None,
        image: str | None = None,
        icon: str | None = None,
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.title = title
        self.message = message
        self.link = link
        self.send_at = send_at
        self.expires_in = expires_in
        self.buttons = buttons
        self.tags = tags
        self.segment_id = segment_id
        self.user_interaction = user_interaction
        self.image = image
        self.icon = icon
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> str | None:
        """Send the campaign."""
        campaign = {name: getattr(self, name) for name in self.content_fields}
        with self.truepush() as hook:
            campaign_id = hook.create_campaign(campaign)
        if campaign_id is None:
            self.log.warning("Truepush created the campaign %r and did not tell its id.", self.title)
        else:
            self.log.info("Created campaign %s: %r.", campaign_id, self.title)
        return campaign_id


class TruepushCancelCampaignOperator(TruepushOperator):
    """Cancel a campaign before it is sent: ``cancelCampaign``. Returns whether this cancelled it.

    :param campaign_id: the campaign.
    :param if_not_cancellable: what to do when it was sent or cancelled already: ``fail`` the task, ``skip`` it,
        or ``ignore`` that.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("campaign_id", "if_not_cancellable", "truepush_conn_id")

    def __init__(
        self,
        *,
        campaign_id: str,
        if_not_cancellable: Literal["fail", "skip", "ignore"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.if_not_cancellable = if_not_cancellable
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> bool:
        """Cancel the campaign."""
        with self.truepush() as hook:
            if self.if_not_cancellable not in ("fail", "skip", "ignore"):
                refuse("if_not_cancellable", self.if_not_cancellable, "must be 'fail', 'skip' or 'ignore'")
            cancelled = hook.cancel_campaign(self.campaign_id)
        if cancelled:
            self.log.info("Cancelled campaign %s.", self.campaign_id)
            return True
        message = f"Campaign {self.campaign_id} was sent or cancelled already; nothing was changed."
        if self.if_not_cancellable == "fail":
            raise AirflowFailException(message)
        if self.if_not_cancellable == "skip":
            raise AirflowSkipException(message)
        self.log.info(message)
        return False


class TruepushGetCampaignStatsOperator(TruepushOperator):
    """Fetch a campaign's counters: ``campaignStats``.

    Returns a dict of ``reach, sent, delivered, views, clicks, button0, button1, unsubscribers`` as of now, or
    None when Truepush has none: not sent yet, or no such campaign.

    :param campaign_id: the campaign.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("campaign_id", "truepush_conn_id")

    def __init__(self, *, campaign_id: str, truepush_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.campaign_id = campaign_id
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> dict[str, int] | None:
        """Fetch the counters."""
        with self.truepush() as hook:
            stats = hook.get_campaign_stats(self.campaign_id)
        if stats is None:
            self.log.warning("Truepush has no statistics of campaign %s: not sent yet, or unknown.", self.campaign_id)
            return None
        if stats.extra:
            self.log.warning("Counters this version does not know are left out: %s", sorted(stats.extra))
        self.log.info("Campaign %s: %s", self.campaign_id, stats.as_dict())
        return stats.as_dict()


class TruepushListCampaignsOperator(TruepushOperator):
    """List every campaign of the project: ``listCampaign``, all pages.

    Returns a list of dicts with ``id`` and ``title``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("truepush_conn_id",)

    def __init__(self, *, truepush_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Fetch the list."""
        with self.truepush() as hook:
            rows = [row.as_dict() for row in hook.list_campaigns()]
        self.log.info("The project has %d campaigns.", len(rows))
        return rows
