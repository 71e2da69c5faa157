"""Operators for templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_truepush.api.checks.given import NOT_GIVEN, connection_id
from airflow_provider_truepush.api.checks.values import text
from airflow_provider_truepush.api.connection.form import DEFAULT_CONNECTION
from airflow_provider_truepush.operators import campaign_arguments
from airflow_provider_truepush.operators.arguments import check_literals, checked_at_parse
from airflow_provider_truepush.operators.base import TruepushOperator
from airflow_provider_truepush.operators.choices import IF_EXISTS, check_choice, choice
from airflow_provider_truepush.operators.list_delete import DeleteOperator, ListOperator
from airflow_provider_truepush.operators.target import keep_target, names_for_target
from airflow_provider_truepush.operators.task_records import changes, of_project, run_began

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Context, XComArg

    from airflow_provider_truepush.models import Button, Template

#: The checks of the arguments; those of the content are a campaign's.
_CONTENT = ("title", "message", "link", "buttons", "tags", "user_interaction", "image", "icon")
_CHECKS = {
    "name": text,
    **{name: campaign_arguments.CHECKS[name] for name in _CONTENT},
    "if_exists": choice(IF_EXISTS),
    "truepush_conn_id": connection_id,
}
_FIELDS = {name: f"template.{name}" for name in ("name", *_CONTENT)}


class TruepushCreateTemplateOperator(TruepushOperator):
    """Create a template, unless one of its name exists: ``listTemplate``, then ``createTemplate``, sent once.

    Returns the template's id, or None when Truepush created it and neither its answer nor the list reports the id.
    After a lost answer the list is read once more: one new template of the name is taken to be this one; anything
    else needs a manual decision. On Airflow 3.3 and later a retry knows what an earlier try created. Invalid values
    fail the task before anything is sent.

    :param name: the template's name, compared letter by letter. Truepush accepts a name twice; this operator does not.
    :param title: first line of the notification.
    :param message: its text.
    :param link: the http or https address it opens.
    :param buttons: at most two, each a mapping with ``text`` and ``link``, or a ``Button``.
    :param tags: labels.
    :param user_interaction: keep the notification on screen until the subscriber acts.
    :param image: address of a large picture.
    :param icon: address of the icon.
    :param if_exists: what to do when a template of this name exists. ``fail`` fails the task. ``reuse`` keeps it as it
        is and logs a warning, because the API cannot read its content; it fails if several have the name. ``replace``
        creates the new one and then deletes every other of the name. Triggers keep the id of the template they were
        created with: replace them as well.
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
    consequence = "The template was not created."
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
        arguments = {name: value for name, value in locals().items() if name not in ("self", "kwargs", "__class__")}
        self.check_constructor(kwargs, arguments)
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

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the literals among some arguments."""
        with checked_at_parse(cls.consequence, given.get("dag")):
            partly = campaign_arguments.PARTLY
            check_literals(given, _CHECKS, _FIELDS, template_fields=cls.template_fields, partly=partly)

    def execute(self, context: Context) -> str | None:
        """Create the template, or keep the existing one."""
        with (
            changes(context, "create", "template", self.name, self.truepush_conn_id) as (records, mapped),
            self.truepush() as hook,
        ):
            of_project(records, hook)
            check_choice("if_exists", self.if_exists, IF_EXISTS)
            template = self._template()
            from airflow_provider_truepush.resources.change_record import content_hash
            from airflow_provider_truepush.resources.create_template import CreateTemplate

            create = CreateTemplate(
                hook,
                template.name,
                lambda: hook.create_template(template),
                content_hash(template.payload()),
                self.if_exists,
                records,
                run_began(context),
                mapped,
            )
            return create.run()

    def _template(self) -> Template:
        from airflow_provider_truepush.api import templated
        from airflow_provider_truepush.models import Template

        given = {name: getattr(self, name) for name in self.content_fields}
        content = templated.content("template", given)
        return Template.read({"name": templated.text("template.name", self.name), **content})


class TruepushDeleteTemplateOperator(DeleteOperator):
    """Delete a template: ``deleteTemplate``, by name after ``listTemplate``.

    Returns True when the task deleted it, else False.

    :param template_id: the template's id.
    :param template: its name, instead of the id. Exactly one template must have it.
    :param if_missing: what to do when the template does not exist: ``ignore`` that, ``skip`` the task or ``fail`` it.
    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "template"
    name_field = "template"
    other_names = names_for_target("template", "template_id", "template")
    template_fields: Sequence[str] = ("template_id", "template", *DeleteOperator.template_fields)

    def __init__(
        self, *, template_id: str | XComArg | None = NOT_GIVEN, template: str | None = NOT_GIVEN, **kwargs: Any
    ) -> None:
        self.check_constructor(kwargs, {"template_id": template_id, "template": template})
        super().__init__(**kwargs)
        self.template_id, self.template = keep_target(self, template_id=template_id, template=template)


class TruepushListTemplatesOperator(ListOperator):
    """List every template of the project: ``listTemplate``, all pages.

    Returns a list of dicts with ``id`` and ``name``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    resource = "template"
