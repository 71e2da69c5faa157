"""Repeat a create that is known not to have been carried out."""

from __future__ import annotations

from collections.abc import Callable

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.api.protocol.retry import wait_before_create
from airflow_provider_truepush.client.redacted import get_logger

log = get_logger(__name__)


def repeat_what_was_not_sent(
    create: Callable[[], str | None], settings: Settings, sleep: Callable[[float], None]
) -> str | None:
    """Send a create, and send it again while Truepush is known not to have carried it out.

    :param create: sends it.
    :param settings: of the connection.
    :param sleep: waits before it is sent again.
    :return: the id; None when Truepush's answer contains none.
    :raises TruepushError: when it may have been carried out, or the attempts are used up.
    """
    requests, waited = 0, 0.0
    while True:
        try:
            return create()
        except TruepushError as error:
            requests += 1
            wait = wait_before_create(error, requests=requests, waited=waited, settings=settings)
            if wait is None:
                raise
            log.warning(
                "%s Retrying in %.1f s (attempt %d of %d failed).", error, wait, requests, settings.max_attempts
            )
        sleep(wait)
        waited += wait
