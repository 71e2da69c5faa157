"""As much of S3 as a staging bucket needs: PUT and DELETE of objects, signed by boto3, on a free port."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


class Bucket:
    """What has been written.

    :param endpoint: the URL for boto3.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.objects: dict[str, bytes] = {}
        self.written: list[str] = []
        self.refuses = False


@contextmanager
def s3_server() -> Iterator[Bucket]:
    """Serve until left."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            if self._may():
                bucket.objects[self.path] = content
                bucket.written.append(self.path)
                self._answer(200)

        def do_DELETE(self) -> None:
            if self._may():
                bucket.objects.pop(self.path, None)
                self._answer(204)

        def _may(self) -> bool:
            if bucket.refuses or not self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256"):
                self._answer(403, _DENIED)
                return False
            return True

        def _answer(self, status: int, body: bytes = b"") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *given: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    bucket = Bucket(f"http://127.0.0.1:{server.server_port}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield bucket
    finally:
        server.shutdown()
        server.server_close()
