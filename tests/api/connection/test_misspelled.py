"""Extras that resemble a known one, or a field of the connection, are refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.connection.reading import read
from tests.api.support import refused

GUARDS = (
    *("test_mode", "testMode", "TESTMODE", "sandbox", "noop", "no_op", "no_send", "do_not_send", "dont_send"),
    *("read_only", "readonly", "mock", "safe_mode", "simulation", "disabled", "paused", "skip_sending", "preview"),
    *("ｄｒｙ＿ｒｕｎ", "dry\u200b_run", "inactive", "not_active", "shadow_mode", "demo"),
    *("log_only", "what_if", "no_sending", "disable_push", "extra__http__dry_run"),
)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("dryrun", "dry_run"),
        ("dry-run", "dry_run"),
        ("DRY_RUN", "dry_run"),
        (" dry_run ", "dry_run"),
        ("dryRun", "dry_run"),
        ("dry_rum", "dry_run"),
        ("dry", "dry_run"),
        ("is_dry_run", "dry_run"),
        ("simulate", "dry_run"),
        ("extra__truepush__dry_run", "dry_run"),
        ("extra__dry_run", "dry_run"),
        ("extra__truepush__dryrun", "dry_run"),
        ("require_segments", "require_segment"),
        ("requires_segment", "require_segment"),
        ("segment_required", "require_segment"),
        ("requireSegment", "require_segment"),
        ("Timeout", "timeout"),
        ("time_zone", "timezone"),
        ("tz", "timezone"),
        ("timezome", "timezone"),
        ("max_attempt", "max_attempts"),
        ("request_per_second", "requests_per_second"),
        ("retries_budget", "retry_budget"),
        ("proxy", "proxies"),
        ("verify_ssl", "verify"),
        ("certs", "cert"),
        *[(name, "dry_run") for name in GUARDS],
        ("require_audience", "require_segment"),
        ("needs_seg", "require_segment"),
        ("reqSeg", "require_segment"),
        ("reqseg", "require_segment"),
        ("no_broadcast", "require_segment"),
        *[(name, "verify") for name in ("insecure", "ca", "ca_cert", "cafile", "skip_verify", "sslVerify")],
        *[(name, "cert") for name in ("cert_file", "client_cert", "keyfile", "ssl_cert")],
        *[(name, "timeout") for name in ("request_timeout", "connect_timeout", "timeout_seconds")],
        *[(name, "requests_per_second") for name in ("requests_per_minute", "rate", "rpm", "throttle")],
        *[
            (name, "rate_limit_conn_id")
            for name in ("redis", "redis_conn_id", "rate_limit_connection", "ratelimitConnId")
        ],
        *[(name, "rate_limit_share") for name in ("share_of_rate", "rateLimitShare", "rate_limit_shares")],
        ("retries", "max_attempts"),
        ("retry_delay", "retry_budget"),
        ("no_proxy", "proxies"),
    ],
)
@pytest.mark.parametrize("value", [True, "yes", ""])
def test_an_extra_that_resembles_a_known_one_is_refused(name: str, meant: str, value: Any) -> None:
    with refused(f"extra.{name}", why="is not an extra of this connection", remedy=f"Write `{meant}` instead"):
        read({name: value, meant: None})


@pytest.mark.parametrize("name", ["verify_ssl", "client_cert", "request_timeout", "retries", "redis", "proxy"])
@pytest.mark.parametrize("value", [None, False])
def test_only_guards_may_be_off(name: str, value: Any) -> None:
    with refused(f"extra.{name}", why="is not an extra of this connection"):
        read({name: value})


@pytest.mark.parametrize(
    "name",
    [
        *("paused", "mute", "muted", "sandbox", "disabled", "suspended", "inactive", "not_active", "is_paused"),
        *("no_send", "dont_send", "do_not_send", "disable_push", "skip_sending", "push_disabled", "no_broadcast"),
        *("dryrun", "dry-run", "DRY_RUN", "is_dry_run", "dryRunEnabled", "enable_dry_run", "simulate", "noop", "no_op"),
        *("test_mode", "testMode", "TESTMODE", "read_only", "readonly", "log_only", "what_if", "safe_mode", "preview"),
        *("extra__http__dry_run", "extra__truepush__dryrun", "requireSegment", "require_segments", "require_audience"),
        *("needs_seg", "segment_required", "demo", "shadow_mode", "offline_mode", "ｄｒｙ＿ｒｕｎ"),
    ],
)
def test_a_guard_that_is_off_asks_for_what_a_connection_does_anyway(name: str) -> None:
    for value in (False, 0, "false", "No", " off ", None):
        assert read({name: value}).unknown_extras == (name.strip(),)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *[
            (name, "dry_run")
            for name in ("no_dry_run", "nodryrun", "skip_dry_run", "disable_dry_run", "not_paused", "not_disabled")
        ],
        *[(name, "dry_run") for name in ("push_enabled", "sending_enabled", "never_mute", "dont_disable", "dry_push")],
        *[(name, "dry_run") for name in ("without_sandbox", "not_test_mode", "no_simulation", "not_read_only")],
        *[(name, "require_segment") for name in ("broadcast", "everyone", "send_to_everyone", "allow_no_segment")],
        *[(name, "require_segment") for name in ("segment_optional", "no_required_segment", "skip_segment_check")],
    ],
)
def test_a_name_whose_false_value_asks_for_a_guard_is_refused(name: str, meant: str) -> None:
    for value in (False, 0, "false", "No"):
        with refused(f"extra.{name}", why="is not an extra of this connection", remedy=f"Write `{meant}` instead"):
            read({name: value})


@pytest.mark.parametrize(
    "name", ["active", "is_active", "send", "do_send", "live", "push", "live_mode", "allow_sending", "Enabled"]
)
def test_only_the_false_value_of_an_opposite_means_a_dry_run(name: str) -> None:
    for value in (True, "yes", 1, None, "", "a word"):
        assert read({name: value}).unknown_extras == (name,)
    for value in (False, 0, "false", "No", " off "):
        with refused(f"extra.{name}", why="is not an extra of this connection", remedy="Write `dry_run: true` instead"):
            read({name: value})


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        *[(name, "the Host field") for name in ("base_url", "url", "host", "endpoint", "apiUrl")],
        *[(name, "the Password field") for name in ("token", "api_key", "auth_token", "accessToken", "password")],
    ],
)
def test_an_extra_that_is_a_field_of_the_connection_is_refused_unseen(name: str, meant: str) -> None:
    remedy = f"Use {meant} of the connection instead"
    with refused(f"extra.{name}", why="is not an extra of this connection", remedy=remedy, hiding="secret"):
        read({name: "https://user:secret@example.com"})


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("options", {"dry_run": True}, "dry_run"),
        ("extra", '{"dry_run": true}', "dry_run"),
        ("truepush", {"a": [{"Require-Segment": "secret"}]}, "require_segment"),
        ("__extra__", {"timeOut": 5}, "timeout"),
        ("monitoring", {"a": {"dryRun": "{{ x }}"}}, "dry_run"),
        ("http_options", {"verify": "/ca.pem"}, "verify"),
        ("config", {"proxies": {"https": "http://user:secret@proxy"}}, "proxies"),
    ],
)
def test_an_extra_inside_another_one_is_refused(name: str, value: Any, meant: str) -> None:
    remedy = f"Write `{meant}` among the extras themselves"
    with refused(f"extra.{name}", why="is not an extra of this connection", remedy=remedy, hiding="secret"):
        read({name: value})


def test_other_things_inside_an_extra_are_left_alone() -> None:
    foreign = {
        "headers": {"X-Team": "push", "Retry": 5},
        "owner": ["a", {"b": "{"}],
        "note": "{not JSON",
        "x": [[[[[]]]]],
        "monitoring": {"timeout": 5, "dry_run": False},
        "contact": {"timezone": "Europe/Berlin", "require_segment": None},
        "tags": {"cert": "x", "verify": 1},
        "notes": '{"timeout": 3, "dry_run": "no"}',
        "settings": {"max_attempts": 1},
    }
    assert read(foreign).unknown_extras == tuple(sorted(foreign))
