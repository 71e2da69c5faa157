"""One call from its first request to its end: decide what each answer, or a missing one, means for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, NoReturn, TypeVar

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
from airflow_provider_truepush.api.protocol import evidence
from airflow_provider_truepush.api.protocol.answers import UnreadableDataError
from airflow_provider_truepush.api.protocol.endpoints import Call, Endpoint
from airflow_provider_truepush.api.protocol.envelope import (
    Envelope,
    Outcome,
    Reply,
    excerpt,
    is_known_code,
    quote,
    read_reply,
    retry_after_seconds,
)

T = TypeVar("T")

_REFUSALS = (Outcome.BAD_REQUEST, Outcome.UNAUTHORIZED, Outcome.RATE_LIMITED)
#: The next step after a create in doubt, for callers that do not search.
_LOOK = " Look for it in Truepush, or list the {resource}s, before you send it again."
_CREATE_DOUBT = "The {resource} may or may not have been created, so the request is not repeated." + _LOOK
#: The next step after a request that failed and may be repeated.
_REPEAT = (
    "Repeating the request is harmless. If this continues, check the status of Truepush, and the connection's host and "
    "proxy."
)


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete HTTP answer arrived.

    :param sent: True when a byte of the request may have been sent; False only when none was.
    :param reason: what happened, without secrets and without a full stop.
    """

    sent: bool
    reason: str


class Exchange(Generic[T]):
    """Conclude one call, and remember whether its earlier requests may have changed something.

    :param call: what to send.
    :param now: the clock, for ``Retry-After`` given as a date.
    """

    def __init__(self, call: Call[T], now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.call = call
        self.requests = 0
        self._now = now
        self._may_be_done = False

    def conclude(self, result: Reply | Failure) -> T:
        """Return the call's result, or raise the error that explains why it has none.

        When a delete, cancel or status change is repeated after doubt and finds nothing to do, the request in doubt
        has made the change, so the call succeeds.
        """
        self.requests += 1
        if isinstance(result, Failure):
            self._fail(result)
        envelope = read_reply(self.call.endpoint, result)
        if self._creates:
            envelope = self._as_far_as_proven(envelope, result)
        elif not self.call.endpoint.reads:
            envelope = self._unless_contradicted(envelope, result)
        if envelope.outcome is Outcome.SUCCESS:
            return self._success(envelope, result)
        if envelope.outcome is Outcome.NEGATIVE:
            return self._negative(envelope, result)
        self._refuse(envelope, result)

    def _as_far_as_proven(self, envelope: Envelope, reply: Reply) -> Envelope:
        """Return the answer to a create; replace it by doubt when it contradicts itself or may be a proxy's."""
        if envelope.outcome is Outcome.SUCCESS:
            proven = evidence.proves_creation(self.call, reply.status, reply.body, envelope.members)
        elif envelope.outcome is Outcome.NEGATIVE and self.call.endpoint.negative != evidence.NAME_TAKEN.code:
            proven = True  # an answer in doubt raises its own error
        else:
            proven = not reply.is_irregular and evidence.proves_refusal(
                self.call, reply.status, reply.body, envelope.members
            )
        return envelope if proven else replace(envelope, outcome=Outcome.UNREADABLE)

    def _unless_contradicted(self, envelope: Envelope, reply: Reply) -> Envelope:
        """Return the answer to another change; replace a refusal by doubt when a part of it claims success."""
        if envelope.outcome not in _REFUSALS or envelope.members is None:
            return envelope
        contradicted = evidence.contradicts_refusal(
            self.call,
            reply.status,
            reply.body,
            envelope.members,
            is_bad_request=envelope.outcome is Outcome.BAD_REQUEST,
        )
        return replace(envelope, outcome=Outcome.CONTRADICTORY) if contradicted else envelope

    @property
    def _creates(self) -> bool:
        return not self.call.endpoint.repeatable

    @property
    def _label(self) -> str:
        return f"{self.call}, request {self.requests}" if self.requests > 1 else str(self.call)

    @property
    def _in_doubt(self) -> bool:
        """Return whether an earlier request of this call may have changed something."""
        return self._may_be_done and not self.call.endpoint.reads

    def _success(self, envelope: Envelope, reply: Reply) -> T:
        message = envelope.message
        if self._creates:
            message = evidence.without_sent_ids(self.call, message)
        try:
            return self.call.endpoint.on_success(message, envelope.data)
        except UnreadableDataError as error:
            problem = quote(str(error), reply.hide)
        # Raised here, the error does not hold the other one, which quotes the value as it came.
        raise self._error(
            TruepushProtocolError,
            f"returned a result that this version cannot read: {problem}.",
            f"{only_this_request(self.call.endpoint)} If this continues, update this provider.",
            reply,
            envelope,
        )

    def _negative(self, envelope: Envelope, reply: Reply) -> T:
        endpoint = self.call.endpoint
        if self._in_doubt and not self._creates:
            if endpoint.on_repeated is not None:
                return endpoint.on_repeated(envelope.message)
            return endpoint.on_success(envelope.message, None)
        try:
            return endpoint.on_negative(quote(envelope.message, reply.hide))
        except TruepushError as error:
            doubt = isinstance(error, TruepushAmbiguousError)
            next_step = _CREATE_DOUBT if doubt else "The {resource} was not created. Choose another name."
            raise self._error(type(error), f"{error}.", next_step, reply, envelope) from None

    def _fail(self, failure: Failure) -> NoReturn:
        endpoint = self.call.endpoint
        if not failure.sent and not self._in_doubt:
            raise TruepushConnectionError(
                f"{self._label}: {failure.reason}. The request was not sent. {only_this_request(endpoint)} "
                "If this continues, check the connection's host, port and scheme, and the proxy.",
                endpoint=endpoint.name,
            )
        self._may_be_done = True
        raise TruepushAmbiguousError(
            f"{self._label}: {failure.reason}. {self._consequence()}",
            endpoint=endpoint.name,
            repeatable=endpoint.repeatable,
        )

    def _refuse(self, envelope: Envelope, reply: Reply) -> NoReturn:
        quoted = quote(envelope.message, reply.hide)
        answered = f"(HTTP {reply.status}, {excerpt(reply.body, reply.hide)})"
        reason = f'(it answered: "{quoted}")' if quoted else answered
        unchanged = self._unchanged()
        if envelope.outcome is Outcome.BAD_REQUEST:
            next_step = f"{unchanged} Correct the request; Truepush would refuse it again as it is."
            raise self._error(TruepushBadRequestError, f"refused the request {reason}.", next_step, reply, envelope)
        if envelope.outcome is Outcome.UNAUTHORIZED:
            next_step = f"{unchanged} Check the token in the connection's password field."
            raise self._error(TruepushAuthError, f"rejected the token {reason}.", next_step, reply, envelope)
        if envelope.outcome is Outcome.RATE_LIMITED:
            self._limit(envelope, reply)
        self._may_be_done = True
        if self._creates:
            what = f"returned an answer that does not settle whether it was created {answered}."
            raise self._error(TruepushAmbiguousError, what, _CREATE_DOUBT, reply, envelope)
        if envelope.outcome in (Outcome.SERVER_ERROR, Outcome.CONTRADICTORY):
            what = f"failed {reason}."
            if envelope.outcome is Outcome.CONTRADICTORY:
                what = f"returned an answer that both refuses the request and claims success {answered}."
            failed = self._error(TruepushServerError, what, self._consequence(), reply, envelope)
            assert isinstance(failed, TruepushServerError)
            failed.retry_after = retry_after_seconds(reply.retry_after, self._now())
            raise failed
        where = " The answer points elsewhere: check the connection's host." if 300 <= reply.status < 400 else ""
        what = f"returned an answer that cannot be read {answered}."
        raise self._error(TruepushProtocolError, what, self._consequence() + where, reply, envelope)

    def _limit(self, envelope: Envelope, reply: Reply) -> NoReturn:
        seconds = retry_after_seconds(reply.retry_after, self._now())
        when = "later" if seconds is None else f"after {seconds:.0f} s"
        raise TruepushRateLimitError(
            f"{self._label}: too many requests (HTTP {reply.status}). {self._unchanged()} Try again {when}, "
            "or set the connection's extra `requests_per_second`.",
            endpoint=self.call.endpoint.name,
            http_status=reply.status,
            code=self._code(envelope, reply),
            retry_after=seconds,
        )

    def _code(self, envelope: Envelope, reply: Reply) -> str | None:
        """Return the code for an error. One that is not documented may be any text, with the token in it."""
        code = envelope.code
        return code if code is None or is_known_code(self.call.endpoint, code) else quote(code, reply.hide)

    def _consequence(self) -> str:
        if self._creates:
            return _CREATE_DOUBT.format(resource=self.call.endpoint.resource)
        reads = self.call.endpoint.reads
        return f"{only_this_request(self.call.endpoint) if reads else 'The change may have been made.'} {_REPEAT}"

    def _unchanged(self) -> str:
        """Return the consequence of a refusal. An earlier request of the call may be in doubt."""
        if self._in_doubt:
            return "An earlier request may have made the change."
        return only_this_request(self.call.endpoint)

    def _error(
        self, kind: type[TruepushError], what: str, next_step: str, reply: Reply, envelope: Envelope
    ) -> TruepushError:
        endpoint = self.call.endpoint
        return kind(
            f"{self._label}: Truepush {what} {next_step.format(resource=endpoint.resource)}",
            endpoint=endpoint.name,
            http_status=reply.status,
            code=self._code(envelope, reply),
        )


def without_next_step(doubt: TruepushError) -> str:
    """Return the text of an error without the advice to look for what may have been created.

    :param doubt: the error of a create. The caller looks for it, and gives advice of its own.
    """
    look = _LOOK.partition("{")[0]
    before, found, _ = str(doubt).rpartition(look)
    return before if found else str(doubt)


def only_this_request(endpoint: Endpoint[Any]) -> str:
    """Return the sentence that says what a request left unchanged.

    :param endpoint: what was called. The campaign, or the list, that a read asks about is not affected by its failure.
    """
    if endpoint.reads:
        what = (
            "status request failed; the campaign is"
            if endpoint.action == "stats"
            else "list request failed; the project is"
        )
        return f"Only this {what} not affected."
    return {
        "create": f"The {endpoint.resource} was not created.",
        "cancel": "The campaign was not canceled by this request.",
        "delete": f"The {endpoint.resource} was not deleted by this request.",
    }.get(endpoint.action, f"The {endpoint.resource} was not changed by this request.")
