"""Operators for campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.checks import object_id, refuse, text
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.create_campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.list_delete import ListOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

__all__ = [
    "TruepushCancelCampaignOperator",
    "TruepushCreateCampaignOperator",
    "TruepushGetCampaignStatsOperator",
    "TruepushListCampaignsOperator",
]

_CHECKS = {"campaign_id": object_id, "truepush_conn_id": text}


def _if_not_cancellable(field: str, value: object) -> None:
    if value not in ("fail", "skip", "ignore"):
        refuse(field, value, "must be 'fail', 'skip' or 'ignore'")


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
        campaign_id: str | XComArg,
        if_not_cancellable: Literal["fail", "skip", "ignore"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        self.check_arguments(
            {
                "campaign_id": campaign_id,
                "if_not_cancellable": if_not_cancellable,
                "truepush_conn_id": truepush_conn_id,
            }
        )
        super().__init__(**kwargs)
        self.campaign_id: str = campaign_id  # type: ignore[assignment]  # a string by the time it is used
        self.if_not_cancellable = if_not_cancellable
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse():
            check_literals(given, {**_CHECKS, "if_not_cancellable": _if_not_cancellable})

    def execute(self, context: Context) -> bool:
        """Cancel the campaign."""
        with self.truepush() as hook:
            _if_not_cancellable("if_not_cancellable", self.if_not_cancellable)
            cancelled = hook.cancel_or_unknown(self.campaign_id)
        if cancelled is None:
            self.log.warning(
                "Campaign %s: an attempt to cancel went unanswered, and to the next one Truepush said that it is sent "
                "or cancelled already. That counts as cancelled; look in Truepush if it must be certain.",
                self.campaign_id,
            )
            return True
        if cancelled:
            self.log.info("Cancelled campaign %s.", self.campaign_id)
            return True
        message = f"Campaign {self.campaign_id} was sent or cancelled already, or is unknown; nothing was changed."
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

    def __init__(
        self, *, campaign_id: str | XComArg, truepush_conn_id: str = DEFAULT_CONNECTION, **kwargs: Any
    ) -> None:
        self.check_arguments({"campaign_id": campaign_id, "truepush_conn_id": truepush_conn_id})
        super().__init__(**kwargs)
        self.campaign_id: str = campaign_id  # type: ignore[assignment]  # a string by the time it is used
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse():
            check_literals(given, _CHECKS)

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


class TruepushListCampaignsOperator(ListOperator):
    """List every campaign of the project: ``listCampaign``, all pages.

    Returns a list of dicts with ``id`` and ``title``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "campaign"
