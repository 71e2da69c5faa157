"""``@task.truepush_campaign``: the function returns the campaign, the task sends it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache, partial
from inspect import isasyncgenfunction, isawaitable, iscoroutinefunction, isgeneratorfunction
from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.providers.common.compat.sdk import (
    SET_DURING_EXECUTION,
    DecoratedOperator,
    context_merge,
    determine_kwargs,
    task_decorator_factory,
)

from airflow_provider_truepush.api.checks.given import refuse_empty_fields
from airflow_provider_truepush.api.checks.values import refuse, reject_unknown
from airflow_provider_truepush.decorators.passed import (
    AUDIENCE,
    LOST,
    PassedArguments,
    none_in_expand,
    none_in_expand_kwargs,
    passed_arguments,
)
from airflow_provider_truepush.operators.arguments import checked_at_parse
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from airflow_provider_truepush.operators.campaign_arguments import FIELDS, send_token
from airflow_provider_truepush.operators.mapping import NONE_IN_DAG_FILE, check_task
from airflow_provider_truepush.operators.parameters import parameter_names

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, TaskDecorator

    from airflow_provider_truepush.api.models.campaign import Campaign
    from airflow_provider_truepush.hooks.truepush import TruepushHook


class _TruepushCampaignDecoratedOperator(DecoratedOperator, TruepushCreateCampaignOperator):
    """Send the campaign that a function returns: a ``Campaign``, a mapping with its field names, or None to skip.

    Campaign fields that are given as arguments, or in ``default_args``, are defaults for the fields that the function
    leaves out. The mapping may have a segment's name as ``segment`` in place of ``segment_id``. It may have a
    ``send_token``, the key of one item: mapped tasks whose order changes then send each item once. A ``segment_id``,
    ``segment``, ``send_at``, ``expires_in`` or ``send_token`` in it must not be empty.

    The campaign is sent as the function returns it. Templates in it are not rendered, because its text may come from
    an untrusted source.

    :param python_callable: the function.
    :param op_args: its positional arguments (templated).
    :param op_kwargs: its keyword arguments (templated).
    :param kwargs: the arguments of ``TruepushCreateCampaignOperator``.
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

    if not hasattr(DecoratedOperator, "xcom_push"):
        #: Airflow 3.0 reads this attribute, but its operators do not have it. Airflow 2.11 has a method of that name.
        xcom_push = None

    def __init__(
        self,
        *,
        python_callable: Callable[..., Campaign | Mapping[str, Any] | None],
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        title: Any = SET_DURING_EXECUTION,
        message: Any = SET_DURING_EXECUTION,
        link: Any = SET_DURING_EXECUTION,
        **kwargs: Any,
    ) -> None:
        _refuse_async(python_callable)
        # Airflow infers it from a function that is annotated to return a mapping; the task returns the campaign's id.
        kwargs["multiple_outputs"] = False
        none_in_mapped = kwargs.pop(NONE_IN_DAG_FILE, None)
        own = {*kwargs, *(kwargs.get("default_args") or {})}
        super().__init__(
            python_callable=python_callable,
            op_args=op_args,
            op_kwargs=op_kwargs,
            title=title,
            message=message,
            link=link,
            **kwargs,
        )
        self._defaults: dict[str, Any] | None = None
        self._own = frozenset(own & LOST)
        # Here only those XComs are resolved that the task is mapped over.
        passed = passed_arguments(python_callable, op_args, op_kwargs)
        none = {name for name, value in passed.items() if value is None}
        self._none_in_dag_file = frozenset(none if none_in_mapped is None else none.intersection(none_in_mapped))

    def _campaign(self, context: Context, hook: TruepushHook) -> Campaign | None:
        if self._defaults is None:  # a later try may have this instance, and the fields hold the campaign then
            self._defaults = {name: value for name, value in self._content().items() if value is not None}
        context_merge(context, self.op_kwargs)
        kwargs = determine_kwargs(self.python_callable, self.op_args, context)
        returned: Any = self.python_callable(*self.op_args, **kwargs)
        if returned is None:
            return None
        from airflow_provider_truepush.api.models.campaign import Campaign
        from airflow_provider_truepush.api.templated import check_rendered

        if isinstance(returned, Campaign):
            returned = Campaign.read(returned).given()
        if not isinstance(returned, Mapping):
            if isawaitable(returned):
                getattr(returned, "close", lambda: None)()
            refuse(
                "campaign", returned, "was returned by the function, which must return a Campaign, a mapping or None"
            )
        fields = dict(returned)
        self._refuse_lost(fields)
        reject_unknown("campaign", fields, (*FIELDS, "send_token"))
        for name, value in fields.items():  # a function may put None into a text, as a template may
            check_rendered(name, f"campaign.{name}", value)
        refuse_empty_fields("campaign", fields, ("expires_in",))
        if "send_token" in fields:
            self.send_token = send_token("campaign.send_token", fields.pop("send_token"))
        defaults = dict(self._defaults)
        if "segment" in fields or "segment_id" in fields:  # what the function returns is meant, by id or by name
            defaults = {name: value for name, value in defaults.items() if name not in ("segment", "segment_id")}
        campaign = self._read({**defaults, **fields}, hook)
        for name, value in campaign.as_dict().items():
            setattr(self, name, value)
        return campaign

    def _refuse_lost(self, returned: Mapping[str, Any]) -> None:
        """Refuse an argument that was meant for the task and that only the function got."""
        function = self.python_callable
        passed = PassedArguments(
            function, passed_arguments(function, self.op_args, self.op_kwargs), self._none_in_dag_file, returned
        )
        own = {name: value for name, value in (self._defaults or {}).items() if name in AUDIENCE}
        passed.refuse_lost(self._has, own)
        passed.refuse_misnamed(self._has, own, parameter_names(type(self)))

    def _has(self, name: str, value: Any) -> bool:
        """Return whether the operator was given an argument, or has this value of it by default."""
        if name in FIELDS:  # the attributes hold the campaign of an earlier try
            return name in (self._defaults or {})
        own = getattr(self, name)
        return own is not None and (name in self._own or own is value or (isinstance(value, str) and own == value))


def _refuse_async(python_callable: Callable[..., Any]) -> None:
    """Refuse a function whose call does not return the campaign."""
    function: Any = python_callable
    while isinstance(function, partial):
        function = function.func
    for kind in (function, type(function).__call__):
        if iscoroutinefunction(kind) or isgeneratorfunction(kind) or isasyncgenfunction(kind):
            name = getattr(function, "__name__", type(function).__name__)
            with checked_at_parse():
                refuse(
                    "python_callable",
                    name,
                    "is async or a generator, so its call returns no campaign",
                    "Write a plain function, and run async code in it with asyncio.run()",
                )


@cache
def _checked(kind: Any) -> type[Any]:
    """Return a class of task decorators that checks the arguments while the Dag file is parsed.

    :param kind: Airflow's class.
    """
    operator = _TruepushCampaignDecoratedOperator

    class CheckedTaskDecorator(kind):  # type: ignore[misc]
        def override(self, **kwargs: Any) -> Any:
            changed = super().override(**kwargs)
            operator.check_defaults(changed.kwargs.get("default_args"))
            return changed

        def expand(self, **map_kwargs: Any) -> Any:
            none = none_in_expand(self.kwargs.get("op_kwargs") or {}, map_kwargs)
            return self._check(kind.expand(self._with_defaults(), **map_kwargs), none)

        def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> Any:
            none = none_in_expand_kwargs(self.kwargs.get("op_kwargs") or {}, kwargs, is_strict=strict)
            return self._check(kind.expand_kwargs(self._with_defaults(), kwargs, strict=strict), none)

        def _with_defaults(self) -> Any:
            # Airflow drops those default_args of the task that it does not know itself when the task is mapped.
            more = operator.applicable(self.kwargs.get("default_args") or {}, self.kwargs)
            return super().override(**more)

        def _check(self, mapped: Any, none_in_dag_file: list[str]) -> Any:
            mapped.operator.partial_kwargs[NONE_IN_DAG_FILE] = none_in_dag_file
            given = {**self._with_defaults().kwargs, "python_callable": self.function}
            check_task(operator, mapped.operator, given, is_whole=True)
            return mapped

    return CheckedTaskDecorator


def truepush_campaign_task(
    python_callable: Callable[..., Campaign | Mapping[str, Any] | None] | None = None, **kwargs: Any
) -> TaskDecorator:
    """Turn a function that returns a campaign into a task that sends it.

    :param python_callable: the function; None when the decorator is called with arguments.
    :param kwargs: see :class:`_TruepushCampaignDecoratedOperator`.
    """
    # The other arguments are checked when the function is called or mapped: only then its Dag is known.
    _TruepushCampaignDecoratedOperator.check_defaults(kwargs.get("default_args"))

    def decorate(function: Callable[..., Any]) -> Any:
        _refuse_async(function)
        task: Any = task_decorator_factory(
            python_callable=function, decorated_operator_class=_TruepushCampaignDecoratedOperator, **kwargs
        )
        kind: Any = type(task)
        task.__class__ = _checked(kind)
        return task

    return cast("TaskDecorator", decorate if python_callable is None else decorate(python_callable))
