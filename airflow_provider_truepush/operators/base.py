"""The base class of all operators."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
)
from airflow_provider_truepush.operators.arguments import CheckedPartial
from airflow_provider_truepush.operators.rendering import RendersText

if TYPE_CHECKING:
    from airflow_provider_truepush.hooks.truepush import TruepushHook


class TruepushOperator(RendersText, BaseOperator):
    """Base of the operators of this provider. Their template fields are rendered as text, see ``RendersText``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    ui_color = "#e8f0fe"
    truepush_conn_id: str

    def __init__(self, **kwargs: Any) -> None:
        # Without one of its own, Airflow takes the signature of BaseOperator for this class's when a task is mapped,
        # and with it defaults that a mapped task cannot run with.
        super().__init__(**kwargs)

    @classmethod
    def check_arguments(cls, given: Mapping[str, Any]) -> None:
        """Check the arguments that are literals. Constructors, ``partial`` and ``expand`` call it.

        :param given: arguments by name.
        :raises TruepushArgumentError: a literal is wrong, or the argument does not exist.
        """

    @classmethod
    def check_defaults(cls, defaults: object) -> None:
        """Refuse keys of ``default_args`` that mean an argument of this operator and are not its name."""

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """Create a partial operator as Airflow does, and check its literals."""
        own = inspect.signature(cls.__init__).parameters
        defaults = kwargs.get("default_args") or {}
        cls.check_defaults(defaults)
        # Airflow hands the defaults of the Dag to a mapped task, but of the task's own only those it knows itself.
        kwargs = {**{name: value for name, value in defaults.items() if name in own}, **kwargs}
        cls.check_arguments(kwargs)
        return CheckedPartial(super().partial(**kwargs), cls.check_arguments, kwargs)

    @contextmanager
    def truepush(self) -> Iterator[TruepushHook]:
        """Yield the hook and close it at the end. No error that passes shows the token.

        Errors that a retry would only repeat fail the task without a retry.

        These are refused requests, and above all requests that Truepush may have carried out: a retry of a create
        in doubt could reach every subscriber a second time.
        """
        from airflow_provider_truepush.client.redacted import redacted_errors
        from airflow_provider_truepush.hooks.truepush import TruepushHook

        with TruepushHook(self.truepush_conn_id) as hook:
            try:
                with redacted_errors():
                    yield hook
            except TruepushAmbiguousError as error:
                if error.repeatable:
                    raise
                raise AirflowFailException(str(error)) from error
            except (TruepushAuthError, TruepushBadRequestError) as error:
                raise AirflowFailException(str(error)) from error
