"""Rendering of template fields: text stays text, in Dags that render native objects too."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from airflow_provider_truepush.api.checks.literals import OPTIONS

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context


_NOTHING: Any = object()


class RendersText:
    """Base of classes with template fields, before Airflow's own base (an operator, a sensor, a notifier).

    A Dag with ``render_template_as_native_obj=True`` evaluates what a template renders to as Python:
    ``+48100200300`` becomes a number, and so does ``2026_11``. That must not happen to text that subscribers read, to
    ids and to names. So the strings of all template fields, those in lists and mappings too, are rendered as text in
    any mode. An object that an XCom gives to the field passes as it is, and so does text without a template: Jinja
    would remove its last line break, and two names that differ in it would be one.

    A field in :attr:`native_fields` that is a string as a whole is rendered as the Dag says: a template such as
    ``{{ params.tags }}`` then gives the list itself. Strings inside such a field are text.

    :cvar native_fields: template fields that hold numbers, lists or mappings, not text.
    :cvar untouched_fields: template fields that are left to Airflow altogether.
    """

    native_fields: Collection[str] = ()
    untouched_fields: Collection[str] = ()
    #: Set while a field is rendered: how strings become text, or None to leave them to Airflow.
    _text_env: jinja2.Environment | None = None
    _untouched = False
    #: True while a native Dag's field is rendered that is read as Python as a whole.
    _evaluates = False
    #: What :meth:`render_template` returned last.
    _rendered: Any = None

    # Of Airflow's methods only this one knows which field it renders; tests/operators/test_rendering.py watches it.
    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Context,
        jinja_env: jinja2.Environment,
        seen_oids: set[int],
    ) -> None:
        render = super()._do_render_template_fields  # type: ignore[misc]
        if parent is not self:
            render(parent, template_fields, context, jinja_env, seen_oids)
            return
        text_env = self._text_environment(context) if self._renders_natively(context) else None
        for name in template_fields:
            self._untouched = name in self.untouched_fields
            native = name in self.native_fields and isinstance(getattr(self, name, None), str)
            self._text_env = None if native or self._untouched else text_env
            self._evaluates = native and text_env is not None
            self._rendered = _NOTHING
            try:
                render(self, [name], context, jinja_env, seen_oids)
                self._keep_empty(name)
            finally:
                self._text_env, self._untouched, self._evaluates, self._rendered = None, False, False, None

    def _keep_empty(self, name: str) -> None:
        """Set a field that was rendered to nothing. Before 3.3, Airflow's notifiers keep the template in its place."""
        if self._rendered is not _NOTHING and not self._rendered and not callable(getattr(self, name)):
            setattr(self, name, self._rendered)

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render a value. A ``Button`` is rendered as a mapping with ``text`` and ``link``."""
        self._rendered = self._render_one(content, context, jinja_env, seen_oids)
        return self._rendered

    def _render_one(
        self, content: Any, context: Context, jinja_env: jinja2.Environment | None, seen_oids: set[int] | None
    ) -> Any:
        if seen_oids is not None and id(content) in seen_oids:
            return content
        if not self._untouched:
            content = _parts_of(content) or _plain(content)
        if isinstance(content, str) and not self._untouched and not self._evaluates:
            env = self._text_env or jinja_env
            if env is not None and not self._is_file(content) and not _has_template(content, env):
                return content
        if self._text_env is not None and isinstance(content, str):
            return self._as_text(content, context, self._text_env)
        return super().render_template(content, context, jinja_env, seen_oids)  # type: ignore[misc]

    def _as_text(self, content: str, context: Context, env: jinja2.Environment) -> str:
        is_file = self._is_file(content)
        return _render_to_string(env.get_template(content) if is_file else env.from_string(content), context)

    def _is_file(self, content: str) -> bool:
        extensions: Sequence[str] = getattr(self, "template_ext", ())
        return bool(extensions) and content.endswith(tuple(extensions))

    def _renders_natively(self, context: Context) -> bool:
        own = getattr(self, "render_template_as_native_obj", None)  # of an operator, since Airflow 3.2
        if own is not None:
            return bool(own)
        return bool(getattr(self._dag_of(context), "render_template_as_native_obj", False))

    def _dag_of(self, context: Context) -> Any:
        get_dag = getattr(self, "get_dag", None)  # a notifier has none
        return context.get("dag") if get_dag is None else get_dag()

    def _text_environment(self, context: Context) -> jinja2.Environment:
        dag = self._dag_of(context)
        if dag is not None:
            env: jinja2.Environment = dag.get_template_env(force_sandboxed=True)
            return env
        # An operator outside of a Dag that has render_template_as_native_obj=True of its own.
        from airflow.providers.common.compat.sdk import DAG

        plain = DAG("outside", schedule=None)
        return plain.get_template_env(force_sandboxed=True)


def _has_template(content: str, env: jinja2.Environment) -> bool:
    """Return whether an environment of Jinja changes a text."""
    marks = (getattr(env, option) for option in OPTIONS)
    return any(mark in content for mark in marks if mark) or env.preprocess(content) != content


def _plain(content: Any) -> Any:
    """Return text as a plain string. Jinja would send the name of an enumeration's member in place of its text."""
    return str.__str__(content) if isinstance(content, str) else content


def _parts_of(content: Any) -> dict[str, str] | None:
    """Return the parts of a ``Button``. It is frozen, so Airflow cannot render it in place."""
    if isinstance(content, (str, list, tuple, dict, set)) or content is None:
        return None
    from airflow_provider_truepush.api.models.button import Button

    return {"text": content.text, "link": content.link} if isinstance(content, Button) else None


def _render_to_string(template: jinja2.Template, context: Context) -> str:
    try:
        from airflow.sdk.definitions.context import render_template_to_string
    except ImportError:  # Airflow 2 and 3.0
        from airflow.utils.helpers import render_template_to_string  # type: ignore[no-redef]
    return str(render_template_to_string(template, context))
