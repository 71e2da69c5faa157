"""A connection's parts: hosts, extras in every form, and a token that is never shown."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api.connection.settings import Settings
from airflow_provider_truepush.exceptions import TruepushValidationError
from tests.api.connection.reading import read
from tests.api.support import TOKEN, quick, refused, result_or_error


def test_defaults() -> None:
    assert read() == Settings(
        base_url="https://api.truepush.com",
        token=TOKEN,
        timezone=None,
        timeout=30.0,
        requests_per_second=None,
        rate_limit_conn_id=None,
        rate_limit_share=0.1,
        max_attempts=5,
        retry_budget=120.0,
        dry_run=False,
        require_segment=False,
        verify=True,
        cert=None,
        proxies=None,
        unknown_extras=(),
    )


@pytest.mark.parametrize(
    ("host", "scheme", "port", "base_url"),
    [
        (None, None, None, "https://api.truepush.com"),
        ("", "", None, "https://api.truepush.com"),
        ("  ", None, None, "https://api.truepush.com"),
        (None, "http", None, "https://api.truepush.com"),  # the default is an address with its scheme
        ("app.truepush.com", None, None, "https://app.truepush.com"),
        ("app.truepush.com", "", None, "https://app.truepush.com"),
        ("app.truepush.com", "http", None, "http://app.truepush.com"),
        ("app.truepush.com", " HTTPS ", None, "https://app.truepush.com"),
        (" app.truepush.com ", None, None, "https://app.truepush.com"),
        ("http://localhost", None, 8080, "http://localhost:8080"),
        ("http://localhost", "https", 8080, "http://localhost:8080"),  # what is written with the host holds
        ("http://localhost:8080", None, None, "http://localhost:8080"),
        ("http://localhost:8080", None, 9090, "http://localhost:9090"),
        ("localhost:8080", None, None, "https://localhost:8080"),
        ("HTTP://LOCALHOST", None, None, "http://localhost"),
        ("https://proxy.example/truepush/", None, None, "https://proxy.example/truepush"),
        ("proxy.example/a/b", None, 81, "https://proxy.example:81/a/b"),
        ("https://api.truepush.com/api/v1", None, None, "https://api.truepush.com"),
        ("https://api.truepush.com/api/v1/", None, None, "https://api.truepush.com"),
        ("https://proxy.example/truepush/api/v1//", None, None, "https://proxy.example/truepush"),
        ("127.0.0.1", "http", 8080, "http://127.0.0.1:8080"),
        ("::1", "http", 8080, "http://[::1]:8080"),  # as the parts of a connection's URI come
        ("[::1]", None, None, "https://[::1]"),
        ("http://[::1]:8080/base", None, None, "http://[::1]:8080/base"),
        ("2001:db8::1", None, None, "https://[2001:db8::1]"),
    ],
)
def test_base_url(host: str | None, scheme: str | None, port: int | None, base_url: str) -> None:
    assert read(host=host, scheme=scheme, port=port).base_url == base_url


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("ftp://example.com", "'ftp://example.com'"),
        ("truepush://example.com", "'truepush://example.com'"),
        ("https://", "'https://'"),
        ("https:///path", "'https:///path'"),
        ("http://[::1", "'http://[::1'"),
        ("example.com:port", "'example.com:port'"),
        ("example.com:99999", "'example.com:99999'"),
        ("a:b:c", "'a:b:c'"),
        ("api.true push.com", "'api.true push.com'"),
        ("https://api.truepush.com/\n.evil", "'https://api.truepush.com/\\n.evil'"),
        ("https://example.com?project=1", "'example.com'"),
        ("https://example.com#part", "'example.com'"),
        ("ftp://user:secret@example.com", "'ftp://example.com'"),
        ("https://user:secret@example.com", "'example.com'"),
        ("https://secret@example.com", "'example.com'"),
        ("https://:secret@example.com", "'example.com'"),
        ("user:secret@example.com", "'example.com'"),
        ("secret@[::1", "'[::1'"),
        ("https://user:sec/ret@example.com:port", "'https://example.com:port'"),
    ],
)
def test_bad_hosts(host: str, shown: str) -> None:
    with refused("connection.host", shown, hiding="sec"):
        read(host=host)


@pytest.mark.parametrize("scheme", ["ftp", "truepush", "https://"])
def test_bad_schemes(scheme: str) -> None:
    with refused("connection.schema", repr(scheme), why="must be http or https"):
        read(host="example.com", scheme=scheme)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("timezone", ["Europe/Berlin", " Europe/Berlin "], ZoneInfo("Europe/Berlin")),
        ("timezone", ["UTC"], ZoneInfo("UTC")),
        ("timeout", [2.5, "2.5", " 2.5 "], 2.5),
        ("timeout", [10, "10", "1e1"], 10.0),
        ("requests_per_second", [0.5, "0.5", ".5"], 0.5),
        ("rate_limit_share", [1, "1", 1.0], 1.0),
        ("max_attempts", [1, "1", 1.0, "1.0"], 1),
        ("retry_budget", [0, "0", 0.0], 0.0),
        ("dry_run", [True, "true", "True", " YES ", "on", 1, "1"], True),
        ("dry_run", [False, "false", "False", "no", "off", 0, "0"], False),
        ("require_segment", [True, "true"], True),
        ("verify", [True, "true", "1", "yes", "on", 1], True),
        ("verify", [False, "false", "False", " no ", "0", 0], False),
        ("verify", ["/etc/ssl/own.pem", " /etc/ssl/own.pem "], "/etc/ssl/own.pem"),
        ("cert", ["client.pem", " client.pem "], "client.pem"),
        (
            "cert",
            [["c.pem", "k.pem"], ("c.pem", "k.pem"), '["c.pem", "k.pem"]', ' ["c.pem","k.pem"]'],
            ("c.pem", "k.pem"),
        ),
        (
            "proxies",
            ["http://proxy:3128", {"http": "http://proxy:3128", "https": "http://proxy:3128"}],
            (("http", "http://proxy:3128"), ("https", "http://proxy:3128")),
        ),
        (
            "proxies",
            [{"https": "http://proxy:3128"}, '{"https": "http://proxy:3128"}'],
            (("https", "http://proxy:3128"),),
        ),
        ("proxies", [{}, "{}"], ()),
        ("proxies", [{"all://example.com": "http://proxy"}], (("all://example.com", "http://proxy"),)),
    ],
)
def test_extras_as_json_and_as_strings(name: str, values: list[Any], expected: Any) -> None:
    for value in values:
        actual = getattr(read({name: value}), name)
        assert actual == expected
        assert type(actual) is type(expected)


def test_the_connection_of_a_shared_rate() -> None:
    settings = read({"rate_limit_conn_id": " redis_default ", "requests_per_second": 5})
    assert settings.rate_limit_conn_id == "redis_default"
    with refused("extra.rate_limit_conn_id", "'redis_default'", why="needs a rate to share"):
        read({"rate_limit_conn_id": "redis_default"})
    with refused("extra.rate_limit_conn_id", "5", why="must be the id of a connection"):
        read({"rate_limit_conn_id": 5, "requests_per_second": 5})
    with refused("extra.rate_limit_conn_id", why="must be the id of a connection", hiding="secret"):
        read({"rate_limit_conn_id": "redis://:secret@redis:6379", "requests_per_second": 5})


@pytest.mark.parametrize("nothing", [None, "", " ", "\t\n"])
def test_an_empty_extra_counts_as_omitted(nothing: str | None) -> None:
    names = ["timezone", "timeout", "requests_per_second", "max_attempts", "retry_budget", "dry_run", "require_segment"]
    assert read(dict.fromkeys([*names, "verify", "cert", "proxies"], nothing)) == read()


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("timezone", "Berlin", "'Berlin'"),
        ("timezone", "../../etc/passwd", "'../../etc/passwd'"),
        ("timezone", "/etc/localtime", "'/etc/localtime'"),
        ("timezone", 1, "1"),
        ("timezone", "Europe", "'Europe'"),  # a folder of the database
        ("timezone", "a\0b", "'a\\x00b'"),
        ("timeout", 0, "0"),
        ("timeout", -1, "-1"),
        ("timeout", "soon", "'soon'"),
        ("timeout", float("nan"), "nan"),
        ("timeout", float("inf"), "inf"),
        ("timeout", "1e999", "'1e999'"),
        ("timeout", 10**400, "1000"),
        ("timeout", True, "True"),
        ("timeout", "10s", "'10s'"),
        ("timeout", 1e308, "1e+308"),
        ("timeout", 3601, "3601"),
        ("max_attempts", 1e300, "1e+300"),
        ("retry_budget", 1e308, "1e+308"),
        ("requests_per_second", 1e-300, "1e-300"),
        ("requests_per_second", 1e308, "1e+308"),
        ("timeout", [30], "[30]"),
        ("requests_per_second", 0, "0"),
        ("requests_per_second", "0.0", "'0.0'"),
        ("rate_limit_share", 0, "0"),
        ("rate_limit_share", 1.01, "1.01"),
        ("max_attempts", 0, "0"),
        ("max_attempts", 2.5, "2.5"),
        ("max_attempts", "many", "'many'"),
        ("max_attempts", False, "False"),
        ("retry_budget", -0.5, "-0.5"),
        ("dry_run", "maybe", "'maybe'"),
        ("dry_run", 2, "2"),
        ("dry_run", [], "[]"),
        ("require_segment", "ture", "'ture'"),
        ("verify", 2, "2"),
        ("cert", ["c.pem"], "['c.pem']"),
        ("cert", ["c.pem", 5], "['c.pem', 5]"),
        ("cert", ["c.pem", "k.pem", "x"], "['c.pem', 'k.pem', 'x']"),
        ("cert", 5, "5"),
        ("cert", '["c.pem"', "'a string'"),
        ("proxies", 5, "'int'"),
        ("proxies", ["http://user:secret@proxy"], "'list'"),
        ("proxies", {"https": ["secret"]}, "'dict'"),
        ("proxies", '{"https": "http://user:secret@proxy"', "'a string'"),
        ("proxies", "socks5://user:secret@proxy", "'one that is not shown'"),
        ("proxies", '"secret"', "'str'"),
        ("proxies", {"htps": "http://user:secret@proxy"}, "'htps'"),
        ("proxies", {"HTTPS": "http://user:secret@proxy"}, "'HTTPS'"),
        ("proxies", {"http://user:secret@proxy": ""}, "'one that is not shown'"),
    ],
)
def test_bad_extras(name: str, value: Any, shown: str) -> None:
    with refused(f"extra.{name}", shown, hiding="secret"):
        read({name: value})


def test_a_time_zone_that_resembles_a_given_one_is_named() -> None:
    with refused("extra.timezone", "'europe/berln'", "must be a time zone", remedy="Did you mean Europe/Berlin"):
        read({"timezone": "europe/berln"})


def test_what_a_number_must_be() -> None:
    with refused("extra.max_attempts", "2.5", "must be a whole number of at least 0"):
        read({"max_attempts": 2.5})
    with refused("extra.timeout", "'x'", "must be a number of at least 0"):
        read({"timeout": "x"})
    with refused("extra.timeout", "0", "must be above 0"):
        read({"timeout": 0})


def test_unknown_extras_are_reported_and_ignored() -> None:
    foreign = ["X-Header", "allow_redirects", "headers", "auth", "trust_env", "a", "", "conn"]
    foreign += ["team", "owner", "extra__http__x", "extra__http__timeout", "latest", "category", "generated_by"]
    settings = read({"timeout": 5, **dict.fromkeys(foreign, "secret")})
    assert settings.unknown_extras == tuple(sorted(foreign))
    assert settings.timeout == 5
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("value", [True, 1, "1", "yes", "on", "True", " ON ", "TRUE"])
def test_dry_run_is_on_however_it_is_written(value: Any) -> None:
    assert read({"dry_run": value}).dry_run is True


@pytest.mark.parametrize("value", ["enabled", "y", "ja", 2, [], {}, "true!", 1.5])
def test_a_dry_run_that_cannot_be_understood_is_refused(value: Any) -> None:
    with refused("extra.dry_run", why="must be true or false"):
        read({"dry_run": value})


@quick
@given(
    st.text(max_size=20),
    st.sampled_from(["timezone", "timeout", "max_attempts", "dry_run", "cert", "proxies", "verify"]),
    st.one_of(st.text(max_size=20), st.integers(), st.lists(st.integers()), st.dictionaries(st.text(), st.text())),
)
def test_any_connection_is_read_or_refused(host: str, name: str, value: Any) -> None:
    settings = result_or_error(lambda: read({name: value}, host=host))
    if isinstance(settings, TruepushValidationError):
        assert str(settings).startswith((f"extra.{name}: ", "connection.host: "))
        assert TOKEN not in str(settings)
    else:
        assert settings.base_url.startswith(("https://", "http://"))
        assert not any(letter.isspace() for letter in settings.base_url)


@pytest.mark.parametrize(
    ("name", "most"),
    [("requests_per_second", "1,000,000"), ("retry_budget", "86,400"), ("max_attempts", "1,000"), ("timeout", "3,600")],
)
def test_the_largest_number_is_written_as_people_write_it(name: str, most: str) -> None:
    with refused(f"extra.{name}", why=f"must be at most {most},"):
        read({name: 2_000_000})
