"""The base class of all operators."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from airflow_provider_truepush.api.checks.given import connection_id
from airflow_provider_truepush.api.checks.outcome import meaning
from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
)
from airflow_provider_truepush.operators.mapping import ChecksArguments, of_the_constructor
from airflow_provider_truepush.operators.rendering import RendersText

if TYPE_CHECKING:
    from airflow_provider_truepush.hooks.truepush import TruepushHook


class TruepushOperator(ChecksArguments, RendersText, BaseOperator):
    """Base of the operators of this provider. Their template fields are rendered as text, see ``RendersText``.

    :param truepush_conn_id: id of a connection of type ``truepush``.
    """

    ui_color = "#e8f0fe"
    truepush_conn_id: str

    def __init__(self, **kwargs: Any) -> None:
        # Without one of its own, Airflow takes the signature of BaseOperator for this class's when a task is mapped,
        # and with it defaults that a mapped task cannot run with.
        super().__init__(**of_the_constructor(kwargs))

    @contextmanager
    def truepush(self) -> Iterator[TruepushHook]:
        """Yield the hook and close it at the end. No error that passes shows the token.

        Errors that a retry would only repeat fail the task without a retry.

        These are refused requests, and above all requests that Truepush may have carried out: a retry of a create
        in doubt could reach every subscriber a second time.
        """
        from airflow_provider_truepush.client.redacted import redacted_errors
        from airflow_provider_truepush.hooks.truepush import TruepushHook

        try:
            with meaning(self.consequence):
                connection_id("truepush_conn_id", self.truepush_conn_id, self.needs_connection)
        except TruepushBadRequestError as error:
            raise AirflowFailException(str(error)) from error
        with meaning(self.consequence), TruepushHook(self.truepush_conn_id) as hook:
            try:
                with redacted_errors(hook._look_up_once):
                    yield hook
            except TruepushAmbiguousError as error:
                if error.repeatable:
                    raise
                raise AirflowFailException(str(error)) from error
            except (TruepushAuthError, TruepushBadRequestError) as error:
                raise AirflowFailException(str(error)) from error
