"""The settings of a connection, read once and checked."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from airflow_provider_truepush.api.checks.near_matches import near_matches
from airflow_provider_truepush.api.checks.outcome import outcome
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.form import EXTRAS, Extra
from airflow_provider_truepush.api.connection.misspelled import refuse_misspelled
from airflow_provider_truepush.api.connection.nested import refuse_nested
from airflow_provider_truepush.api.connection.redaction import redactor
from airflow_provider_truepush.api.errors import TruepushAuthError

#: What an address of a proxy is for: a scheme, or a scheme and a host. Other keys would be ignored.
_PROXIED = re.compile(r"(https?|all)(://[^/\s@]+)?|no|no_proxy")
#: Keys that many lists of proxies have, and that are not for Truepush.
_OTHER_SCHEMES = frozenset({"ftp", "ftps", "ws", "wss"})
DEFAULT_HOST = "https://api.truepush.com"


@dataclass(frozen=True, slots=True)
class Settings:
    """A connection to one Truepush project.

    :param base_url: scheme, host, port and path before ``/api/v1``.
    :param token: the project's token; never shown.
    :param timezone: the project's time zone; None when the connection has none.
    :param timeout: connect and read timeout, in seconds.
    :param requests_per_second: maximum rate of all calls of a process together; None for no limit.
    :param rate_limit_conn_id: id of the Redis connection through which all processes of a cluster share that rate;
        None for a rate per process.
    :param rate_limit_share: the part of the rate that a process uses while Redis does not answer.
    :param max_attempts: maximum attempts for a repeatable request.
    :param retry_budget: maximum seconds that one call waits between its attempts.
    :param dry_run: send no request that changes anything.
    :param require_segment: refuse sends to every subscriber.
    :param verify: check the server's certificate: True, False, or the path of a CA bundle.
    :param cert: path of a client certificate, or a pair of certificate and key.
    :param proxies: pairs of scheme and proxy address; None takes those of the environment.
    :param unknown_extras: names of extras that this provider does not know.
    """

    base_url: str
    token: str = field(repr=False)
    timezone: ZoneInfo | None = None
    timeout: float = 30.0
    requests_per_second: float | None = None
    rate_limit_conn_id: str | None = None
    rate_limit_share: float = 0.1
    max_attempts: int = 5
    retry_budget: float = 120.0
    dry_run: bool = False
    require_segment: bool = False
    verify: bool | str = True
    cert: str | tuple[str, str] | None = None
    proxies: tuple[tuple[str, str], ...] | None = field(default=None, repr=False)
    unknown_extras: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        """Return a text without the token, and without passwords of proxies."""
        return redactor(self.token, tuple(address for _, address in self.proxies or ()))(text)


def read_settings(
    *,
    host: str | None,
    scheme: str | None,
    port: int | None,
    token: str | None,
    extra: Mapping[str, Any],
) -> Settings:
    """Read the parts of a connection.

    :param host: with or without scheme, port and path; None for Truepush's own.
    :param scheme: used when the host has none; None for https.
    :param port: None for the scheme's own.
    :param token: the project's token.
    :param extra: the declared extras, as JSON types or as the strings that connection URIs carry.
    :raises TruepushAuthError: without a token.
    :raises TruepushValidationError: for an invalid value, with the extra's name.
    """
    if not token or not token.strip():
        raise TruepushAuthError(
            f"The connection has no token. {outcome()} Put the project's authentication token (Truepush: project, "
            "settings) into the connection's password field."
        )
    token = token.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        raise TruepushAuthError(
            f"The connection's token has characters that are not allowed, such as blanks or line breaks. {outcome()} "
            "Copy the token into the connection's password field again."
        )
    known = {extra.name: extra for extra in EXTRAS}
    for name in extra:
        if name not in known:
            refuse_misspelled(name, extra[name])
            refuse_nested(name, extra[name])
    values = {
        name: _read(known[name], value)
        for name, value in extra.items()
        if name in known and value is not None and not (isinstance(value, str) and not value.strip())
    }
    if values.get("rate_limit_conn_id") is not None and values.get("requests_per_second") is None:
        refuse(
            "extra.rate_limit_conn_id",
            values["rate_limit_conn_id"],
            "needs a rate to share",
            "Set `requests_per_second` to the rate of the whole cluster",
        )
    return Settings(
        base_url=_base_url(host, scheme, port),
        token=token,
        unknown_extras=tuple(sorted(name for name in extra if name not in known)),
        **values,
    )


def _base_url(host: str | None, scheme: str | None, port: int | None) -> str:
    given = (host or "").strip() or DEFAULT_HOST
    # A name and password before the host must not appear in an error.
    start = given.find("://") + 3 if "://" in given else 0
    shown = given[:start] + given[start:].rpartition("@")[2]
    if "://" not in given:
        given = _bracketed(given)
        scheme = (scheme or "https").strip().lower()
        if scheme not in ("http", "https"):
            refuse("connection.schema", scheme, "must be http or https")
        given = f"{scheme}://{given}"
    try:
        parts = urlsplit(given)
        written = parts.port
    except ValueError:
        refuse("connection.host", shown, "is not a valid host or address")
    if parts.scheme not in ("http", "https") or not parts.hostname or any(letter.isspace() for letter in given):
        refuse("connection.host", shown, "must be a host, or an http or https address")
    if parts.username or parts.password or parts.query or parts.fragment:
        refuse("connection.host", parts.hostname, "must not contain a user, password, query or fragment")
    try:
        parts.hostname.encode("idna")
    except UnicodeError:
        refuse(
            "connection.host", shown, "is not a valid host: a part between its dots is empty, too long or not allowed"
        )
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = port or written
    path = parts.path.rstrip("/").removesuffix("/api/v1")
    return f"{parts.scheme}://{name}{f':{port}' if port else ''}{path}"


def _bracketed(host: str) -> str:
    """Return an IPv6 address in brackets, as URLs need it; Airflow's connections hold it without."""
    try:
        return f"[{IPv6Address(host)}]"
    except ValueError:
        return host


def _read(extra: Extra, value: Any) -> Any:
    name = f"extra.{extra.name}"
    if extra.kind == "boolean":
        return _boolean(name, value)
    if extra.kind in ("integer", "number"):
        return _number(name, value, extra)
    if extra.name == "timezone":
        return _zone(name, value)
    if extra.name == "rate_limit_conn_id":
        return _conn_id(name, value)
    if extra.name == "verify":
        return _verify(name, value)
    if extra.name == "cert":
        return _cert(name, value)
    return _proxies(name, value)


def _boolean(name: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("true", "1", "yes", "on"):
        return True
    if word in ("false", "0", "no", "off"):
        return False
    refuse(name, value, "must be true or false")


def _number(name: str, value: Any, extra: Extra) -> float | int:
    try:
        number = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError, OverflowError):
        number = None
    whole = extra.kind == "integer"
    if number is None or not 0 <= number < float("inf") or (whole and number != int(number)):
        refuse(name, value, f"must be a {'whole ' if whole else ''}number of at least 0")
    if number <= extra.above:
        refuse(name, value, f"must be above {extra.above:g}")
    if extra.at_least is not None and number < extra.at_least:
        refuse(name, value, f"must be at least {extra.at_least:g}")
    if extra.at_most is not None and number > extra.at_most:
        refuse(name, value, f"must be at most {extra.at_most:,}")
    return int(number) if whole else number


def _zone(name: str, value: Any) -> ZoneInfo:
    try:
        return ZoneInfo(str(value).strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = near_matches(str(value), available_timezones())
        remedy = f"Did you mean {near[0]}" if near else ""
        refuse(name, value, "must be a time zone of the IANA database, such as Europe/Berlin", remedy)


def _conn_id(name: str, value: Any) -> str:
    if not isinstance(value, str):
        refuse(name, value, "must be the id of a connection")
    if "://" in value:  # an address can hold a password: the value is not shown
        refuse(name, "an address that is not shown", "must be the id of a connection of type redis")
    return value.strip()


def _verify(name: str, value: Any) -> bool | str:
    if isinstance(value, str) and value.strip().lower() not in ("true", "false", "1", "0", "yes", "no", "on", "off"):
        return value.strip()
    return _boolean(name, value)


def _cert(name: str, value: Any) -> str | tuple[str, str]:
    if isinstance(value, str) and value.lstrip().startswith("["):
        value = _json(name, value)
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(isinstance(part, str) for part in value):
        return (value[0], value[1])
    refuse(name, value, "must be the path of a certificate, or a pair of paths: certificate and key")


def _proxies(name: str, value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, str):
        is_json = value.lstrip().startswith(("{", "[", '"'))
        value = _json(name, value) if is_json else {"http": value.strip(), "https": value.strip()}
    if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
        # A proxy's address can hold a password: the value is not shown.
        refuse(name, type(value).__name__, "must be an object of proxy addresses by scheme")
    value = {scheme: address for scheme, address in value.items() if scheme not in _OTHER_SCHEMES}
    for scheme, address in value.items():
        if not _PROXIED.fullmatch(str(scheme)):
            shown = scheme if str(scheme).strip().isalpha() else "one that is not shown"
            refuse(name, shown, "must have http, https, all or no as its keys, in lower case")
        if address and scheme not in ("no", "no_proxy") and not _is_proxy(address):
            refuse(
                name,
                "one that is not shown",
                "must have addresses with http:// or https:// and a host; SOCKS is not supported",
            )
    return tuple(sorted(value.items()))


def _is_proxy(address: str) -> bool:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _json(name: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        refuse(name, "a string", "is not valid JSON")
