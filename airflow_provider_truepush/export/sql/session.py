"""A connection to a database, and the retries of its transactions."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    stop_any,
)

from airflow_provider_truepush.export.sql.engine import Engine
from airflow_provider_truepush.export.sql.errors import (
    NotConnectedError,
    TruepushSchemaError,
    TruepushWarehouseError,
    class_and_text,
)

T = TypeVar("T")

log = logging.getLogger(__name__)


class Session:
    """Runs work in transactions. The connection is opened when it is first needed, and again after it was lost.

    :param engine: the database.
    :param conn_id: the connection's id, for messages.
    :param patience: seconds for which transient errors are retried.
    """

    def __init__(self, engine: Engine, conn_id: str, patience: float) -> None:
        self._engine = engine
        self._conn_id = conn_id
        self._patience = patience
        self.connection: Any = None

    def close(self) -> None:
        """Close the connection."""
        connection, self.connection = self.connection, None
        if connection is not None:
            try:
                connection.close()
            except Exception as error:
                log.debug("Could not close the connection %s (%s).", self._conn_id, class_and_text(error))

    def do(self, work: Callable[[Any], T]) -> T:
        """Run work in its own transaction, and retry it after transient errors."""
        waits = _waits(self._patience)
        retrying = Retrying(
            retry=retry_if_exception(self._is_transient),
            stop=stop_any(stop_after_attempt(len(waits) + 1), stop_after_delay(self._patience)),
            # Random, so that two exports which blocked each other do not retry at the same time.
            # tenacity also asks for the wait after the last attempt.
            wait=lambda state: (*waits, 0.0)[state.attempt_number - 1] * random.uniform(0.8, 1.2),  # noqa: S311
            before_sleep=partial(self._complain, attempts=len(waits) + 1),
            reraise=True,
        )
        try:
            result: T = retrying(self._once, work)
        except (TruepushWarehouseError, TruepushSchemaError):
            raise
        except NotConnectedError as error:
            raise TruepushWarehouseError(
                f"Could not connect to the database of the connection {self._conn_id!r} "
                f"({class_and_text(error.cause)})."
            ) from error.cause
        except Exception as error:
            raise TruepushWarehouseError(
                f"The database of the connection {self._conn_id!r} failed ({class_and_text(error)})."
            ) from error
        return result

    def _complain(self, state: RetryCallState, *, attempts: int) -> None:
        error = state.outcome.exception() if state.outcome else None
        if error is not None:
            log.warning(
                "Attempt %d of %d on the database of the connection %r failed (%s); next attempt in %.1f s.",
                state.attempt_number,
                attempts,
                self._conn_id,
                error if isinstance(error, NotConnectedError) else class_and_text(error),
                state.upcoming_sleep,
            )

    def _is_transient(self, error: BaseException) -> bool:
        if isinstance(error, NotConnectedError):
            return self._engine.is_transient_connect(error.cause)
        return isinstance(error, Exception) and self._engine.is_transient(error)

    def _once(self, work: Callable[[Any], T]) -> T:
        if self.connection is None:
            try:
                self.connection = self._engine.connect()
            except TruepushSchemaError:
                raise
            except Exception as error:
                raise NotConnectedError(error) from error
        try:
            with self._engine.transaction(self.connection) as cursor:
                return work(cursor)
        except Exception as error:
            if self._engine.is_transient(error):
                self.close()  # the connection may be broken
            raise


def _waits(patience: float) -> list[float]:
    """Return the seconds between attempts: doubling, at most 10 each, and at most ``patience`` in total."""
    waits: list[float] = []
    wait = 0.2
    while sum(waits) + wait <= patience:
        waits.append(wait)
        wait = min(2 * wait, 10.0)
    return waits
