"""``@task.truepush_campaign``: the function returns the campaign, the task sends it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.providers.common.compat.sdk import (
    SET_DURING_EXECUTION,
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from airflow_provider_truepush.api.checks import refuse
from airflow_provider_truepush.operators.audience import EVERYONE, NOTHING
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator

    from airflow_provider_truepush.api.models.campaign import Campaign


class _TruepushCampaignDecoratedOperator(DecoratedOperator, TruepushCreateCampaignOperator):
    """Sends the campaign that a function returns: a ``Campaign``, a mapping with its field names, or None to skip.

    What the function returns is sent as it is; templates in it are not rendered, since it may come from elsewhere.

    :param python_callable: the function.
    :param op_args: its positional arguments (templated).
    :param op_kwargs: its keyword arguments (templated).
    :param kwargs: the arguments of ``TruepushCreateCampaignOperator``, but for the campaign's own fields.
    """

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *TruepushCreateCampaignOperator.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **TruepushCreateCampaignOperator.template_fields_renderers,
    }
    # The function's own arguments are rendered as for any decorated task.
    untouched_fields = tuple(DecoratedOperator.template_fields)
    custom_operator_name = "@task.truepush_campaign"
    # The campaign is known only once the function has run; the UI shows it from then on.
    overwrite_rtif_after_execution = True

    def __init__(
        self,
        *,
        python_callable: Callable[..., Campaign | Mapping[str, Any] | None],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        for name in TruepushCreateCampaignOperator.content_fields:
            if name in kwargs:
                raise TypeError(f"@task.truepush_campaign takes no {name!r}: the function returns the campaign")
        # Airflow infers it from a function that is annotated to return a mapping; the task returns the campaign's id.
        kwargs["multiple_outputs"] = False
        super().__init__(
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            title=SET_DURING_EXECUTION,
            message=SET_DURING_EXECUTION,
            link=SET_DURING_EXECUTION,
            **kwargs,
        )

    def _campaign(self, context: Context) -> Campaign | None:
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        returned = self.python_callable(*self.op_args, **kwargs)
        if returned is None:
            return None
        mapped = isinstance(returned, Mapping) and returned.get("segment_id", EVERYONE) in NOTHING
        if mapped or getattr(returned, "segment_lost", False):
            refuse(
                "campaign.segment_id",
                None,
                "is what the function returned, and without a segment this would go to every subscriber. Leave the "
                "key out where everyone is meant",
            )
        from airflow_provider_truepush.api.models.campaign import Campaign

        campaign = Campaign.read(returned)
        for name, value in campaign.as_dict().items():
            setattr(self, name, value)
        return campaign


def truepush_campaign_task(
    python_callable: Callable[..., Campaign | Mapping[str, Any] | None] | None = None, **kwargs: Any
) -> TaskDecorator:
    """Turn a function that returns a campaign into a task that sends it.

    :param python_callable: the function; None when the decorator is called with arguments.
    :param kwargs: see :class:`_TruepushCampaignDecoratedOperator`.
    """
    return task_decorator_factory(
        python_callable=python_callable,
        decorated_operator_class=_TruepushCampaignDecoratedOperator,
        **kwargs,
    )
