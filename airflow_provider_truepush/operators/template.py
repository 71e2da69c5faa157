"""Operators for templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.later import Later
from airflow_provider_truepush.operators.base import DEFAULT_CONNECTION, TruepushOperator
from airflow_provider_truepush.operators.create_by_name import (
    IF_EXISTS,
    CreateByName,
    check_choice,
    renders_natively,
)
from airflow_provider_truepush.operators.list_delete import DeleteOperator, ListOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.api import templated
    from airflow_provider_truepush.hooks.truepush import TruepushHook
    from airflow_provider_truepush.models import Button, Template
else:
    templated = Later("airflow_provider_truepush.api.templated")


class TruepushCreateTemplateOperator(TruepushOperator):
    """Create a template, unless there is one of its name: ``listTemplate``, then ``createTemplate``, sent once.

    Returns the template's id, or None when Truepush created it and neither its answer nor the list tells the id.
    When no readable answer comes, the list is asked once more: one new template of the name is taken for it, anything
    else fails the task without a retry. Bad values fail it before anything is sent.

    :param name: the template's name. Truepush takes a name twice; this operator looks it up, letter by letter.
    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param buttons: at most two, each a mapping with ``text`` and ``link``, or a ``Button``.
    :param tags: labels.
    :param user_interaction: keep the notification on screen until the person acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :param if_exists: what to do when there is a template of this name: ``fail`` the task; ``reuse`` it as it is,
        whatever it says, and fail if there are several; or ``replace`` it: create the new one, and when it is
        certain to exist delete every other of the name. Triggers keep the id of the template they were made with:
        replace them as well.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    content_fields: Sequence[str] = (
        "name",
        "title",
        "message",
        "link",
        "buttons",
        "tags",
        "user_interaction",
        "image",
        "icon",
    )
    template_fields: Sequence[str] = (*content_fields, "if_exists", "truepush_conn_id")
    native_fields = ("buttons", "tags", "user_interaction")
    template_fields_renderers: ClassVar[dict[str, str]] = {"buttons": "json", "tags": "json"}

    def __init__(
        self,
        *,
        name: str,
        title: str,
        message: str,
        link: str,
        buttons: Sequence[Button | Mapping[str, str]] = (),
        tags: Sequence[str] = (),
        user_interaction: bool | None = None,
        image: str | None = None,
        icon: str | None = None,
        if_exists: Literal["fail", "reuse", "replace"] = "fail",
        truepush_conn_id: str = DEFAULT_CONNECTION,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.title = title
        self.message = message
        self.link = link
        self.buttons = buttons
        self.tags = tags
        self.user_interaction = user_interaction
        self.image = image
        self.icon = icon
        self.if_exists = if_exists
        self.truepush_conn_id = truepush_conn_id

    def execute(self, context: Context) -> str | None:
        """Create the template, or settle for the one that is there."""
        with self.truepush() as hook:
            check_choice("if_exists", self.if_exists, IF_EXISTS)
            template = self._template()
            create = CreateByName("template", template.name, hook.list_templates)
            if create.before and self.if_exists != "replace":
                return create.settle_existing(self.if_exists)
            old = f"The old template {', '.join(create.old_ids)} is there as before." if create.before else ""
            template_id = create.send(lambda: hook.create_template(template), old)
            if create.before:
                self._delete_old(hook, template_id, create.old_ids)
            return template_id

    def _template(self) -> Template:
        native = renders_natively(self)
        given = {name: getattr(self, name) for name in self.content_fields}
        content = templated.content("template", given, native=native)
        from airflow_provider_truepush.models import Template

        return Template.read({"name": templated.text("template.name", self.name, native=native), **content})

    def _delete_old(self, hook: TruepushHook, template_id: str | None, old_ids: Sequence[str]) -> None:
        if template_id is None:
            raise AirflowFailException(
                f"The new template {self.name!r} was created, but nothing tells its id, and so nothing was deleted: "
                f"{', '.join(old_ids)} of the same name exist beside it. Delete what is too much in Truepush."
            )
        deleted, failures = [], []
        for old_id in old_ids:
            try:
                hook.delete_template(old_id)
                deleted.append(old_id)
            except TruepushError as error:
                failures.append(f"{old_id} ({error})")
        if failures:
            # A retry would create another copy before it got as far as this again.
            raise AirflowFailException(
                f"The new template {template_id} {self.name!r} was created; deleted of the old ones: "
                f"{', '.join(deleted) or 'none'}; not certainly deleted: {', '.join(failures)}. Delete these in "
                "Truepush, or run the task again later: it replaces every template of the name."
            )
        if not hook.settings.dry_run:
            self.log.info("Replaced template %s of the same name.", ", ".join(deleted))


class TruepushDeleteTemplateOperator(DeleteOperator):
    """Delete a template: ``deleteTemplate``. Returns whether this deleted it.

    :param template_id: the template.
    :param if_missing: what to do when there is none of that id: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "template"
    template_fields: Sequence[str] = ("template_id", *DeleteOperator.template_fields)

    def __init__(self, *, template_id: str | XComArg, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.template_id: str = template_id  # type: ignore[assignment]  # a string by the time it is used


class TruepushListTemplatesOperator(ListOperator):
    """List every template of the project: ``listTemplate``, all pages.

    Returns a list of dicts with ``id`` and ``name``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "template"
