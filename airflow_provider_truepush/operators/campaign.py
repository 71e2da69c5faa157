"""Operators for campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_provider_truepush.api.checks.given import NOT_GIVEN
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.operators.choices import IF_NOT_CANCELLABLE, choice
from airflow_provider_truepush.operators.create_campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.list_delete import ListOperator
from airflow_provider_truepush.operators.target import (
    keep_target,
    names_for_target,
    read_target,
    refuse_two,
    target_checks,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.hooks.truepush import TruepushHook

__all__ = [
    "TruepushCancelCampaignOperator",
    "TruepushCreateCampaignOperator",
    "TruepushGetCampaignStatsOperator",
    "TruepushListCampaignsOperator",
]

_TARGET = target_checks("campaign_id", "campaign_title")
_OTHER_NAMES = names_for_target("campaign", "campaign_id", "campaign_title")
_if_not_cancellable = choice(IF_NOT_CANCELLABLE)


class TruepushCancelCampaignOperator(TruepushOperator):
    """Cancel a campaign before it is sent: ``cancelCampaign``, by title after ``listCampaign``.

    Returns True when the task canceled it, else False.

    :param campaign_id: the campaign's id.
    :param campaign_title: its title, instead of the id. Exactly one campaign of the project must have it.
    :param if_not_cancellable: what to do when it was sent or canceled before: ``fail`` the task, ``skip`` it, or
        ``ignore`` that.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("campaign_id", "campaign_title", "if_not_cancellable", "truepush_conn_id")
    other_names = _OTHER_NAMES
    consequence = "No campaign was canceled."

    def __init__(
        self,
        *,
        campaign_id: str | XComArg | None = NOT_GIVEN,
        campaign_title: str | None = NOT_GIVEN,
        if_not_cancellable: Literal["fail", "skip", "ignore"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        self.check_constructor(
            kwargs,
            {
                "campaign_id": campaign_id,
                "campaign_title": campaign_title,
                "if_not_cancellable": if_not_cancellable,
                "truepush_conn_id": truepush_conn_id,
            },
        )
        super().__init__(**kwargs)
        self.campaign_id, self.campaign_title = keep_target(
            self, campaign_id=campaign_id, campaign_title=campaign_title
        )
        self.if_not_cancellable = if_not_cancellable
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            refuse_two(given, "campaign_id", "campaign_title")
            check_literals(
                given, {**_TARGET, "if_not_cancellable": _if_not_cancellable}, template_fields=cls.template_fields
            )

    def execute(self, context: Context) -> bool:
        """Cancel the campaign."""
        with self.truepush() as hook:
            _if_not_cancellable("if_not_cancellable", self.if_not_cancellable)
            campaign_id = _campaign_id(self, hook, "No campaign was canceled.")
            canceled = hook.cancel_or_unknown(campaign_id)
        if canceled is None:
            self.log.warning(
                "An answer to the cancellation of campaign %s was lost, and the repeated request found it sent or "
                "canceled. The task treats it as canceled. To be certain, check the campaign in Truepush.",
                campaign_id,
            )
            return True
        if canceled:
            self.log.info("Canceled campaign %s.", campaign_id)
            return True
        message = f"Campaign {campaign_id} was sent or canceled before, or does not exist. Nothing was changed."
        if self.if_not_cancellable == "fail":
            raise AirflowFailException(
                f"{message} Check it in Truepush; use if_not_cancellable='skip' or 'ignore' to accept that."
            )
        if self.if_not_cancellable == "skip":
            raise AirflowSkipException(message)
        self.log.info(message)
        return False


class TruepushGetCampaignStatsOperator(TruepushOperator):
    """Fetch a campaign's counters: ``campaignStats``, by title after ``listCampaign``.

    Returns a dict of the current ``reach, sent, delivered, views, clicks, button0, button1, unsubscribers``, or
    None when Truepush has none: the campaign was not sent yet, or it does not exist.

    :param campaign_id: the campaign's id.
    :param campaign_title: its title, instead of the id. Exactly one campaign of the project must have it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    template_fields: Sequence[str] = ("campaign_id", "campaign_title", "truepush_conn_id")
    other_names = _OTHER_NAMES
    consequence = "Nothing was fetched."

    def __init__(
        self,
        *,
        campaign_id: str | XComArg | None = NOT_GIVEN,
        campaign_title: str | None = NOT_GIVEN,
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        self.check_constructor(
            kwargs,
            {
                "campaign_id": campaign_id,
                "campaign_title": campaign_title,
                "truepush_conn_id": truepush_conn_id,
            },
        )
        super().__init__(**kwargs)
        self.campaign_id, self.campaign_title = keep_target(
            self, campaign_id=campaign_id, campaign_title=campaign_title
        )
        self.truepush_conn_id = truepush_conn_id

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            refuse_two(given, "campaign_id", "campaign_title")
            check_literals(given, _TARGET, template_fields=cls.template_fields)

    def execute(self, context: Context) -> dict[str, int] | None:
        """Fetch the counters."""
        with self.truepush() as hook:
            campaign_id = _campaign_id(self, hook, "No counters were fetched.")
            stats = hook.get_campaign_stats(campaign_id)
        if stats is None:
            self.log.warning(
                "Truepush has no counters of campaign %s: it was not sent yet, or does not exist.", campaign_id
            )
            return None
        if stats.extra:
            self.log.warning("Counters that this version does not know were left out: %s.", ", ".join(stats.extra))
        counters = stats.as_dict()
        self.log.info("Campaign %s: %s.", campaign_id, ", ".join(f"{name} {n}" for name, n in counters.items()))
        return counters


def _campaign_id(operator: Any, hook: TruepushHook, consequence: str) -> str:
    """Return the id that was given, or that of the only campaign with the title."""
    campaign_id, title = read_target(operator, "campaign_id", "campaign_title")
    if campaign_id is not None:
        return campaign_id
    from airflow_provider_truepush.resources.names import resolve

    return resolve(hook, "campaign", title or "", field="campaign_title", consequence=consequence, may_be_pending=True)


class TruepushListCampaignsOperator(ListOperator):
    """List every campaign of the project: ``listCampaign``, all pages.

    Returns a list of dicts with ``id`` and ``title``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "campaign"
