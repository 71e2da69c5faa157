"""The blocking transport, over requests."""

from __future__ import annotations

import http.client
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
import urllib3
from tenacity import Retrying

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.api.errors import TruepushError
from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.body import TOO_LARGE, UnreadableBodyError, decompress
from airflow_provider_truepush.api.protocol.dry_run import describe, pretend, stays_here
from airflow_provider_truepush.api.protocol.endpoints import Call
from airflow_provider_truepush.api.protocol.envelope import Reply
from airflow_provider_truepush.api.protocol.evidence import sent_text
from airflow_provider_truepush.api.protocol.exchange import Exchange, Failure
from airflow_provider_truepush.client.announcements import FinalResponse
from airflow_provider_truepush.client.connections import REST
from airflow_provider_truepush.client.evidence import Evidence, EvidenceAdapter, Limit
from airflow_provider_truepush.client.failures import reason, too_long, total_timeout
from airflow_provider_truepush.client.metrics import RequestMetrics
from airflow_provider_truepush.client.network import check_files, headers, hider, proxy_for
from airflow_provider_truepush.client.repeating import Repeats, slow_down_after
from airflow_provider_truepush.client.shared_rate import rate_limiter_for
from airflow_provider_truepush.client.surplus import is_plain_success

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Bytes of a body that are read at once.
_PART = 64 * 1024


class _TokenAuth(requests.auth.AuthBase):
    """Set the provider's headers last, so that neither a netrc file nor a default can replace the token."""

    def __init__(self, settings: Settings) -> None:
        self._headers = headers(settings)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class _Line:
    """A session and the evidence that its connections record."""

    def __init__(self, settings: Settings, open_session: Callable[[Settings, EvidenceAdapter], requests.Session]):
        check_files(settings)
        self.evidence = Evidence()
        self.session = open_session(settings, EvidenceAdapter(self.evidence))
        self.session.auth = _TokenAuth(settings)
        # A proxy that sets another cookie with each answer would make every request larger than the one before.
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.used_at = 0.0

    def rest(self) -> None:
        """Wait for surplus data of a broken proxy, so that urllib3 sees it and drops the connection."""
        if (left := self.used_at + REST - time.monotonic()) > 0:
            time.sleep(left)

    def close(self) -> None:
        """Close the session, and the answer to a create."""
        answer, self.evidence.answer = self.evidence.answer, None
        if answer is not None:
            answer.release()
        self.session.close()


class SyncClient:
    """Send calls and wait for their answers, over one kept session; each create has a new session.

    :param settings: the connection.
    :param open_session: makes a session that uses the given adapter.
    """

    def __init__(
        self,
        settings: Settings,
        open_session: Callable[[Settings, EvidenceAdapter], requests.Session],
    ) -> None:
        self._settings = settings
        self._open_session = open_session
        self._kept: _Line | None = None
        self._rate_limiter = rate_limiter_for(settings)
        self._metrics = RequestMetrics()
        self._hide = hider(settings, proxy_for(settings))

    def execute(self, call: Call[T], *, just_before: Callable[[], None] | None = None) -> T:
        """Send a call, repeat it where that is harmless and useful, and return its result.

        :param call: what to send.
        :param just_before: called right before the first byte of a create leaves. If it raises, nothing is sent.
        """
        if stays_here(call, self._settings.dry_run):
            log.info("Dry run, not sent: %s", describe(call))
            return pretend(call)
        self._rate_limiter.join()
        exchange = Exchange(call)
        if not call.endpoint.repeatable:
            # A create gets its own connection: the server may close a kept one just as it is used, and then it is
            # unknown whether the create was read.
            line = _Line(self._settings, self._open_session)
            try:
                return self._attempt(exchange, line, just_before)
            except TruepushError as error:
                slow_down_after(self._rate_limiter, error, self._settings)
                raise
            finally:
                line.close()
        if self._kept is None:
            self._kept = _Line(self._settings, self._open_session)
        try:
            return self._attempt(exchange, self._kept)
        except TruepushError as error:
            first = error
        repeats = Repeats(exchange, first, self._settings, self._rate_limiter)
        result: T = Retrying(**repeats.options())(self._repeat, exchange, self._kept, repeats)
        return result

    def close(self) -> None:
        """Close the kept session and release its rate limit; the next call opens another session."""
        self._rate_limiter.leave()
        self._metrics.flush()
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.session.close()

    def _repeat(self, exchange: Exchange[T], line: _Line, repeats: Repeats) -> T:
        repeats.start()
        return self._attempt(exchange, line)

    def _attempt(self, exchange: Exchange[T], line: _Line, just_before: Callable[[], None] | None = None) -> T:
        endpoint = exchange.call.endpoint
        # As in the asynchronous client, a cancel does not wait for the end of a cooldown that a read has caused.
        urgent = endpoint.repeatable and not endpoint.reads
        if wait := self._rate_limiter.reserve(urgent=urgent):
            time.sleep(wait)
        if (cluster := self._rate_limiter.cluster) is not None:
            cluster.enter(urgent=urgent)
        if wait or cluster is not None:
            self._rate_limiter.start()
        line.rest()
        line.evidence.leaving = just_before
        began = time.monotonic()
        seconds = total_timeout(self._settings.timeout)
        with Limit(seconds) as limit:
            line.evidence.limit = limit
            result = self._send(exchange.call, line)
            line.evidence.limit = None
        if limit.passed:
            # What was read before the cut may look complete without being so.
            result = Failure(line.evidence.sent, too_long(seconds))
        elif isinstance(result, Reply):
            # The answer is complete, so the limit no longer counts.
            result = replace(result, is_irregular=_is_irregular(exchange.call, line.evidence.answer, result))
        return self._conclude(exchange, result, began)

    def _conclude(self, exchange: Exchange[T], result: Reply | Failure, began: float) -> T:
        seconds = time.monotonic() - began
        return self._metrics.conclude(exchange.call.endpoint.name, seconds, lambda: exchange.conclude(result))

    def _send(self, call: Call[Any], line: _Line) -> Reply | Failure:
        """Send one request. Failures are returned, because an exception would carry the request and its token."""
        settings = self._settings
        line.evidence.sent = False
        line.evidence.is_create, line.evidence.answer = not call.endpoint.repeatable, None
        kept_here: TruepushError | None = None
        try:
            with line.session.request(
                call.endpoint.method,
                settings.base_url + call.path,
                data=call.body,
                timeout=settings.timeout,
                allow_redirects=False,
                stream=True,
            ) as response:
                raw = _read(response)
            body = decompress(raw, response.headers.get("Content-Encoding"))
        except TruepushError as error:
            kept_here = error
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
            return Failure(line.evidence.sent, self._hide(reason(error, settings.timeout, settings.base_url)))
        except ValueError as error:  # UnreadableBodyError, and errors of libraries about addresses and headers
            return Failure(line.evidence.sent, self._hide(str(error).rstrip(".")))
        finally:
            line.used_at = time.monotonic()
        if kept_here is not None:
            raise kept_here.with_traceback(None)  # the frames it went through hold the request
        wait = response.headers.get("Retry-After")
        return Reply(response.status_code, body, wait, self._hide)


def _is_irregular(call: Call[Any], answer: FinalResponse | None, reply: Reply) -> bool:
    """Return whether the answer to a create is irregular. That matters only if it is not a success."""
    if answer is None or is_plain_success(call, reply.status, reply.body):
        return False
    return answer.is_irregular(sent_text(call))


def _read(response: requests.Response) -> bytes:
    """Read a body as it arrives, up to the limit."""
    found = bytearray()
    while part := response.raw.read(_PART, decode_content=False):
        found += part
        if len(found) > limits.MAX_BODY_BYTES:
            raise UnreadableBodyError(TOO_LARGE)
    return bytes(found)
