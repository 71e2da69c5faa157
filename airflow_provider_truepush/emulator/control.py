"""The control address ``/_emulator/``: the calls of :class:`.controls.Controls` over HTTP, in JSON."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

import airflow_provider_truepush.emulator.guard as guard
from airflow_provider_truepush.emulator.control_action import ROOT, Action
from airflow_provider_truepush.emulator.control_table import ACTIONS, index
from airflow_provider_truepush.emulator.controls import Controls
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_keys
from airflow_provider_truepush.emulator.outcomes import as_json
from airflow_provider_truepush.emulator.service import Service

#: Bytes of a request to the control address at most; enough to seed 100,000 campaigns row by row.
LARGEST_BODY = 64_000_000
_JSON = "application/json"


async def handle(service: Service, names: frozenset[str], request: web.BaseRequest, path: str) -> web.StreamResponse:
    """Answer a request to the control address.

    :param names: host names under which it may be used; see :func:`.guard.refusal`.
    :param path: the whole path.
    """
    if (refused := guard.refusal(request.method, request.headers, names)) is not None:
        return answer(403, {"error": refused})
    name, _, rest = path.removeprefix(ROOT).strip("/").partition("/")
    named = [action for action in ACTIONS if action.name == name]
    if not named:
        return answer(404, {"error": f"The control {name!r} does not exist.", "controls": index()})
    offered = [action for action in named if request.method in action.methods]
    if not offered:
        methods = sorted({method for action in named for method in action.methods})
        return answer(405, {"error": f"{name} accepts {', '.join(methods)}.", "controls": index()})
    raw = await _read(request)
    if raw is None:
        return answer(413, {"error": f"{name}: the body is larger than {LARGEST_BODY} bytes."})
    try:
        return answer(200, _run(Controls(service), offered[0], raw, dict(request.query), rest))
    except TruepushEmulatorError as error:
        return answer(400, {"error": str(error)})
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        return answer(400, {"error": f"{name}: {type(error).__name__}: {error}", "accepted": list(offered[0].keys)})


async def _read(request: web.BaseRequest) -> bytes | None:
    """Return the body of a request; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while part := await request.content.readany():
        size += len(part)
        if size > LARGEST_BODY:
            return None
        parts.append(part)
    return b"".join(parts)


def _run(controls: Controls, action: Action, raw: bytes, query: dict[str, str], rest: str) -> Any:
    try:
        body = json.loads(raw) if raw else {}
    except (ValueError, RecursionError) as error:
        raise TruepushEmulatorError(f"{action.name}: the body is not valid JSON ({error}).") from None
    if not isinstance(body, dict):
        raise TruepushEmulatorError(f"{action.name}: the body must be a JSON object.")
    check_keys(action.name or "about", body, action.keys)
    check_keys(f"{action.name or 'about'}: query", query, action.query)
    if rest and not action.argument:
        raise TruepushEmulatorError(f"{action.name}: nothing can follow the name, got {rest!r}.")
    if not rest and action.argument and not action.argument_optional:
        raise TruepushEmulatorError(f"{action.name}: {action.argument} is missing. Use {ROOT}/{action.path}.")
    return action.run(controls, body, query, rest)


def answer(status: int, body: Any) -> web.Response:
    """Return a JSON answer."""
    text = as_json(body, indent=1) + b"\n"
    return web.Response(status=status, body=text, content_type=_JSON, charset="utf-8")
