"""The page at ``/``: the emulator's objects and requests, with buttons for the clock and for faults."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import lru_cache
from importlib import resources

from aiohttp import web


def answer() -> web.Response:
    """Return the page. It is self-contained: it needs no network access but to this emulator."""
    body, policy = _document()
    headers = {
        "Content-Security-Policy": policy,
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


@lru_cache(maxsize=1)
def _document() -> tuple[bytes, str]:
    text = resources.files("airflow_provider_truepush.emulator").joinpath("page.html").read_text(encoding="utf-8")
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Bars have widths of their own, so styles within elements are allowed; nothing else is.
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy
