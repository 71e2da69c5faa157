"""A proxy in front of a storage, which records requests and can refuse them."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_HOP = {"connection", "keep-alive", "transfer-encoding", "expect", "proxy-connection", "te", "trailer", "upgrade"}


class Request:
    """A request on its way to a storage."""

    def __init__(self, method: str, path: str, headers: dict[str, str]) -> None:
        self.method = method
        self.query = {
            name: values[0] for name, values in parse_qs(urlsplit(path).query, keep_blank_values=True).items()
        }
        self.headers = headers


class Proxy:
    """Hands requests on, notes them, and answers those that it refuses with HTTP 403.

    :param port: of the storage.
    """

    def __init__(self, port: int | None = None) -> None:
        self.target = port
        self.requests: list[Request] = []
        self.refuses: Callable[[Request], bool] = lambda request: False
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self._body()
                if self.path == "/token":  # which Google's credentials ask for before everything else
                    # gcsfs asks Google about every token but this one, which stands for none.
                    token = {"access_token": "anon", "expires_in": 3600, "token_type": "Bearer"}
                    self._answer(200, [("Content-Type", "application/json")], json.dumps(token).encode())
                    return
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, self.path, headers)
                proxy.requests.append(request)
                if proxy.refuses(request):
                    self._answer(403, [("Content-Type", "text/plain")], b"refused by the test")
                    return
                assert proxy.target is not None
                onward = http.client.HTTPConnection("127.0.0.1", proxy.target, timeout=30)
                onward.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                for name, value in self.headers.items():
                    if name.lower() not in {*_HOP, "content-length"}:
                        onward.putheader(name, value)
                onward.putheader("Content-Length", str(len(body)))
                onward.endheaders(body)
                answer = onward.getresponse()
                content = answer.read()
                kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP]
                self._answer(answer.status, kept, content)
                onward.close()

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_PATCH = do_OPTIONS = _pass_on  # noqa: N815

            def _body(self) -> bytes:
                if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    parts.append(self.rfile.read(size))
                    self.rfile.readline()
                self.rfile.readline()
                return b"".join(parts)

            def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
                self.send_response_only(status)
                for name, value in headers:
                    if name.lower() != "content-length" or self.command == "HEAD":
                        self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()
