"""What both transports take from the machine they run on: proxies and certificate bundles."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from airflow_provider_truepush import __version__
from airflow_provider_truepush.api.checks import refuse
from airflow_provider_truepush.api.connection.settings import Settings

_CA_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


def headers(settings: Settings) -> dict[str, str]:
    """The headers of every request, the token among them."""
    return {
        "Authorization": settings.token,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": f"airflow-provider-truepush/{__version__}",
    }


def proxies(settings: Settings) -> dict[str, str]:
    """Proxy addresses by scheme: the connection's, else the environment's unless it exempts the host."""
    if settings.proxies is not None:
        return dict(settings.proxies)
    host = urlsplit(settings.base_url).hostname or ""
    return {} if proxy_bypass(host) else getproxies()


def proxy_for(settings: Settings) -> str | None:
    """The proxy for this connection's scheme."""
    scheme = urlsplit(settings.base_url).scheme
    known = proxies(settings)
    return known.get(scheme) or known.get("all")


def verify(settings: Settings) -> bool | str:
    """Whether, and against which bundle, certificates are checked."""
    if settings.verify is not True:
        return settings.verify
    for variable in _CA_BUNDLE_VARIABLES:
        if path := os.environ.get(variable):
            return path
    return True


def check_files(settings: Settings) -> None:
    """Refuse a connection whose certificate files are not there.

    :raises TruepushValidationError: with the extra's name and the path.
    """
    if isinstance(settings.verify, str) and not Path(settings.verify).exists():
        refuse("extra.verify", settings.verify, "must be true, false, or the path of a CA bundle that is there")
    for path in (settings.cert,) if isinstance(settings.cert, str) else settings.cert or ():
        if not Path(path).is_file():
            refuse("extra.cert", path, "must be the path of a file that is there")
