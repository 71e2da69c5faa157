"""The control address ``/_emulator/``: the calls of :class:`.controls.Controls` over HTTP, in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from airflow_provider_truepush.emulator.controls import Controls
from airflow_provider_truepush.emulator.service import Service

ROOT = "/_emulator"
_JSON = "application/json"
Call = Callable[[Controls, dict[str, Any], dict[str, str], str], Any]


async def handle(service: Service, request: web.BaseRequest, path: str) -> web.StreamResponse:
    """Answer a request to the control address.

    :param path: the whole path.
    """
    name, _, rest = path.removeprefix(ROOT).strip("/").partition("/")
    calls = _CALLS.get(name)
    if calls is None:
        return _answer(404, {"error": f"no such control: {name}", "controls": _index()})
    call = calls.get(request.method)
    if call is None:
        return _answer(405, {"error": f"{name} takes {', '.join(calls)}"})
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
        if not isinstance(body, dict):
            raise ValueError("the body must be a JSON object")
        return _answer(200, call(Controls(service), body, dict(request.query), rest))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        return _answer(400, {"error": f"{type(error).__name__}: {error}"})


def _answer(status: int, body: Any) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, indent=1) + "\n"
    return web.Response(status=status, body=text.encode("utf-8", "replace"), content_type=_JSON, charset="utf-8")


def _index() -> dict[str, list[str]]:
    return {f"{ROOT}/{name}": sorted(calls) for name, calls in _CALLS.items()}


def _about(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"clock": controls.now().isoformat(), "projects": controls.projects(), "controls": _index()}


def _reset(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    controls.reset(body.get("seed"))
    return {"reset": True}


def _seed(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    if "seed" in body:
        # Another seed makes other ids and counters: what is there would no longer be true.
        controls.reset(int(body["seed"]))
        return {"seed": int(body["seed"])}
    if body.get("reference") is True:
        return controls.seed_reference(project=body.get("project"))
    if "add_campaigns" in body:
        return {"campaigns": controls.add_campaigns(project=body.pop("project", None), **body["add_campaigns"])}
    return controls.seed({k: v for k, v in body.items() if k != "project"}, project=body.get("project"))


def _clock(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    if "speed" in body:
        controls.set_speed(float(body["speed"]))
    if "set" in body:
        controls.set_clock(body["set"])
    if "advance" in body:
        controls.advance(float(body["advance"]))
    return {"now": controls.now().isoformat()}


def _requests(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return [row.as_dict() for row in controls.requests(query.get("endpoint"))]


def _clear_requests(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    controls.clear_requests()
    return []


def _faults(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return [fault.as_dict() for fault in controls.faults()]


def _add_fault(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"id": controls.fault(body.pop("endpoint", None), **body)}


def _clear_faults(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    controls.clear_faults(int(rest) if rest else None)
    return _faults(controls, body, query, rest)


def _dialect(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return controls.dialect.as_dict()


def _set_dialect(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return controls.set_dialect(body.pop("name", None), **body).as_dict()


def _truth(name: str) -> Call:
    def call(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
        return getattr(controls, name)(query.get("project"))

    return call


def _pushes(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    made = controls.pushes(query.get("project"))
    return [{"payload": json.loads(payload), "count": count} for payload, count in made.items()]


def _stats(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return controls.stats(rest)


def _series(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    controls.set_series(rest, body["series"])
    return {"series": len(body["series"])}


def _late(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"waiting": controls.late_commits()}


def _commit_late(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"committed": controls.commit_late()}


_CALLS: dict[str, dict[str, Call]] = {
    "": {"GET": _about},
    "reset": {"POST": _reset},
    "seed": {"POST": _seed},
    "clock": {"GET": _clock, "POST": _clock, "PUT": _clock},
    "requests": {"GET": _requests, "DELETE": _clear_requests},
    "faults": {"GET": _faults, "POST": _add_fault, "DELETE": _clear_faults},
    "late_commits": {"GET": _late, "POST": _commit_late},
    "dialect": {"GET": _dialect, "POST": _set_dialect, "PUT": _set_dialect},
    "campaigns": {"GET": _truth("campaigns")},
    "templates": {"GET": _truth("templates")},
    "triggers": {"GET": _truth("triggers")},
    "segments": {"GET": _truth("segments")},
    "pushes": {"GET": _pushes},
    "stats": {"GET": _stats},
    "series": {"POST": _series, "PUT": _series},
}
