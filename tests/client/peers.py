"""Servers and proxies below HTTP: each connection is handed to a function that does as it likes with it."""

from __future__ import annotations

import contextlib
import datetime as dt
import ipaddress
import select
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Handler = Callable[["Peer", socket.socket], None]

#: An answer that every endpoint of the tests reads as what it is: there are no statistics, nothing was created.
ANSWER = b'{"status_code":204,"status":"ERROR","message":"No Stats Found","data":"NO-STATS-FOUND"}'
CREATED = (
    b'{"status_code":200,"status":"SUCCESS","message":"Campaign Created Successfully with id:'
    + b"ab" * 12
    + b'","data":"CAMPAIGN-CREATED-SUCCESSFULLY"}'
)


class Peer:
    """Listens on loopback and counts what really arrives.

    :param handler: what to do with a connection; it is closed afterwards.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Its address, without TLS."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def https(self) -> str:
        """Its address, with TLS."""
        return f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Peer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        # An accept under way is not ended by a close.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)

    def pause(self, seconds: float = 30.0) -> None:
        """Say nothing for a while, or until the test is over."""
        self._over.wait(seconds)

    def _listen(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection, contextlib.suppress(OSError):
            self._handler(self, connection)

    def read(self, connection: socket.socket) -> bytes:
        """Read one whole request and keep it; b"" when there is none."""
        got = b""
        while b"\r\n\r\n" not in got:
            if not (more := connection.recv(65536)):
                return b""
            got += more
        head, _, body = got.partition(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line[:15] == b"content-length:"), 0)
        while len(body) < length:
            if not (more := connection.recv(65536)):
                return b""
            body += more
        self.requests.append(head + b"\r\n\r\n" + body)
        return self.requests[-1]


def closed_port() -> int:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


# What a peer may do


def fin_at_once(peer: Peer, connection: socket.socket) -> None:
    """Close without reading."""


def rst_at_once(peer: Peer, connection: socket.socket) -> None:
    """Reset once the request is on its way, unread."""
    time.sleep(0.05)
    reset(connection)


def read_fin(peer: Peer, connection: socket.socket) -> None:
    """Read the request, then close."""
    peer.read(connection)


def read_rst(peer: Peer, connection: socket.socket) -> None:
    """Read the request, then reset."""
    peer.read(connection)
    reset(connection)


def silent(peer: Peer, connection: socket.socket) -> None:
    """Neither read nor answer."""
    peer.pause()


def read_hang(peer: Peer, connection: socket.socket) -> None:
    """Read the request, then say nothing."""
    peer.read(connection)
    peer.pause()


def half_head(peer: Peer, connection: socket.socket) -> None:
    """Read the request, and break off in the status line."""
    peer.read(connection)
    connection.sendall(b"HTTP/1.1 20")


def half_body(peer: Peer, connection: socket.socket) -> None:
    """Read the request, and break off in the body."""
    peer.read(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"status":')


def half_chunk(peer: Peer, connection: socket.socket) -> None:
    """Read the request, and break off in a chunk."""
    peer.read(connection)
    connection.sendall(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"a"')


def no_http(peer: Peer, connection: socket.socket) -> None:
    """Read the request, and answer in another language."""
    peer.read(connection)
    connection.sendall(b"\x00\x01\x02 hello\r\n\r\n")


def answers(body: bytes = ANSWER, *, status: bytes = b"200 OK", headers: bytes = b"") -> Handler:
    """Answer every request of a connection."""
    length = str(len(body)).encode()

    def serve(peer: Peer, connection: socket.socket) -> None:
        while peer.read(connection):
            connection.sendall(
                b"HTTP/1.1 " + status + b"\r\nContent-Length: " + length + b"\r\n" + headers + b"\r\n" + body
            )

    return serve


def says(answer: bytes, *, then: bytes = b"") -> Handler:
    """Read the request, and answer with these bytes, whatever they are.

    :param then: what follows a moment later.
    """

    def serve(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        connection.sendall(answer)
        if then:
            time.sleep(0.05)
            connection.sendall(then)
        peer.pause(2)

    return serve


def tunnel(port: int | None) -> Handler:
    """A proxy that opens tunnels, to one place whatever it is asked for; without a place it closes them at once."""

    def serve(peer: Peer, connection: socket.socket) -> None:
        peer.read(connection)
        if port is None:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", port)) as other:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(connection, other)

    return serve


def over_tls(handler: Handler, certificate: Path, client_ca: Path | None = None) -> Handler:
    """The same behind TLS; asks for a client certificate if told whose."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED

    def serve(peer: Peer, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            handler(peer, secure)

    return serve


def reset(connection: socket.socket) -> None:
    """Close with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _relay(one: socket.socket, other: socket.socket) -> None:
    """Pass on what either end says, until one of them ends. A connection with TLS is not for two threads."""
    ends = {one: other, other: one}
    with contextlib.suppress(OSError, ValueError):
        while True:
            waiting = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
            for source in waiting or select.select(list(ends), [], [])[0]:
                if not (data := source.recv(65536)):
                    return
                ends[source].sendall(data)


def self_signed(folder: Path, name: str = "localhost") -> Path:
    """Make a certificate for 127.0.0.1 and a name, valid for a day; certificate and key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    alternatives = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
