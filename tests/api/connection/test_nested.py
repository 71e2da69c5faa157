"""A guard inside another extra has no effect, so it is refused by the rules for the extras themselves."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.connection.reading import read
from tests.api.support import refused


@pytest.mark.parametrize(
    ("name", "value", "place", "meant"),
    [
        ("extras", {"require_segments": True}, "extras.require_segments", "require_segment"),
        ("truepush", {"dry_runs": True}, "truepush.dry_runs", "dry_run"),
        ("extra", {"drryrun": True}, "extra.drryrun", "dry_run"),
        ("extra", {"test_mode": True}, "extra.test_mode", "dry_run"),
        ("extra", {"extra__truepush__dry_run": True}, "extra.extra__truepush__dry_run", "dry_run"),
        ("extra", {"timezon": "Europe/Berlin"}, "extra.timezon", "timezone"),
        ("extra", {"dry_run: true": None}, "extra.dry_run: true", "dry_run"),
        ("extra", "{'dry_run': True, 'timeout': 5}", "extra", "dry_run"),
        ("extra__truepush__extra", {"dry-runs": True}, "extra__truepush__extra.dry-runs", "dry_run"),
        ("conn_extra", '{"paused": true}', "conn_extra.paused", "dry_run"),
        ("monitoring", {"truepush": {"dryRun": True}}, "monitoring.truepush.dryRun", "dry_run"),
        ("truepush", {"shop": {"timezone": "UTC"}}, "truepush.shop.timezone", "timezone"),
        ("truepush", {"shop": {"a": [{"dry-run": True}]}}, "truepush.shop.a[0].dry-run", "dry_run"),
        ("truepush", {"flags": {"test_mode": True}}, "truepush.flags.test_mode", "dry_run"),
        ("options", {"shop": {"a": {"verify": False}}}, "options.shop.a.verify", "verify"),
        ("headers", {"X-Dry-Run": "1"}, "headers.X-Dry-Run", "dry_run"),
        ("headers", {"X-Truepush-Dry-Run": "true"}, "headers.X-Truepush-Dry-Run", "dry_run"),
        ("options", {"DRY_RUN": True}, "options.DRY_RUN", "dry_run"),
        ("settings", [{"requireSegment": True}], "settings[0].requireSegment", "require_segment"),
        ("flags", {"guards": {"test_mode": 1}}, "flags.guards.test_mode", "dry_run"),
        ("team", {"a": {"b": {"c": {"dry run": True}}}}, "team.a.b.c.dry run", "dry_run"),
        ("team", {"a": [{"require-segment": "secret"}]}, "team.a[0].require-segment", "require_segment"),
        ("flags", ["verbose", "dry_run"], "flags[1]", "dry_run"),
        ("flags", ["test_mode"], "flags[0]", "dry_run"),
        ("extra", ["Dry-Run"], "extra[0]", "dry_run"),
        ("flags", "dry_run", "flags", "dry_run"),
        ("features", "verbose, require_segments", "features", "require_segment"),
        ("mode", "dry-run", "mode", "dry_run"),
        ("run_mode", "test", "run_mode", "dry_run"),
        ("config", "dry_run=true", "config", "dry_run"),
        ("config", "a: 1\ndry_run: true", "config", "dry_run"),
        ("args", "--dry-run=yes --x=1", "args", "dry_run"),
    ],
)
def test_a_guard_inside_another_extra_is_refused(name: str, value: Any, place: str, meant: str) -> None:
    why = "is not an extra of this connection"
    if place != name:
        why += f", so `{place}` in it has no effect"
    with refused(f"extra.{name}", why=why, remedy=f"Write `{meant}` among the extras themselves", hiding="secret"):
        read({name: value})


def test_a_false_opposite_inside_extra_is_refused() -> None:
    remedy = "Write `dry_run: true` among the extras themselves"
    with refused("extra.extra", why="is not an extra of this connection, so ", remedy=remedy):
        read({"extra": {"live": False}})


@pytest.mark.parametrize("name", ["token", "tokn", "api_key"])
def test_a_token_inside_another_extra_is_not_shown(name: str) -> None:
    remedy = "Use the Password field of the connection instead"
    with refused("extra.extra", why="is not an extra", remedy=remedy, hiding="secret"):
        read({"extra": {name: "secret"}})


@pytest.mark.parametrize(
    "value",
    [
        {"extra": {"test_mode": False, "paused": "no", "dry_runs": None, "live": True, "team": "push"}},
        {"flags": {"dry_run": False, "production": True}, "headers": {"X-Dry-Run": "false", "X-Env": "test"}},
        {"flags": ["dry_run=false", "verbose", "live", 5, None], "features": "push,segments"},
        {"monitoring": {"enabled": False, "test": True, "paused": True}, "slack": {"send": False, "mode": "test"}},
        {"extra": {"cache": {"enabled": False, "timeouts": 3}}, "options": {"retry": {"test": True, "timeout": 3}}},
        {"http": {"retry": {"enabled": False}, "allow_redirects": False}, "audiences_of": None},
        {"http": {"disable_cache": True, "no_logging": True, "preview_image": "a"}, "pip": {"requirements": ["a"]}},
        {"options": "use a dry run before a test", "tags": ["needs a dry run first"]},
        {"note": "Write dry_run: true among the extras before a test", "description": "dry run", "mode": "live"},
        {"contact": {"last_run": "daily", "agreement": "required"}, "tags": ["test", "preview", "everyone"]},
        {"params": {"active": False, "draft": True}, "args": {"test": 1}, "kwargs": {"live": False, "no_send": True}},
        {"headers": {"X-Test": "1", "X-Draft": "1", "X-Test-Mode": "true", "Verify": "1"}, "options": {"push": "off"}},
        {"tags": ["dry_run", "dry_run=true"], "labels": ["dry-run"], "args": ["--dry-run"], "note": "dry_run=true"},
        {"tasks": {"day_run": "x", "try_run": "x", "dry_rn": True, "last_dry_run": "2026-01-01", "drying": 1}},
        {"flags": {"production": False, "on": ["dry_run"], "dry_rum": True}, "features": {"enabled": False}},
        {"features": {"draft": "x", "preview": ["a"]}, "flags": {"test": {"cache": 1}}, "mode": {"test": "a"}},
        {"settings": {"active": False, "preview": True}, "http": {"test": True}, "defaults": {"verify": False}},
        {"monitoring": {"truepush": {"enabled": False, "test": True}}, "slack": {"extra": {"timeout": 5}}},
        {"extra": {"http": {"test": True, "active": False}}, "truepush": {"shop": {"draft": True}}},
        {"deep": {"a": {"b": {"c": {"d": {"e": {"f": {"dry_run": True}}}}}}}},
    ],
)
def test_what_is_no_guard_there_is_left_alone(value: dict[str, Any]) -> None:
    assert read(value).unknown_extras == tuple(sorted(value))
