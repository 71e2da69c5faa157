"""A value of an extra that means a guard is ignored only if its name plainly says what the value asks for."""

from __future__ import annotations

import pytest

from tests.api.connection.reading import read
from tests.api.support import refused

#: Names whose false value asks for what a connection does anyway.
SAFE = (
    *("dry_run", "dryrun", "sandbox", "simulate", "simulation", "test", "test_mode", "safe_mode", "noop", "preview"),
    *("mock", "fake", "stub", "dummy", "draft", "read_only", "log_only", "what_if", "shadow_mode", "paused"),
    *("muted", "disabled", "suspended", "inactive", "no_send", "push_disabled", "offline_mode"),
    *("require_segment", "segment_required", "needs_segment", "require_audience"),
)
#: Words of which some turn the meaning around and others leave it unclear. The code knows almost none of them.
OTHERS = (
    *("ignore", "bypass", "override", "exit", "remove", "cancel", "unset", "leave", "exclude", "exempt", "avoid"),
    *("non", "un", "anti", "turn_off", "off", "out_of", "opt_out", "ex", "end", "finish", "quit", "omit", "drop"),
    *("suspend", "pause", "disable", "stop", "no", "not", "without", "skip", "never", "reject", "refuse", "lift"),
    *("suppress", "negate", "invert", "reverse", "except", "unless", "until", "waive", "clear", "reset", "deactivate"),
    *("expired", "ended", "over", "done", "passed", "broken", "real", "live", "send", "everyone", "2", "x"),
)


@pytest.mark.parametrize("safe", SAFE)
def test_an_unknown_word_beside_a_safe_one_is_refused(safe: str) -> None:
    names = [*(f"{other}_{safe}" for other in OTHERS), *(f"{safe}_{other}" for other in OTHERS)]
    if safe in ("dry_run", "test_mode", "safe_mode", "no_send", "require_segment", "needs_segment"):
        first, last = safe.split("_")
        names += [f"{first}_{other}_{last}" for other in OTHERS]
    plain = {"send_paused", "send_muted", "send_disabled", "send_suspended"}
    for name in sorted({*names} - plain):
        for value in (False, "no"):
            with refused(f"extra.{name}", why="is not an extra of this connection"):
                read({name: value})


@pytest.mark.parametrize(
    "name",
    [
        *("dry_run_off", "turn_off_dry_run", "ignore_dry_run", "needs_no_segment", "require_segment_off"),
        *("require_no_segment", "bypass_dry_run", "dry_run_bypass", "dry_run_exempt", "test_mode_off", "safe_mode_off"),
        *("non_dry_run", "exclude_test", "leave_test_mode", "bypass_require_segment", "un_paused", "sandboxless"),
        *("previewless", "dryRunOff", "dry_run_disabled", "test_disabled", "mocks_off", "dry_run_2", "simulatoroff"),
    ],
)
def test_a_name_that_may_mean_the_opposite_is_refused(name: str) -> None:
    for value in (False, 0, "false", " off "):
        with refused(f"extra.{name}", why="is not an extra of this connection"):
            read({name: value})


@pytest.mark.parametrize(
    "name",
    [
        *SAFE[1:-4],
        *("is_dry_run", "dry_run_mode", "dry_run_enabled", "enable_dry_run", "use_sandbox", "http_dry_run"),
        *(
            "truepush_dry_run",
            "is_test_mode",
            "test_run",
            "test_only",
            "sandbox_mode",
            "sandboxed",
            "is_sandbox_enabled",
        ),
        *("is_paused", "mute", "is_muted", "is_disabled", "disable", "pause_sending", "sending_paused", "block_push"),
        *("requires_segment", "segment_is_required", "needs_a_segment", "is_segment_required", "needs_segment"),
    ],
)
def test_a_plain_name_that_is_off_is_ignored(name: str) -> None:
    for value in (False, 0, "false", "No", None):
        assert read({name: value}).unknown_extras == (name,)
    with refused(f"extra.{name}", why="is not an extra of this connection"):
        read({name: True})


@pytest.mark.parametrize(
    "name",
    [
        *(f"{verb}_{word}_{what}" for verb in ("allow", "enable") for word in OTHERS[:20] for what in ("send", "push")),
        *("enable_stop_push", "enable_mute_push", "allow_dry_push", "enable_test_sending", "enable_blocked_requests"),
    ],
)
def test_a_true_value_that_may_ask_for_a_guard_is_refused(name: str) -> None:
    advice = "Remove it, or write `dry_run: true` if nothing may be sent"
    with refused(f"extra.{name}", why="is not an extra of this connection", remedy=advice):
        read({name: True})


@pytest.mark.parametrize(
    "name",
    [
        *("allow_concurrent_requests", "allow_parallel_requests", "enable_async_requests", "allow_insecure_requests"),
        *("allow_schema_changes", "enable_marketing_push", "enable_browser_push", "enable_fcm_push", "enable_2_push"),
        *(
            "allow_bulk_send",
            "allow_scheduled_sends",
            "allow_to_send",
            "enable_push_delivery",
            "allow_outbound_requests",
        ),
        *("allow_unlimited_sends", "enable_notification_push", "enable_universal_push", "allow_offer_push"),
    ],
)
def test_a_true_value_that_asks_for_no_guard_is_ignored(name: str) -> None:
    assert read({name: True}).unknown_extras == (name,)
    with refused(f"extra.{name}", why="is not an extra of this connection"):
        read({name: False})


@pytest.mark.parametrize("sign", ["не", "不", "!", "¬", "✗", "выкл", "é"])
@pytest.mark.parametrize("form", ["{}_dry_run", "dry_run_{}", "{}dry_run", "dry_run{}", "dry_{}_run"])
def test_a_sign_or_letter_of_another_script_is_a_word(form: str, sign: str) -> None:
    with refused(f"extra.{form.format(sign)}", why="is not an extra of this connection"):
        read({form.format(sign): False})


@pytest.mark.parametrize("name", ["allow_real_push", "enable_live_sending", "enabled", "allow_push", "enable_requests"])
def test_a_true_value_of_a_plain_opposite_is_ignored(name: str) -> None:
    assert read({name: True}).unknown_extras == (name,)
    with refused(f"extra.{name}", why="is not an extra of this connection", remedy="Write `dry_run: true` instead"):
        read({name: False})
