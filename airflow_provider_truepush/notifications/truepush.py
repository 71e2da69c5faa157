"""Send a push from a callback: when a task or a Dag run succeeds or fails, or a deadline is missed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import BaseNotifier, conf

from airflow_provider_truepush.api.checks.argument_names import NamesArguments
from airflow_provider_truepush.api.checks.given import NOT_GIVEN, is_empty, refuse_empty, refuse_two_segments
from airflow_provider_truepush.api.checks.literals import templates_of_any_dag
from airflow_provider_truepush.api.checks.values import CHECK_SOURCE, flag, refuse
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.api.errors import (
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushRateLimitError,
)
from airflow_provider_truepush.operators.argument_names import refuse_unknown
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.campaign_arguments import CHECKS, FIELDS, PARTLY
from airflow_provider_truepush.operators.rendering import RendersText

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_truepush.models import Button

#: The consequence of a failed look-up of a segment, for its error.
_NOT_NOTIFIED = "The notification was not sent."
#: Arguments that must not be None.
_NEVER_NONE = ("title", "message", "truepush_conn_id")
#: After these nothing has gone out, whenever they are raised.
_NOT_SENT = (TruepushAuthError, TruepushBadRequestError, TruepushConnectionError, TruepushRateLimitError)


class TruepushNotifier(NamesArguments, RendersText, BaseNotifier):
    """Send a campaign from a callback: ``createCampaign``, one request, never repeated.

    Use it for ``on_success_callback``, ``on_failure_callback`` and similar arguments, and for deadline alerts. Set the
    audience explicitly: a segment, or ``everyone=True``. A failure never fails the task: it is logged as an error that
    says whether the push was sent. The connection's ``dry_run`` and ``require_segment`` apply; ``require_segment``
    also refuses ``everyone=True``.

    .. code-block:: python

        DAG(
            "shop",
            on_failure_callback=send_truepush_notification(
                title="{{ dag.dag_id }} failed",
                message="{{ ti.task_id }} failed in the run of {{ ds }}",
                segment_id="5f8d407ad11b5a2c2c524f63",
            ),
        )

        DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=timedelta(hours=1),
            callback=AsyncCallback(
                TruepushNotifier,
                kwargs={
                    "title": "{{ dag_run.dag_id }} is late",
                    "message": "Missed its deadline",
                    "segment_id": "5f8d407ad11b5a2c2c524f63",
                },
            ),
        )

    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens; None opens the log of the task, or the page of the Dag run.
    :param segment_id: id of the segment to send to.
    :param segment: name of the segment, instead of its id. Exactly one segment must have it.
    :param everyone: True sends to every subscriber of the project. It cannot be a template: write it in the Dag file.
    :param expires_in: how long push services keep trying to deliver: a timedelta, or a number of hours.
    :param buttons: at most two, each a mapping with ``text`` and ``link``, or a ``Button``.
    :param tags: labels of the campaign.
    :param user_interaction: keep the notification on screen until the subscriber acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    :raises TruepushValidationError: while the Dag file is parsed, when no audience is given, or two.
    """

    content_fields: Sequence[str] = (
        "title",
        "message",
        "link",
        "segment_id",
        "expires_in",
        "buttons",
        "tags",
        "user_interaction",
        "image",
        "icon",
    )
    template_fields: Sequence[str] = (*content_fields, "segment", "truepush_conn_id")
    native_fields = ("expires_in", "buttons", "tags", "user_interaction")

    def __init__(
        self,
        *,
        title: str,
        message: str,
        link: str | None = None,
        segment_id: str | None = NOT_GIVEN,
        segment: str | None = NOT_GIVEN,
        everyone: bool = False,
        expires_in: timedelta | float | None = None,
        buttons: Sequence[Button | Mapping[str, str]] = (),
        tags: Sequence[str] = (),
        user_interaction: bool | None = None,
        image: str | None = None,
        icon: str | None = None,
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        literals = {name: value for name, value in locals().items() if name in self.template_fields}
        with checked_at_parse(), templates_of_any_dag():
            self._check_audience(everyone, segment_id, segment)
            literals = {name: value for name, value in literals.items() if value is not None or name in _NEVER_NONE}
            check_literals(literals, CHECKS, FIELDS, template_fields=self.template_fields, partly=PARTLY)
        super().__init__(**kwargs)
        self.title = title
        self.message = message
        self.link = link
        self.segment_id = None if segment_id is NOT_GIVEN else segment_id
        self.segment = None if segment is NOT_GIVEN else segment
        self._is_named = segment is not NOT_GIVEN
        self.everyone = everyone
        self.expires_in = expires_in
        self.buttons = buttons
        self.tags = tags
        self.user_interaction = user_interaction
        self.image = image
        self.icon = icon
        self.truepush_conn_id = truepush_conn_id
        self._templates: dict[str, Any] | None = None
        self._unrendered: Exception | None = None
        self._expires = expires_in is not None
        self._links = link is not None

    @classmethod
    def refuse_unknown(cls, names: Iterable[str]) -> None:
        """Refuse arguments that the notifier does not have, as an error of the Dag file."""
        with checked_at_parse():
            refuse_unknown(cls, names)

    def render_template_fields(self, context: Context, jinja_env: jinja2.Environment | None = None) -> None:
        """Render the fields, from the templates each time; keep an error for :meth:`notify` to log."""
        if self._templates is None:
            self._templates = {name: getattr(self, name) for name in self.template_fields}
        # Rendering puts the results in place of the templates; a Dag's notifier is called for more than one task.
        for name, template in self._templates.items():
            setattr(self, name, template)
        try:
            super().render_template_fields(context, jinja_env)
        except Exception as error:
            self._unrendered = error

    def notify(self, context: Context) -> None:
        """Send the push and log the outcome. Raises nothing."""
        sending = False
        try:
            from airflow_provider_truepush.client.redacted import redacted_errors
            from airflow_provider_truepush.hooks.truepush import TruepushHook
            from airflow_provider_truepush.resources.audience import read_campaign

            with TruepushHook(self.truepush_conn_id) as hook, redacted_errors(hook._look_up_once):
                fields = self._fields(context)
                hook.get_conn()  # the connection is looked up before anything can be in doubt
                campaign = read_campaign(hook, fields, consequence=_NOT_NOTIFIED)
                sending = True
                campaign_id = hook.create_campaign(campaign)
        except Exception as error:
            self._log_failure(error, sending)
        else:
            self._log_success(campaign_id)

    async def async_notify(self, context: Context) -> None:
        """Send the push as :meth:`notify` does, without blocking the event loop, for deadline alerts."""
        sending = False
        try:
            from airflow_provider_truepush.client.redacted import redacted_errors_async
            from airflow_provider_truepush.hooks.truepush import TruepushAsyncHook
            from airflow_provider_truepush.resources.audience import read_campaign_async

            hook = TruepushAsyncHook(self.truepush_conn_id)
            async with redacted_errors_async(hook._look_up_once):
                fields = self._fields(context)
                await hook.get_settings()
                campaign = await read_campaign_async(hook, fields, consequence=_NOT_NOTIFIED)
                sending = True
                campaign_id = await hook.create_campaign(campaign)
        except Exception as error:
            self._log_failure(error, sending)
        else:
            self._log_success(campaign_id)

    def _fields(self, context: Context) -> dict[str, Any]:
        """Return the rendered fields of the campaign."""
        unrendered, self._unrendered = self._unrendered, None
        if unrendered is not None:
            raise unrendered
        segment = self.segment if self._is_named else NOT_GIVEN
        segment_id = NOT_GIVEN if self._is_named or self.everyone else self.segment_id
        self._check_audience(self.everyone, segment_id, segment)
        refuse_empty("truepush_conn_id", self.truepush_conn_id, "notification")
        from airflow_provider_truepush.api import templated

        campaign = {name: getattr(self, name) for name in self.content_fields}
        campaign |= {"segment_id": segment_id, "segment": segment}
        if self._expires:
            refuse_empty("campaign.expires_in", self.expires_in, "notification")
        campaign["expires_in"] = templated.duration("campaign.expires_in", self.expires_in)
        campaign["user_interaction"] = templated.flag("campaign.user_interaction", self.user_interaction)
        for name in ("image", "icon"):
            campaign[name] = templated.optional(campaign[name])
        texts = ("title", "message", "buttons", "tags")
        campaign |= templated.content("campaign", {name: campaign[name] for name in texts})
        if self._links and is_empty(self.link):
            refuse("campaign.link", self.link, "was given and is empty", f"{CHECK_SOURCE}; omit it for Airflow's page")
        if not self._links:
            campaign["link"] = _page(context)
        return campaign

    @staticmethod
    def _check_audience(everyone: Any, segment_id: Any, segment: Any) -> None:
        """Refuse an audience that is missing or ambiguous. Rendered templates are checked again before sending."""
        flag("everyone", everyone)
        if segment is not NOT_GIVEN:
            if everyone:
                refuse("segment", segment, "cannot be set together with everyone=True", "Set one of them")
            refuse_two_segments("campaign.segment", {"segment": segment, "segment_id": segment_id})
            refuse_empty("campaign.segment", segment, "notification")
            return
        if everyone and segment_id is not NOT_GIVEN and segment_id is not None:
            refuse("segment_id", segment_id, "cannot be set together with everyone=True", "Set one of them")
        if not everyone and (segment_id is NOT_GIVEN or is_empty(segment_id)):
            refuse(
                "segment_id",
                None if segment_id is NOT_GIVEN else segment_id,
                "must name a segment",
                "Set segment_id, or segment (its name), or everyone=True to address every subscriber",
            )

    def _log_success(self, campaign_id: str | None) -> None:
        segment = repr(self.segment) if self._is_named else self.segment_id
        audience = "every subscriber" if self.everyone else f"segment {segment}"
        from airflow_provider_truepush.client.redacted import hide

        self.log.info(
            "Notification %s: campaign %s to %s.",
            hide(repr(self.title)),
            campaign_id or "of unknown id",
            hide(audience),
        )

    def _log_failure(self, error: Exception, sending: bool) -> None:
        """Log one line without a traceback: a traceback can show variables, and one of them holds the token."""
        outcome = "was NOT sent"
        if sending and not isinstance(error, _NOT_SENT):
            outcome = "MAY have been sent and will not be repeated"
        title, reason = "(unreadable title)", type(error).__name__
        with suppress(Exception):  # an import, or the text of a foreign error, may fail too
            from airflow_provider_truepush.client.redacted import hide

            title = hide(repr(self.title))
            reason = f"{reason}: {hide(str(error))}"
        self.log.error("Truepush notification %s %s: %s", title, outcome, reason)


def _page(context: Context) -> str:
    """Return the address of the page in Airflow's UI that shows what happened."""
    given: Mapping[str, Any] = {**context}
    task_instance = given.get("ti") or given.get("task_instance")
    address = getattr(task_instance, "log_url", None) or _run_page(given.get("dag_run"))
    if not isinstance(address, str) or not address.startswith(("http://", "https://")):
        refuse("link", address, "must be an http or https address, because Airflow has no page for this callback")
    return address


def _run_page(dag_run: Any) -> str | None:
    """Return the address of a Dag run's page. Deadline alerts pass the run as a mapping, callbacks as an object."""
    run: Mapping[str, Any] = dag_run if isinstance(dag_run, Mapping) else {}
    dag_id = run.get("dag_id") or getattr(dag_run, "dag_id", None)
    run_id = run.get("dag_run_id") or run.get("run_id") or getattr(dag_run, "run_id", None)
    base = conf.get("api", "base_url", fallback="")
    if not (dag_id and run_id and base):
        return None
    return f"{base.rstrip('/')}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"


send_truepush_notification = TruepushNotifier
