"""Extras that are meant, but misspelled.

An extra that is ignored may be the one that was to keep a real campaign from going out.
"""

from __future__ import annotations

import difflib
import re

from airflow_provider_truepush.api.connection.form import CONNECTION_TYPE, EXTRAS

_SIMILAR = 0.75
#: How Airflow's forms named extras before version 2.3.
_PREFIX = re.compile(rf"^extra__({CONNECTION_TYPE}__)?")
_NAMES = {re.sub("[^a-z]", "", extra.name): extra.name for extra in EXTRAS}
#: Words of extras that guard against sending: a name that holds one is never ignored.
_GUARDS = {"dry": "dry_run", "segment": "require_segment", "simulat": "dry_run"}
#: What other providers and libraries call the same thing.
_ELSEWHERE = {
    "proxy": "proxies",
    "httpproxy": "proxies",
    "httpsproxy": "proxies",
    "tz": "timezone",
    "zone": "timezone",
    "sslverify": "verify",
    "verifyssl": "verify",
    "verifytls": "verify",
    "tlsverify": "verify",
    "cabundle": "verify",
    "clientcert": "cert",
    "certificate": "cert",
    "attempts": "max_attempts",
    "maxretries": "max_attempts",
    "ratelimit": "requests_per_second",
    "rps": "requests_per_second",
}


def resembled(name: object) -> str | None:
    """Return the extra that a name, which is not one, was probably meant to be; None for a foreign name.

    :param name: the key of an extra.
    """
    plain = re.sub("[^a-z]", "", _PREFIX.sub("", str(name).strip().casefold()))
    if plain in _NAMES:
        return _NAMES[plain]
    if plain in _ELSEWHERE:
        return _ELSEWHERE[plain]
    for word, meant in _GUARDS.items():
        if word in plain:
            return meant
    close = difflib.get_close_matches(plain, _NAMES, n=1, cutoff=_SIMILAR)
    return _NAMES[close[0]] if close else None
