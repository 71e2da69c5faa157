"""One class per outcome a caller can act on."""

from __future__ import annotations


class TruepushError(Exception):
    """Anything that went wrong between this provider and Truepush.

    The message says what happened, what was and was not done, and what to do next. It never holds the token.

    :param message: the text above.
    :param endpoint: the endpoint concerned, such as ``createCampaign``; None when none was involved.
    :param http_status: the HTTP status of the answer; None when there was no answer.
    :param code: Truepush's own outcome code, such as ``BAD-REQUEST``; None when the answer had none.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str | None = None,
        http_status: int | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        self.endpoint = endpoint
        self.http_status = http_status
        self.code = code


class TruepushAuthError(TruepushError):
    """The token is missing, wrong or revoked. Nothing was carried out."""


class TruepushBadRequestError(TruepushError):
    """The request was refused for what it says. Nothing was carried out; sending it again changes nothing."""


class TruepushValidationError(TruepushBadRequestError, ValueError):
    """A value was refused by this provider, before anything was sent. The message names field and value."""


class _AskedToWaitError(TruepushError):
    """An answer that may say when to come again."""

    def __init__(
        self,
        message: str,
        *,
        endpoint: str | None = None,
        http_status: int | None = None,
        code: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, endpoint=endpoint, http_status=http_status, code=code)
        self.retry_after = retry_after


class TruepushRateLimitError(_AskedToWaitError):
    """Truepush counted too many requests. Nothing was carried out.

    :param retry_after: seconds to wait as the answer asked for, None when it did not say.
    """


class TruepushServerError(_AskedToWaitError):
    """Truepush, or a proxy before it, failed while reading or repeating was harmless.

    :param retry_after: seconds to wait as the answer asked for, None when it did not say.
    """


class TruepushConnectionError(TruepushError):
    """No connection came about: certainly no byte of the request left this machine."""


class TruepushConnectionLookupError(TruepushConnectionError):
    """Airflow did not return the connection: it does not exist, or Airflow or a secrets backend failed."""


class TruepushAmbiguousError(TruepushError):
    """The request left, and no readable answer says what became of it: it may have been carried out.

    :param repeatable: whether sending it again is harmless. Never so for a create.
    """

    def __init__(
        self,
        message: str,
        *,
        endpoint: str | None = None,
        http_status: int | None = None,
        code: str | None = None,
        repeatable: bool = False,
    ) -> None:
        super().__init__(message, endpoint=endpoint, http_status=http_status, code=code)
        self.repeatable = repeatable


class TruepushProtocolError(TruepushError):
    """A complete answer arrived that this provider cannot read; the message quotes its beginning."""


class TruepushListMovedError(TruepushError):
    """A list changed whenever it was read, so what was looked for may exist although it was not found."""


class TruepushSendExpiredError(TruepushError):
    """Too long after its intent a send had not begun. Nothing was sent."""


class SendStoreError(TruepushError):
    """The send store could not be read or written. The message says what was and what was not sent.

    :cvar is_permanent: whether trying again is of no use: a wrong password, a missing right.
    """

    is_permanent = False


#: The name of the version before, kept for one minor version.
TruepushLedgerError = SendStoreError
