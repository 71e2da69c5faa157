"""Every control as a row: its path, its keys, what it does, and an example that works.

The manual page and the HTTP answers to wrong keys are written from these rows.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import airflow_provider_truepush.emulator.reference as reference
from airflow_provider_truepush.emulator.churn import Churn
from airflow_provider_truepush.emulator.control_action import ROOT, Action, Run
from airflow_provider_truepush.emulator.controls import ADD_CAMPAIGNS, Controls
from airflow_provider_truepush.emulator.dialects import Dialect
from airflow_provider_truepush.emulator.errors import TruepushEmulatorError, check_keys
from airflow_provider_truepush.emulator.faults import Fault
from airflow_provider_truepush.emulator.overview import overview
from airflow_provider_truepush.emulator.seeding import KINDS

FAULT_KEYS = tuple(item.name for item in fields(Fault) if item.name not in ("id", "hits"))
DIALECT_KEYS = ("name", *(item.name for item in fields(Dialect)))
CHURN_KEYS = tuple(item.name for item in fields(Churn))


def index() -> dict[str, list[str]]:
    """Return the methods of every control by path."""
    found: dict[str, set[str]] = {}
    for action in ACTIONS:
        found.setdefault(f"{ROOT}/{action.name}", set()).update(action.methods)
    return {path: sorted(methods) for path, methods in found.items()}


def _about(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"clock": controls.now().isoformat(), "projects": controls.projects(), "controls": index()}


def _overview(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return overview(controls)


def _reset(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    controls.reset(body.get("seed"))
    return {"reset": True}


def _seed(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    project = body.pop("project", None)
    special = [key for key in ("seed", "reference", "add_campaigns") if key in body]
    if special and len(body) > 1:
        raise TruepushEmulatorError(f"seed: {special[0]} cannot be combined with other keys than project.")
    if "seed" in body:
        # Another seed makes other ids and counters: what exists would no longer be true.
        controls.reset(int(body["seed"]))
        return {"seed": int(body["seed"])}
    if "reference" in body:
        if body["reference"] is not True:
            raise TruepushEmulatorError(f"seed: reference is {body['reference']!r}. It must be true.")
        return controls.seed_reference(project=project)
    if "add_campaigns" in body:
        settings = body["add_campaigns"]
        if not isinstance(settings, dict):
            raise TruepushEmulatorError('seed: add_campaigns must be an object, such as {"n": 100}.')
        check_keys("seed: add_campaigns", settings, ADD_CAMPAIGNS)
        return {"campaigns": controls.add_campaigns(project=project, **settings)}
    return controls.seed(body, project=project)


def _clock(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"now": controls.now().isoformat()}


def _set_clock(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    if not body:
        raise TruepushEmulatorError("clock: say what to do. Accepted keys: advance, set, speed.")
    if "speed" in body:
        if isinstance(body["speed"], bool) or not isinstance(body["speed"], (int, float)):
            raise TruepushEmulatorError(f"clock: speed is {body['speed']!r}. It must be a number above 0.")
        controls.set_speed(body["speed"])
    if "set" in body:
        controls.set_clock(body["set"])
    if "advance" in body:
        controls.advance(body["advance"])
    return _clock(controls, body, query, rest)


def _requests(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    limit = query.get("last")
    rows = controls.requests(query.get("endpoint"))
    return [row.as_dict() for row in (rows if limit is None else rows[-int(limit) :] if int(limit) > 0 else [])]


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


def _churn(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return [churn.as_dict() for churn in controls.churns()]


def _add_churn(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return controls.churn(**body).as_dict()


def _end_churn(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    controls.end_churn()
    return []


def _move(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    for key in ("kind", "id", "beside"):
        if key not in body:
            raise TruepushEmulatorError(f"move: {key} is missing. It needs kind, id and beside.")
    controls.move(body["kind"], body["id"], beside=body["beside"])
    return {"moved": body["id"]}


def _dialect(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return controls.dialect.as_dict()


def _set_dialect(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    if not body:
        raise TruepushEmulatorError(f"dialect: say what to set. Accepted keys: {', '.join(DIALECT_KEYS)}.")
    return controls.set_dialect(body.pop("name", None), **body).as_dict()


def _truth(kind: str) -> Run:
    def run(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
        return getattr(controls, kind)(query.get("project"))

    return run


def _delete(kind: str) -> Run:
    def run(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
        controls.delete(kind, rest)
        return {"deleted": rest}

    return run


def _pushes(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    made = controls.pushes(query.get("project"))
    return [{"payload": json.loads(payload), "count": count} for payload, count in made.items()]


def _stats(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return controls.stats(rest)


def _series(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    series = body.get("series")
    if not controls.exists("campaigns", rest):
        raise TruepushEmulatorError(f"series: no campaign has the id {rest!r}. Seed it first.")
    if not isinstance(series, list):
        raise TruepushEmulatorError('series: series must be a list of counters, such as [null, {"sent": 10}].')
    controls.set_series(rest, series)
    return {"series": len(series)}


def _late(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"waiting": controls.late_commits()}


def _commit_late(controls: Controls, body: dict[str, Any], query: dict[str, str], rest: str) -> Any:
    return {"committed": controls.commit_late()}


_GET, _POST, _SET, _DELETE = ("GET",), ("POST",), ("POST", "PUT"), ("DELETE",)

#: Every control, in the order of the manual.
ACTIONS: tuple[Action, ...] = (
    Action(_GET, "", "Show the clock, the projects and every control.", _about),
    Action(_GET, "overview", "Show what the page at `/` shows: the newest of everything.", _overview),
    Action(_GET, "clock", "Show the clock.", _clock),
    Action(
        _SET, "clock", "Move the clock forward (`advance`: seconds, or text such as `10m` or `1d12h`), to a moment "
        "(`set`: ISO 8601 with a zone), or run it at another `speed`. Triggers that are due fire.", _set_clock,
        ("advance", "set", "speed"), example={"advance": "10m"},
    ),
    Action(
        _POST, "seed", "Add objects: lists of rows under `segments`, `templates`, `triggers` and `campaigns`. Or "
        "`add_campaigns` for many at once, `reference: true` for the objects of Truepush's reference, `seed` to start "
        "again with other ids and counters.", _seed, (*KINDS, "add_campaigns", "reference", "seed", "project"),
        example={"segments": [{"name": "Friends", "subscribers": 12}], "campaigns": [{"title": "cut \ud83d"}]},
    ),
    Action(_POST, "reset", "Start again: empty projects, no faults, no history, the first dialect.", _reset, ("seed",)),
    Action(
        _GET, "requests", "Show the requests so far, of one `endpoint` or only the `last` few.", _requests,
        query=("endpoint", "last"),
    ),
    Action(_DELETE, "requests", "Forget the requests so far.", _clear_requests),
    Action(_GET, "faults", "Show the faults that wait, each with the number of its hits.", _faults),
    Action(
        _POST, "faults", "Add a fault.", _add_fault, FAULT_KEYS,
        example={"endpoint": "createCampaign", "effect": "rst", "phase": "after_commit", "nth": 1},
    ),
    Action(
        _DELETE, "faults", "Remove a fault, or all without an id.", _clear_faults, argument="id",
        argument_optional=True,
    ),
    Action(_GET, "dialect", "Show the dialect.", _dialect),
    Action(
        _SET, "dialect", "Change the dialect, by `name` or setting by setting.", _set_dialect, DIALECT_KEYS,
        example={"order": "newest", "page_size": 100},
    ),
    Action(_GET, "churn", "Show the changes that follow each page of a list.", _churn),
    Action(
        _POST, "churn", "Add, delete and move rows after each page of a list that is read.", _add_churn, CHURN_KEYS,
        example={"endpoint": "listCampaign", "add": 1, "delete": 1, "where": "start", "times": 10},
    ),
    Action(_DELETE, "churn", "Stop changing lists between pages.", _end_churn),
    Action(
        _POST, "move", "Move a row behind another one in its list.", _move, ("kind", "id", "beside"),
        example={"kind": "triggers", "id": "5f8d5d900db83d4f8cf35d79", "beside": "5fae1887042f2bee7ef8aef9"},
    ),
    Action(_GET, "late_commits", "Show how many requests wait for a late commit.", _late),
    Action(_POST, "late_commits", "Carry out every request that waits for a late commit.", _commit_late),
    *(
        action
        for kind, sample in (
            ("campaigns", "5f71b707ce17f26371ebc12e"), ("templates", "5fb8cde682a1419035c8d981"),
            ("triggers", "5f8ee892df5ff41f7f00694c"), ("segments", "5f89365f51e2766113d29fd6"),
        )
        for action in (
            Action(_GET, kind, f"Show all {kind} of every project, or of one `project`.", _truth(kind),
                   query=("project",)),
            Action(_DELETE, kind, f"Delete one of the {kind}, as someone does in Truepush's console.", _delete(kind),
                   argument="id", sample=sample),
        )
    ),
    Action(
        _GET, "pushes", "Show how many campaigns were created from each payload, to find duplicates.", _pushes,
        query=("project",),
    ),
    Action(_GET, "stats", "Show the counters of a campaign now, or null.", _stats, argument="campaign id",
           sample=reference.CAMPAIGN),
    Action(
        _SET, "series", "Script the answers of campaignStats for a campaign, one per request; the last one repeats. "
        "null answers NO-STATS-FOUND, and an empty list ends the script.", _series, ("series",),
        argument="campaign id", sample=reference.CAMPAIGN, example={"series": [None, {"sent": 100, "delivered": 10}]},
    ),
)  # fmt: skip
