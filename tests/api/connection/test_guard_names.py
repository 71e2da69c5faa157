"""Names that say that nothing, or no campaign to everyone, is to be sent resemble a guard in any wording."""

from __future__ import annotations

import pytest

from tests.api.connection.reading import read
from tests.api.support import refused

WHY = "is not an extra of this connection"
NOTHING_IS_SENT = (
    *("send_nothing", "sendnothing", "nothing_sent", "push_none", "send_never", "send_to_nobody"),
    *("don't_send", "don’t send", "doesn't_send", "cannot_send", "cant_push", "won't_push", "dontsend"),
    *("not_live", "isn't_live", "non_production", "nonprod", "not_in_production", "never_live", "no_real_push"),
    *("pushes_off", "push_off", "sending_off", "sends_stopped", "delivery_halted", "push_is_frozen"),
    *("validation_only", "validating_only", "logging_only", "verification_only", "checks_only"),
    *("no_campaigns", "disable_notifications", "skip_campaign", "hold_push", "freeze_sending"),
    *("off", "stop", "stopped", "halted", "kill_switch", "killswitch", "frozen", "on_hold"),
)
NOT_TO_EVERYONE = (
    *("not_to_all", "block_all", "never_to_all", "no_send_to_all", "forbid_all", "don't_send_to_all"),
    *("require_target", "requireGroup"),
)


@pytest.mark.parametrize("name", [*NOTHING_IS_SENT, *NOT_TO_EVERYONE])
def test_a_true_value_is_refused(name: str) -> None:
    for value in (True, 1, "yes"):
        with refused(f"extra.{name}", why=WHY):
            read({name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("secure", True), ("use_secure", True), ("secure_mode", "x"), ("secured", True)),
        *(("require_groups", ["admin"]), ("required_groups", True), ("target_required", True), ("needs_a_group", True)),
        *(("require_group", "admin"), ("requires_cohort", True), ("require_target", ["x"]), ("group_required", True)),
        *(("no_of_messages", 5), ("max_no_of_campaigns", 5), ("no_of_sends", 1), ("no_of_requests", True)),
        *(("skip_campaigns", []), ("no_campaigns", "spring"), ("hold_push", 30), ("not_to_all", ["a"])),
        *(("hold", "30"), ("stop", "x"), ("freeze", "2026"), ("off", ""), ("kill_switch", "redis"), ("halt", 5)),
        *(("production", "none"), ("deliver", "nobody"), ("to_all", "never"), ("cannot_send", "x")),
    ],
)
def test_a_name_in_other_wording_with_another_value_is_ignored(name: str, value: object) -> None:
    assert read({name: value}).unknown_extras == (name,)


@pytest.mark.parametrize("name", NOT_TO_EVERYONE)
def test_the_guard_that_was_meant_is_named(name: str) -> None:
    with refused(f"extra.{name}", why=WHY, remedy="Write `require_segment` instead"):
        read({name: True})


@pytest.mark.parametrize(
    "name",
    [
        *("send_nothing", "don't_send", "not_live", "nonprod", "pushes_off", "validation_only", "no_campaigns"),
        *("off", "stopped", "kill_switch", "not_to_all", "block_all", "require_target", "require_group"),
    ],
)
def test_a_false_value_of_a_plain_name_is_ignored(name: str) -> None:
    for value in (False, 0, "false", "No", None):
        assert read({name: value}).unknown_extras == (name,)


@pytest.mark.parametrize(
    "name",
    [
        *("production", "is_production", "prod", "live", "production_mode", "in_production", "real_run", "wet_run"),
        *("sends", "pushes", "sending", "real_push", "live_send", "allow_campaigns"),
    ],
)
def test_only_the_false_value_of_an_opposite_is_refused(name: str) -> None:
    for value in (True, "yes", None, "eu-1"):
        assert read({name: value}).unknown_extras == (name,)
    for value in (False, 0, "off", "No"):
        with refused(f"extra.{name}", why=WHY, remedy="Write `dry_run: true` instead"):
            read({name: value})


@pytest.mark.parametrize("value", ["never", "disabled", "nobody"])
def test_a_word_turns_a_plain_opposite_off(value: str) -> None:
    with refused("extra.push", why=WHY, remedy="Write `dry_run: true` instead"):
        read({"push": value})


@pytest.mark.parametrize("name", ["to_all", "send_to_all", "allow_all", "push_all"])
def test_only_the_false_value_of_a_name_for_everyone_is_refused(name: str) -> None:
    assert read({name: True}).unknown_extras == (name,)
    with refused(f"extra.{name}", why=WHY, remedy="Write `require_segment: true` instead"):
        read({name: False})


@pytest.mark.parametrize("name", ["dry_run: true", "dry_run:true", "dry_run=yes", "test_mode true", "live: false"])
def test_a_name_that_took_in_its_value_is_read_with_it(name: str) -> None:
    for nothing in (None, ""):
        with refused(f"extra.{name}", why=WHY):
            read({name: nothing})


@pytest.mark.parametrize("name", ["dry_run: false", "dry_run=no", "live: true", "dry_run:"])
def test_a_value_in_the_name_may_ask_for_what_happens_anyway(name: str) -> None:
    assert read({name: None}).unknown_extras == (name,)


@pytest.mark.parametrize(
    "name",
    ["tokn", "toke", "auth_tokn", "authTokn", "pasword", "apikye", "secrt", "tkn", "tokne", "passwort", "secrat"],
)
def test_a_misspelled_token_is_refused_unseen(name: str) -> None:
    remedy = "Use the Password field of the connection instead"
    with refused(f"extra.{name}", why=WHY, remedy=remedy, hiding="hidden"):
        read({name: "hidden"})


@pytest.mark.parametrize("name", ["token: hidden", "tokn=hidden.1-2", "password:hidden"])
def test_a_token_that_the_name_took_in_is_not_shown(name: str) -> None:
    remedy = "Use the Password field of the connection instead"
    key = name.replace("=", ":").partition(":")[0]
    with refused(f"extra.{key}", why=WHY, remedy=remedy, hiding="hidden"):
        read({name: None})
    for inside in ({name: None}, name, [name]):
        with refused("extra.extra", why=WHY, remedy=remedy, hiding="hidden"):
            read({"extra": inside})


@pytest.mark.parametrize("name", ["tzinfo", "tz_info", "tz_name"])
def test_another_name_for_the_time_zone_is_refused(name: str) -> None:
    with refused(f"extra.{name}", why=WHY, remedy="Write `timezone` instead"):
        read({name: "Europe/Berlin"})


@pytest.mark.parametrize(
    "name",
    [
        *("staging", "is_staging", "environment", "env", "region", "owner", "cost_center", "group", "target", "groups"),
        *("max_tokens", "send_not_before", "skip_all_checks", "no_live_reload", "production_team", "broken"),
        *("passport", "secretary", "taken", "no_campaign_tags", "avoid_duplicate_requests", "allow_redirects"),
        *("office", "holder", "keyword", "required_groups_page"),
    ],
)
def test_other_names_are_only_warned_about(name: str) -> None:
    for value in (True, "a word", None):
        assert read({name: value}).unknown_extras == (name,)
