"""One call from its first request to its end: what every answer, and every lack of one, means for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, NoReturn, TypeVar

from airflow_provider_truepush.api.errors import (
    TruepushAmbiguousError,
    TruepushAuthError,
    TruepushBadRequestError,
    TruepushConnectionError,
    TruepushError,
    TruepushProtocolError,
    TruepushRateLimitError,
    TruepushServerError,
)
from airflow_provider_truepush.api.protocol.answers import UnreadableDataError
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.api.protocol.envelope import (
    Envelope,
    Outcome,
    Reply,
    excerpt,
    read_reply,
    retry_after_seconds,
    shorten,
)

T = TypeVar("T")

_CREATE_DOUBT = (
    "It was sent once and is not repeated: the {resource} may or may not exist now. "
    "Look for it in Truepush, or list the {resource}s, before you send it again."
)
_NOT_CREATED = "The {resource} was not created."


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete HTTP answer came.

    :param sent: whether a byte of the request may have left. False only when certainly none did.
    :param reason: what happened, the token blotted out.
    """

    sent: bool
    reason: str


class Exchange(Generic[T]):
    """Keeps what the earlier requests of one call have left open.

    :param call: what to send.
    :param now: the clock, for ``Retry-After`` given as a date.
    """

    def __init__(self, call: Call[T], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.call = call
        self.requests = 0
        self._now = now
        self._may_be_done = False

    def conclude(self, result: Reply | Failure) -> T:
        """The call's result, or the error that says why there is none.

        A delete, cancel or status change that was repeated after doubt and then finds nothing to do has been
        done by the request in doubt, and counts as done.
        """
        self.requests += 1
        if isinstance(result, Failure):
            self._fail(result)
        envelope = read_reply(self.call.endpoint, result)
        if envelope.outcome is Outcome.SUCCESS:
            return self._success(envelope, result)
        if envelope.outcome is Outcome.NEGATIVE:
            return self._negative(envelope, result)
        if self._creates and self._proves_nothing(envelope, result):
            envelope = replace(envelope, outcome=Outcome.UNREADABLE)
        self._refuse(envelope, result)

    @staticmethod
    def _proves_nothing(envelope: Envelope, reply: Reply) -> bool:
        """Whether a refusal leaves open if the create was carried out."""
        if reply.status >= 500:  # a failing server's word
            return envelope.outcome is not Outcome.SERVER_ERROR
        # A proxy's page may be about the answer to a request that it has let through.
        return not envelope.own and envelope.outcome in (Outcome.BAD_REQUEST, Outcome.UNAUTHORIZED)

    @property
    def _creates(self) -> bool:
        return not self.call.endpoint.repeatable

    @property
    def _label(self) -> str:
        return f"{self.call}, request {self.requests}" if self.requests > 1 else str(self.call)

    @property
    def _in_doubt(self) -> bool:
        """Whether an earlier request of this call may have changed something."""
        return self._may_be_done and not self.call.endpoint.reads

    def _success(self, envelope: Envelope, reply: Reply) -> T:
        try:
            return self.call.endpoint.on_success(envelope.message, envelope.data)
        except UnreadableDataError as error:
            raise self._error(
                TruepushProtocolError,
                f"answered what this version cannot read: {error}.",
                "The API may have changed; nothing was guessed.",
                reply,
                envelope.code,
            ) from None

    def _negative(self, envelope: Envelope, reply: Reply) -> T:
        endpoint = self.call.endpoint
        if self._in_doubt and not self._creates:
            if endpoint.on_repeated is not None:
                return endpoint.on_repeated(envelope.message)
            return endpoint.on_success(envelope.message, None)
        try:
            return endpoint.on_negative(shorten(envelope.message))
        except TruepushError as error:
            doubt = isinstance(error, TruepushAmbiguousError)
            raise self._error(
                type(error), f"{error}.", _CREATE_DOUBT if doubt else _NOT_CREATED, reply, envelope.code
            ) from None

    def _fail(self, failure: Failure) -> NoReturn:
        endpoint = self.call.endpoint
        if not failure.sent and not self._in_doubt:
            raise TruepushConnectionError(
                f"{self._label}: {failure.reason}. Certainly nothing was sent; trying again is harmless. "
                "If it stays so, check host, port and scheme of the connection.",
                endpoint=endpoint.name,
            )
        self._may_be_done = True
        raise TruepushAmbiguousError(
            f"{self._label}: {failure.reason}. {self._consequence()}",
            endpoint=endpoint.name,
            repeatable=endpoint.repeatable,
        )

    def _refuse(self, envelope: Envelope, reply: Reply) -> NoReturn:
        said = f"({shorten(envelope.message)})" if envelope.message else f"(HTTP {reply.status}, {excerpt(reply.body)})"
        nothing = self._unchanged()
        if envelope.outcome is Outcome.BAD_REQUEST:
            next_step = f"{nothing} Correct the request; sending it again as it is changes nothing."
            raise self._error(TruepushBadRequestError, f"refused the request {said}.", next_step, reply, envelope.code)
        if envelope.outcome is Outcome.UNAUTHORIZED:
            next_step = f"{nothing} Check the token in the connection's password field."
            raise self._error(TruepushAuthError, f"did not accept the token {said}.", next_step, reply, envelope.code)
        if envelope.outcome is Outcome.RATE_LIMITED:
            self._limit(envelope, reply)
        self._may_be_done = True
        if self._creates:
            what = f"answered something that settles nothing (HTTP {reply.status}, {excerpt(reply.body)})."
            raise self._error(TruepushAmbiguousError, what, _CREATE_DOUBT, reply, envelope.code)
        if envelope.outcome is Outcome.SERVER_ERROR:
            failed = self._error(TruepushServerError, f"failed {said}.", self._consequence(), reply, envelope.code)
            assert isinstance(failed, TruepushServerError)
            failed.retry_after = retry_after_seconds(reply.retry_after, self._now())
            raise failed
        what = f"answered what this provider cannot read: HTTP {reply.status}, {excerpt(reply.body)}."
        where = " It points elsewhere: check the connection's host." if 300 <= reply.status < 400 else ""
        raise self._error(TruepushProtocolError, what, self._consequence() + where, reply, envelope.code)

    def _limit(self, envelope: Envelope, reply: Reply) -> NoReturn:
        seconds = retry_after_seconds(reply.retry_after, self._now())
        when = "later" if seconds is None else f"after {seconds:.0f} s"
        raise TruepushRateLimitError(
            f"{self._label}: too many requests (HTTP {reply.status}). {self._unchanged()} Try again {when}, "
            "or set the connection's extra `requests_per_second`.",
            endpoint=self.call.endpoint.name,
            http_status=reply.status,
            code=envelope.code,
            retry_after=seconds,
        )

    def _consequence(self) -> str:
        if self._creates:
            return _CREATE_DOUBT.format(resource=self.call.endpoint.resource)
        if self.call.endpoint.reads:
            return "It only reads; nothing was changed."
        return "It may have been carried out; repeating it is harmless."

    def _unchanged(self) -> str:
        """What a refusal means for the call, of which an earlier request may be in doubt."""
        return "An earlier request may have been carried out." if self._in_doubt else "Nothing was changed."

    def _error(
        self, kind: type[TruepushError], what: str, next_step: str, reply: Reply, code: str | None
    ) -> TruepushError:
        endpoint = self.call.endpoint
        return kind(
            f"{self._label}: Truepush {what} {next_step.format(resource=endpoint.resource)}",
            endpoint=endpoint.name,
            http_status=reply.status,
            code=code,
        )
