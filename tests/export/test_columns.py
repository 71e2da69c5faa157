"""The columns, from which tables, files and the documentation derive."""

from __future__ import annotations

import dataclasses

import pytest

from airflow_provider_truepush.api.models.own_send import OwnSend
from airflow_provider_truepush.export import columns
from airflow_provider_truepush.export.sql.tables import tables
from tests.export.support import row


def test_a_row_of_each_form_has_a_value_per_column() -> None:
    send = OwnSend("https://example.com", "s" * 24, "VIP", ("a", "b"), "sending", "its run", "send")
    found = dataclasses.replace(row(1, 7, title="Sale", clicks=9), send=send)
    values = dict(zip(columns.COLUMNS, columns.as_values(found), strict=True))
    assert (values["title"], values["clicks"], values["reach"]) == ("Sale", 9, 7)
    assert {column.name: column.getter(found) for column in columns.STATS} == values
    in_files = dict(zip(columns.FILE_COLUMNS, columns.as_file_values(found), strict=True))
    of_sends = (send.link, send.segment_id, send.segment, '["a","b"]', "sending", "its run", "send")
    in_stats = {name: values[name] for name in columns.FILE_COLUMNS if name in values}
    assert in_files == in_stats | dict(zip([one.name for one in columns.SENDS], of_sends, strict=True))
    staged = dict(zip([one.name for one in columns.STAGED], columns.as_staged(found), strict=True))
    assert staged == values | in_files
    campaign = dict(zip([one.name for one in columns.CAMPAIGNS], columns.as_campaign(found), strict=True))
    assert campaign["id"] == found.campaign_id
    assert campaign["first_seen"] == campaign["last_seen"] == found.observed_at
    assert (campaign["tags"], campaign["dag_id"], campaign["task_id"]) == ('["a","b"]', "sending", "send")
    assert campaign == {name: staged[columns.STAGED_AS[name]] for name in campaign}


def test_tables_and_schema_have_them() -> None:
    described = tables("truepush_", None)
    for table, expected in (
        (described.history, columns.STATS),
        (described.latest, columns.STATS),
        (described.campaigns, columns.CAMPAIGNS),
    ):
        assert [column.name for column in table.c] == [column.name for column in expected]
        assert [column.nullable for column in table.c] == [column.nullable for column in expected]
    parquet = pytest.importorskip("airflow_provider_truepush.export.files.parquet")
    assert parquet.SCHEMA.names == list(columns.FILE_COLUMNS)
    assert [field.nullable for field in parquet.SCHEMA] == [column.nullable for column in columns.FILES]


def test_the_documentation_names_each_column_once() -> None:
    stats, rest = columns.documentation().split("### `campaigns`")
    campaigns, files = rest.split("### ")
    for text, described, bars in (
        (stats, columns.STATS, 6),
        (campaigns, columns.CAMPAIGNS, 5),
        (files, columns.SENDS, 5),
    ):
        lines = [line for line in text.splitlines() if line.startswith("|")]
        assert [line.split("`")[1] for line in lines[2:]] == [column.name for column in described]
        assert {line.count("|") for line in lines} == {bars}


def test_columns_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        columns.STATS[0].name = "other"  # type: ignore[misc]
