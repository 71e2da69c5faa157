"""JSON of any depth and any length is read, or refused with a ValueError."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from airflow_provider_truepush.api.protocol import limits
from airflow_provider_truepush.api.protocol.json_text import TOO_DEEP, is_shallow, read_json
from tests.api.support import quick


def nested(depth: int, begin: str = "[", end: str = "]") -> str:
    return begin * depth + end * depth


@pytest.mark.parametrize("depth", [900, 5_000, 200_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "1}")])
def test_only_the_value_that_is_nested_too_deep_is_lost(depth: int, begin: str, end: str) -> None:
    inner = begin * depth + ("1" if begin != "[" else "") + end[-1] * depth
    value = read_json(f'{{"before": 1, "deep": {inner}, "after": "]]}}"}}'.encode())
    assert value["before"] == 1
    assert value["after"] == "]]}"


def test_many_deep_values_are_read() -> None:
    text = "[" + ",".join([nested(20_000)] * 20) + ', "kept"]'
    value = read_json(text.encode())
    assert len(value) == 21
    assert value[-1] == "kept"
    level = value[0]
    while isinstance(level, list) and level:
        level = level[0]
    assert level in (TOO_DEEP, [])


@pytest.mark.parametrize("inner", ["[]", "{}", '{"a":[1]}', nested(40)])
def test_an_answer_of_millions_of_lists_is_refused(inner: str) -> None:
    """4 MB would take 180 MB of memory, and twice as much for a create."""
    raw = b'{"data": [%s0]}' % (inner.encode() + b",")
    assert read_json(raw)["data"][-1] == 0
    raw = b'{"data": [%s0]}' % ((inner.encode() + b",") * (limits.MAX_BODY_BYTES // (len(inner) + 1) - 10))
    with pytest.raises(ValueError, match="too many lists and objects"):
        read_json(raw)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_a_huge_number_is_kept_as_text(encoding: str) -> None:
    value = read_json(('{"a": ' + "9" * 5_000 + ', "ö": 2}').encode(encoding))
    assert value == {"a": "9" * 5_000, "ö": 2}


@pytest.mark.parametrize(
    "raw", [b"", b"[" * 100_000, b'{"a":' * 50_000, b'"' + b"\\" * 99_999, b"\xff\xfe", b"]" * 9_999]
)
def test_text_that_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError):
        read_json(raw)


@quick
@given(
    st.recursive(
        st.none() | st.text() | st.integers() | st.booleans(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
@example(["\\", '"', "[{", "}]"])
def test_shallow_json_is_read_unchanged(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(("value", "shallow"), [(1, True), ([[]], True), ([[[]]], False), ({"a": {"b": 1}}, True)])
def test_the_depth_of_json_is_measured(value: Any, shallow: bool) -> None:
    assert is_shallow(value, 2) is shallow
