"""A Truepush, dbt Cloud and Airbyte that answer "not yet" as fast as they can, over TLS, in a process of their own.

``python -m benchmarks.watching.server FOLDER [LATENCY_MS]`` writes a certificate, the port and its counters into the
folder. The counters are a mapped file, so that reading them costs the measured process nothing.
"""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import mmap
import ssl
import struct
import sys
import time
from pathlib import Path
from typing import ClassVar, NamedTuple

import certifi

COUNTERS = struct.Struct("=qqqqqq")


class Counted(NamedTuple):
    """Requests, connections made, connections open, most open; addresses asked for once or more, twice or more."""

    requests: int
    made: int
    open: int
    most: int
    once: int
    twice: int


_STATS = (
    b'{"status_code":200,"status":"SUCCESS","message":"Success","data":{"Reach":1000,"Sent":900,"Delivered":100,'
    b'"Views":50,"Clicks":10,"Button0":1,"Button1":0,"Unsubscribers":0}}'
)
_DBT = b'{"status":{"code":200,"is_success":true},"data":{"id":1,"status":3,"job_id":1,"account_id":1}}'
_AIRBYTE = b'{"jobId":1,"status":"running","jobType":"sync","startTime":"2030-01-01T00:00:00Z","connectionId":"c"}'
_TOKEN = b'{"access_token":"eyJhbGciOiJub25lIn0.e30.x","token_type":"Bearer","expires_in":86400}'


def answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    """A whole response."""
    return (
        b"HTTP/1.1 " + status + b"\r\nContent-Type: application/json\r\nContent-Length: " + str(len(body)).encode()
    ) + (b"\r\n\r\n" + body)


class Counters:
    """What is counted, in a file, for other processes to read.

    :param path: of the file.
    :param writes: whether this process counts.
    """

    def __init__(self, path: Path, *, writes: bool) -> None:
        if writes:
            path.write_bytes(bytes(COUNTERS.size))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), COUNTERS.size)

    def read(self) -> Counted:
        """All of them."""
        return Counted(*COUNTERS.unpack_from(self._map))

    def write(self, *values: int) -> None:
        """All of them."""
        COUNTERS.pack_into(self._map, 0, *values)


class Server(asyncio.Protocol):
    """One connection; the class holds what all share."""

    counters: Counters
    requests = made = open = most = once = twice = 0
    asked: ClassVar[dict[bytes, int]] = {}
    latency = 0.0
    arrivals: list[tuple[float, bytes]] | None = None
    not_found = answer(b"{}", b"404 Not Found")
    stats, dbt, airbyte, token = answer(_STATS), answer(_DBT), answer(_AIRBYTE), answer(_TOKEN)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One more."""
        self.transport = transport
        self.rest = b""
        cls = Server
        cls.made += 1
        cls.open += 1
        cls.most = max(cls.most, cls.open)
        self._count()

    def connection_lost(self, error: Exception | None) -> None:
        """One less."""
        Server.open -= 1
        self._count()

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        data = self.rest + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[: end + 4]
            length = 0
            lower = head.lower()
            if (at := lower.find(b"content-length:")) >= 0:
                length = int(lower[at + 15 : lower.index(b"\r\n", at)])
            if len(data) < end + 4 + length:
                break
            data = data[end + 4 + length :]
            self._answer(head)
        self.rest = data

    def _answer(self, head: bytes) -> None:
        cls = Server
        path = head.split(b" ", 2)[1]
        reply = self.stats
        if b"/token" in path:
            reply = self.token
        else:
            self._asked(path)
            if b"/sensor/" in path:
                reply = self.not_found
            elif b"/runs/" in path:
                reply = self.dbt
            elif b"/jobs/" in path:
                reply = self.airbyte
        self._count()
        if cls.latency:
            asyncio.get_running_loop().call_later(cls.latency, self._write, reply)
        else:
            self._write(reply)

    @staticmethod
    def _asked(path: bytes) -> None:
        cls = Server
        cls.requests += 1
        times = cls.asked[path] = cls.asked.get(path, 0) + 1
        cls.once += times == 1
        cls.twice += times == 2
        if cls.arrivals is not None:
            cls.arrivals.append((time.monotonic(), path))

    def _write(self, reply: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(reply)  # type: ignore[attr-defined]

    @staticmethod
    def _count() -> None:
        cls = Server
        cls.counters.write(cls.requests, cls.made, cls.open, cls.most, cls.once, cls.twice)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1")), x509.DNSName("localhost")]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "server.pem", folder / "key.pem"
    written = made.public_bytes(serialization.Encoding.PEM)
    certificate_path.write_bytes(written)
    # As large as what clients load in real life.
    (folder / "ca.pem").write_bytes(Path(certifi.where()).read_bytes() + b"\n" + written)
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate_path, key_path


async def serve(folder: Path, latency: float, *, log: bool) -> None:
    """Serve until the folder holds a file ``stop``; then write the arrivals, if asked to."""
    Server.counters = Counters(folder / "counters", writes=True)
    Server.latency = latency
    Server.arrivals = [] if log else None
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate(folder))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0, ssl=tls, backlog=8192)
    (folder / "port.new").write_text(str(server.sockets[0].getsockname()[1]))
    (folder / "port.new").rename(folder / "port")
    while not (folder / "stop").exists():
        await asyncio.sleep(0.2)
    if Server.arrivals is not None:
        (folder / "arrivals").write_text("\n".join(f"{at} {path.decode()}" for at, path in Server.arrivals))


if __name__ == "__main__":
    import uvloop

    uvloop.run(
        serve(Path(sys.argv[1]), float(sys.argv[2]) / 1000 if len(sys.argv) > 2 else 0.0, log="--log" in sys.argv)
    )
