"""Values out of templates: text read back strictly, everything else left as it is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from airflow_provider_truepush.api import templated
from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.models import Button

READERS = {
    "flag": templated.flag,
    "whole": templated.whole,
    "duration": templated.duration,
    "items": templated.items,
    "mapping": templated.mapping,
}


@pytest.mark.parametrize(
    ("reader", "text", "value"),
    [
        ("flag", "True", True),
        ("flag", " false ", False),
        ("flag", "None", None),
        ("whole", "07", 7),
        ("duration", "2", 2),
        ("duration", "1.5", 1.5),
        ("duration", "2:00:00", timedelta(hours=2)),
        ("duration", "None", None),
        ("items", "[]", []),
        ("items", "['a', \"b\"]", ["a", "b"]),
        ("items", '["a", null]', ["a", None]),
        ("items", "('a',)", ("a",)),
        ("items", " None ", None),
        ("mapping", "{'a': True}", {"a": True}),
        ("mapping", '{"a": true}', {"a": True}),
    ],
)
def test_text_is_read(reader: str, text: str, value: Any) -> None:
    read = READERS[reader]("field", text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("reader", "text"),
    [
        *[("flag", text) for text in ("", "yes", "1", "TRUE", "[]")],
        *[("whole", text) for text in ("", "x", "1.0", "-1", "1_0", "٣", "1e3", "None", "9" * 5000)],
        *[("duration", text) for text in ("", "x", "-1", "nan", "inf", "1 hour", "PT2H", "1e3", "1:60:00", "99:99:99")],
        *[("items", text) for text in ("", "a", "a,b", "1", "'a'", "{}", "[a]", "[" * 5000, "[1", "__import__('os')")],
        *[("mapping", text) for text in ("", "[]", "None", "{", "{'a'}", "{" * 5000)],
    ],
)
def test_text_that_is_something_else_is_refused_by_name(reader: str, text: str) -> None:
    with pytest.raises(TruepushValidationError, match=r"^the\.field: must be"):
        READERS[reader]("the.field", text)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("value", [None, True, 5, 1.5, [1], {"a": 1}, timedelta(1), object()])
def test_values_other_than_text_are_left_to_the_models(reader: str, value: Any) -> None:
    assert READERS[reader]("field", value) is value


@given(st.timedeltas(timedelta(0), timedelta(days=100_000)))
def test_every_timedelta_as_python_writes_it(value: timedelta) -> None:
    assert templated.duration("field", str(value)) == value


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_every_list_as_python_writes_it(value: Any) -> None:
    assert templated.items("field", str([value])) == [value]


def test_the_text_of_a_missing_value_is_refused() -> None:
    with pytest.raises(TruepushValidationError, match=r"^template\.title: .*without a value"):
        templated.text("template.title", " None")
    assert templated.optional("None") is None
    assert templated.optional("none") == "none"


def test_the_content_of_a_notification() -> None:
    given_values = {
        "name": "left out",
        "title": "2026",
        "message": "M",
        "link": "https://example.com",
        "buttons": "[{'text': '1', 'link': 'https://example.com'}]",
        "tags": "['2026', 'b']",
        "user_interaction": "True",
        "image": "None",
        "icon": None,
    }
    assert templated.content("template", given_values) == {
        "title": "2026",
        "message": "M",
        "link": "https://example.com",
        "buttons": [{"text": "1", "link": "https://example.com"}],
        "tags": ["2026", "b"],
        "user_interaction": True,
        "image": None,
        "icon": None,
    }
    with pytest.raises(TruepushValidationError, match=r"^campaign\.buttons\[0\]: must be a mapping"):
        templated.content("campaign", {**given_values, "buttons": ["text"]})


@pytest.mark.parametrize("nothing", [None, "None", 5, {"a": 1}])
def test_lists_that_are_none_are_left_to_the_models(nothing: Any) -> None:
    given_values: dict[str, Any] = {
        **dict.fromkeys(("title", "message", "link", "image", "icon"), "x"),
        "tags": nothing,
        "buttons": nothing,
        "user_interaction": "true",
    }
    read = templated.content("campaign", given_values)
    expected = None if nothing == "None" else nothing
    assert (read["tags"], read["buttons"], read["user_interaction"]) == (expected, expected, True)
    button = Button("Buy", "https://example.com")
    assert templated.content("campaign", {**given_values, "buttons": [button]})["buttons"] == [button]


def test_the_labels_of_a_set_are_read_one_by_one() -> None:
    assert templated.content("campaign", {"tags": {"b", "a"}})["tags"] == {"a", "b"}
    with pytest.raises(TruepushValidationError, match=r"^campaign\.tags: .*without a value"):
        templated.content("campaign", {"tags": {"a", "None"}})
