"""Protect the control address: programs and the emulator's own page may use it, pages of other sites may not.

A browser sends requests to this machine for any page that asks it to. Two headers reveal such a page: ``Origin``,
which accompanies every request of a browser that can change something, and ``Host``, which names the page's own site
when that site has made its name point to this machine (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

_READS = frozenset({"GET", "HEAD"})
_SAME = frozenset({"same-origin", "none"})


def refusal(method: str, headers: Mapping[str, str], names: frozenset[str]) -> str | None:
    """Return why a request to the control address is refused, or None.

    :param method: HTTP method.
    :param headers: of the request; their names in any case.
    :param names: host names under which the emulator is known, besides IP addresses and localhost.
    """
    host = headers.get("Host", "")
    if not _is_ours(_name(host), names):
        return (
            f"Host is {host[:100]!r}, which is not a name of this emulator. Use its IP address or localhost, or start "
            "it with --allow-host and this name."
        )
    if method in _READS:
        return None
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site")
    if (origin is not None and origin.lower().partition("://")[2] != host.lower()) or (site or "none") not in _SAME:
        return (
            f"This request comes from a page of another origin ({(origin or site or '')[:100]}). The emulator was not "
            "changed. Only programs and the emulator's own page can change it."
        )
    return None


def _name(host: str) -> str:
    """Return the name in a Host header, without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_ours(name: str, names: frozenset[str]) -> bool:
    if name == "localhost" or name.endswith(".localhost") or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
