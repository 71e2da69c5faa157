"""Read the settings of the machine for both transports: proxies and certificate bundles."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import requests.utils

from airflow_provider_truepush import __version__
from airflow_provider_truepush.api.checks.values import refuse
from airflow_provider_truepush.api.connection.redaction import redactor
from airflow_provider_truepush.api.connection.settings import Settings

_CA_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def headers(settings: Settings) -> dict[str, str]:
    """Return the headers of every request, the token among them."""
    return {
        "Authorization": settings.token,
        "Content-Type": "application/json",
        "Accept": "application/json",
        # Answers are small, and an uncompressed one cannot inflate.
        "Accept-Encoding": "identity",
        "User-Agent": f"airflow-provider-truepush/{__version__}",
    }


def proxies(settings: Settings) -> dict[str, str]:
    """Return the proxy for this connection by scheme: the connection's own, else the environment's; empty for none.

    Both clients choose the proxy and the exempt hosts as requests does: ``NO_PROXY`` may contain names, addresses and
    ranges of addresses, and an address without a scheme means http.

    :raises TruepushValidationError: the proxy is not an HTTP proxy, such as SOCKS.
    """
    proxy = proxy_for(settings)
    return {} if proxy is None else {urlsplit(settings.base_url).scheme: proxy}


def proxy_for(settings: Settings) -> str | None:
    """Return the address of the proxy for this connection, with its scheme; None for none.

    :raises TruepushValidationError: as :func:`proxies`.
    """
    url = settings.base_url
    if settings.proxies is not None:
        known = dict(settings.proxies)
        exempt = known.get("no_proxy") or known.get("no")
        bypassed = bool(exempt) and requests.utils.should_bypass_proxies(url, no_proxy=exempt)
        source = "extra.proxies"
    else:
        known, bypassed = requests.utils.get_environ_proxies(url), False
        source = "environment variable for proxies (HTTP_PROXY, HTTPS_PROXY or ALL_PROXY)"
    proxy = None if bypassed else requests.utils.select_proxy(url, known)
    if not proxy:
        return None
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    try:
        parts = urlsplit(proxy)
        valid = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.port != 0
        scheme = parts.scheme
    except ValueError:
        valid, scheme = False, "an address that cannot be read"
    if not valid:
        # The address is not shown, because it may contain a password.
        refuse(source, scheme, "must name a proxy with http:// or https:// and a host; SOCKS is not supported")
    return proxy


def hider(settings: Settings, proxy: str | None) -> Callable[[str], str]:
    """Return the function that removes the secrets of a connection from a text.

    :param settings: the connection.
    :param proxy: the address of the proxy in use.
    """
    addresses = {address for _, address in settings.proxies or ()} | ({proxy} if proxy else set())
    return redactor(settings.token, tuple(sorted(addresses)))


def verify(settings: Settings) -> bool | str:
    """Return whether, and against which bundle, certificates are checked."""
    return _bundle(settings)[1]


def _bundle(settings: Settings) -> tuple[str, bool | str]:
    """Return the setting that names the bundle, and its path."""
    if settings.verify is not True:
        return "extra.verify", settings.verify
    for variable in _CA_BUNDLE_VARIABLES:
        if path := os.environ.get(variable):
            return f"environment variable {variable}", path
    return "extra.verify", True


def tls_options(settings: Settings) -> ssl.SSLContext:
    """Return the TLS options of a connection. This reads files.

    :raises TruepushValidationError: a certificate file is missing or cannot be read, with its path.
    """
    return _tls_options(*_bundle(settings), settings.cert)


def _tls_options(source: str, checked: bool | str, cert: str | tuple[str, str] | None) -> ssl.SSLContext:
    try:
        if isinstance(checked, str):
            folder = Path(checked).is_dir()
            context = ssl.create_default_context(cafile=None if folder else checked, capath=checked if folder else None)
        else:
            context = ssl.create_default_context()
    except (OSError, ValueError):
        refuse(source, checked, "must be the path of a readable CA bundle (PEM), or of a folder of certificates")
    if checked is False:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if cert is not None:
        certificate, key = cert if isinstance(cert, tuple) else (cert, None)
        try:
            # Without this password, OpenSSL would ask for one on the terminal.
            context.load_cert_chain(certificate, key, password=lambda: "")
        except (OSError, ValueError):
            refuse("extra.cert", cert, "must name a readable PEM certificate and its key, without a password")
    return context


def check_files(settings: Settings) -> None:
    """Refuse a connection whose certificate files are missing or cannot be read, before anything is sent.

    :raises TruepushValidationError: with the extra's name and the path.
    """
    source, checked = _bundle(settings)
    paths = [path for path in (checked, *_certificates(settings)) if isinstance(path, str)]
    if paths:
        _check_once(source, checked, settings.cert, tuple(_changed_at(path) for path in paths))


@lru_cache(maxsize=16)
def _check_once(
    source: str, checked: bool | str, cert: str | tuple[str, str] | None, changed_at: tuple[float, ...]
) -> None:
    """Read the files of all connections that name the same ones once, until one of them is written again."""
    _tls_options(source, checked, cert)


def _certificates(settings: Settings) -> tuple[str, ...]:
    return (settings.cert,) if isinstance(settings.cert, str) else settings.cert or ()


def _changed_at(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
