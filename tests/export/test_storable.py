"""Texts and numbers that JSON can carry and a database cannot hold."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_truepush.export.rows import fitted
from airflow_provider_truepush.export.storable import DEEPEST, TextLimits, raw_json
from tests.export.databases import Database
from tests.export.support import HISTORY, row, write


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"in": value}
    return value


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (10**400, str(10**400)),
        (-(10**400), str(-(10**400))),
        (2**63, str(2**63)),
        (2**63 - 1, 2**63 - 1),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        (True, True),
        ("half \ud83d", "half \ufffd"),
        ("a NUL \0", "a NUL \ufffd"),
        ([1, "x", None], [1, "x", None]),
    ],
)
def test_odd_counters_are_kept(value: Any, stored: Any) -> None:
    assert json.loads(raw_json({"Bounces": value}) or "") == {"Bounces": stored}


def test_a_number_of_more_digits_than_python_writes_is_kept_in_words() -> None:
    assert json.loads(raw_json({"Bounces": 10**5000}) or "") == {"Bounces": "about 10^5000"}


@pytest.mark.parametrize("levels", [DEEPEST + 1, 900, 5000])
def test_deep_counters_are_cut_off(levels: int) -> None:
    found = raw_json({"Deep": nested(levels), "Bounces": 1}) or ""
    assert json.loads(found)["Bounces"] == 1
    assert "levels deep" in found


@pytest.mark.parametrize("value", [10**400, "rocket \U0001f680 \0", nested(900), float("nan")])
def test_every_database_takes_them(database: Database, value: Any) -> None:
    write(database, row(1, 1, extra={"Odd": value}), row(2, 1))
    assert len(database.rows(f"SELECT raw FROM {HISTORY}")) == 2


@pytest.mark.parametrize(
    ("limits", "title", "stored"),
    [
        (TextLimits(), "Größe \U0001f680", "Größe \U0001f680"),
        (TextLimits(("iso8859-1",)), "Größe \U0001f680!", "Größe ?!"),
        (TextLimits(("utf8mb3",)), "Größe \U0001f680!", "Größe \ufffd!"),
        (TextLimits(("ascii",)), "Größe", "Gr??e"),
        (TextLimits(("iso8859-2", "cp1252")), "Łódź é", "?ód? é"),
        (TextLimits(max_characters=4), "Größe", "Größ"),
        (TextLimits(max_bytes=4), "Größe", "Grö"),
        (TextLimits(max_bytes=3), "Größe", "Gr"),
    ],
)
def test_a_title_is_made_to_fit_and_flagged(limits: TextLimits, title: str, stored: str) -> None:
    found = fitted(row(1, 1, title=title), limits)
    assert found.title == stored
    assert found.title_replaced is (title != stored)
    assert json.loads(found.raw or "{}") == ({"title_replaced": True} if title != stored else {})
