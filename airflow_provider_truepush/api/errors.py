"""The errors of this provider: one class per outcome that a caller can act on."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

#: Characters of a message. Task logs, XComs and the UI show it whole.
_LONGEST = 4_000


class TruepushError(Exception):
    """Any failure of this provider, or of Truepush.

    The message says what happened, what it means for the campaign, trigger or export, and what to do next. It never
    holds the token.

    :param message: the text above. What exceeds the limit is cut out of its middle.
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
        super().__init__(without_middle(message, _LONGEST))
        self.endpoint = endpoint
        self.http_status = http_status
        self.code = code


def without_middle(text: str, length: int) -> str:
    """Return a text, or its beginning and its end with the number of characters between them.

    :param text: the text.
    :param length: the most characters that are kept.
    """
    if len(text) <= length:
        return text
    half = length // 2
    return f"{text[:half]} […{len(text) - 2 * half} characters left out…] {text[-half:]}"


class TruepushAuthError(TruepushError):
    """The token is missing, wrong or revoked. The request changed nothing."""


class TruepushBadRequestError(TruepushError):
    """Truepush refused the content of the request. The request changed nothing; repeating it will not help."""


class TruepushValidationError(TruepushBadRequestError, ValueError):
    """This provider refused a value before it sent a request. The message names the field and the value."""


class _AskedToWaitError(TruepushError):
    """An answer that may say when to retry."""

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
    """Truepush counted too many requests. The request changed nothing.

    :param retry_after: seconds to wait as the answer asked for, None when it did not say.
    """


class TruepushServerError(_AskedToWaitError):
    """Truepush, or a proxy before it, failed while reading or repeating was harmless.

    :param retry_after: seconds to wait as the answer asked for, None when it did not say.
    """


class TruepushConnectionError(TruepushError):
    """No connection could be made: no byte of the request was sent."""


class TruepushConnectionLookupError(TruepushConnectionError):
    """Airflow did not return the connection: it does not exist, or Airflow or a secrets backend failed."""


class TruepushAmbiguousError(TruepushError):
    """The request was sent, but no readable answer came back: the change may have been made.

    :param repeatable: True when sending the request again is harmless; never True for a create.
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
    """A list changed during every reading, so an object may exist although it was not found."""


class TruepushSendExpiredError(TruepushError):
    """The time in which a send may begin passed before it began. The campaign was not sent by this try."""


class TruepushSendStoreError(TruepushError):
    """The send store could not be read or written. The message says what was and what was not sent.

    :cvar is_permanent: True when a retry cannot help: a wrong password, a missing right.
    """

    is_permanent = False


class TruepushExportInterruptedError(TruepushError):
    """An export ended before its end. What was fetched is kept, and the next try continues from there."""


class TruepushStorageError(TruepushError):
    """The folder or bucket of an export could not be written."""


class TruepushWarehouseError(TruepushError):
    """The database could not be read or written. Earlier batches are kept, and the next try continues from there."""


class TruepushSchemaError(TruepushValidationError):
    """The tables do not have the form that an export needs, and the export cannot or must not change them."""


def renamed(module: str, name: str, old: Mapping[str, type[TruepushError]]) -> type[TruepushError]:
    """Return the error that an old name refers to, with a warning. A module's ``__getattr__`` calls this.

    Old names stay importable for one minor version.

    :param module: the module's name.
    :param name: the name that was asked for.
    :param old: the error that each old name refers to.
    :raises AttributeError: the name is not an old one either.
    """
    if name not in old:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    found = old[name]
    warnings.warn(
        f"{module}.{name} was renamed to {found.__name__}; the old name will be removed in the next minor version.",
        DeprecationWarning,
        stacklevel=3,
    )
    return found


_RENAMED = dict.fromkeys(("SendStoreError", "TruepushLedgerError"), TruepushSendStoreError)


def __getattr__(name: str) -> Any:
    return renamed(__name__, name, _RENAMED)
