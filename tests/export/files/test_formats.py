"""The formats: types, order, and the same values in each of them."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException
from hypothesis import HealthCheck, given, settings, strategies as st

from airflow_provider_truepush.exceptions import TruepushValidationError
from airflow_provider_truepush.export.columns import COUNTER_COLUMNS, FILE_COLUMNS, FILES, SENDS
from airflow_provider_truepush.export.files.formats import file_format
from airflow_provider_truepush.export.storable import LARGEST
from tests.export.files.support import FORMATS, export, read
from tests.export.support import START, campaign, row, run_of

TITLE = '=1+1, "quoted"\r\nGröße \N{ROCKET}'


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_a_row_comes_back_as_it_was_written(tmp_path: Path, made: str, compression: str | None) -> None:
    rows = [row(1, 7, title=TITLE, reach=LARGEST, extra={"Bounces": [1, None]}), row(2, 0, title=None)]
    summary = export(tmp_path, rows, made=made, compression=compression)
    first, second = read(summary)
    assert list(first) == list(FILE_COLUMNS)
    texts = made != "parquet"
    expected = {
        "project": "shop",
        "campaign_id": campaign(1),
        "snapshot_key": "day 1",
        "observed_at": "2026-11-20T12:00:00.123456Z" if texts else START,
        "title": TITLE,
        "created_at": "2026-11-20T12:00:00.000000Z" if texts else START.replace(microsecond=0),
        **dict.fromkeys(COUNTER_COLUMNS, 7),
        "reach": LARGEST,
        "raw": '{"Bounces":[1,null]}',
        "logical_date": "2026-11-20T12:00:00.123456Z" if texts else START,
        "dag_id": "a dag",
        "run_id": "run of day 1",
        "past_interval": False,
        **{column.name: None for column in SENDS},
    }
    if made == "csv":
        texts_of = {None: "", False: "false"}
        expected = {name: texts_of.get(value, str(value)) for name, value in expected.items()}
    assert first == expected
    assert second["title"] == ("" if made == "csv" else None)
    assert second["raw"] == ("" if made == "csv" else None)
    assert second["sent"] == ("0" if made == "csv" else 0)
    assert summary["files"][0]["path"].endswith(f".{made}" + (".gz" if compression else ""))


def test_parquet_is_typed(tmp_path: Path) -> None:
    summary = export(tmp_path, [row(1, 1)], [row(2, 2)])
    schema = pq.read_schema(summary["files"][0]["path"])
    assert schema.names == list(FILE_COLUMNS)
    assert {str(schema.field(name).type) for name in COUNTER_COLUMNS} == {"int64"}
    moments = [column.name for column in FILES if column.kind == "time"]
    assert {str(schema.field(name).type) for name in moments} == {"timestamp[us, tz=UTC]"}
    texts = [column.name for column in FILES if column.kind in ("text", "json")]
    assert {str(schema.field(name).type) for name in texts} == {"string"}
    assert schema.field("past_interval").type == pa.bool_()
    assert pq.ParquetFile(summary["files"][0]["path"]).num_row_groups == 1


def test_csv_is_that_of_the_rfc(tmp_path: Path) -> None:
    summary = export(tmp_path, [row(1, 1, title='a "b", c')], made="csv")
    content = Path(summary["files"][0]["path"]).read_bytes()
    assert content.startswith(b"project,campaign_id,snapshot_key,observed_at,title,")
    assert b',"a ""b"", c",' in content
    assert content.count(b"\r\n") == content.count(b"\n") == 2
    assert content.endswith(b",false,,,,,,,\r\n")


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_without_rows_there_is_a_file_all_the_same(tmp_path: Path, made: str, compression: str | None) -> None:
    summary = export(tmp_path, made=made, compression=compression)
    assert read(summary) == []
    assert summary["files"][0]["rows"] == 0


@pytest.mark.parametrize(("made", "compression"), FORMATS)
def test_the_same_rows_are_the_same_bytes(tmp_path: Path, made: str, compression: str | None) -> None:
    first = export(tmp_path / "a", [row(1, 1)], made=made, compression=compression)
    second = export(tmp_path / "b", [row(1, 1)], made=made, compression=compression)
    assert first["files"][0]["sha256"] == second["files"][0]["sha256"]


@pytest.mark.parametrize("made", ["parquet", "jsonl", "csv"])
def test_half_of_a_surrogate_pair_does_not_end_an_export(tmp_path: Path, made: str) -> None:
    summary = export(tmp_path, [row(1, 1, title="a\ud83d \N{ROCKET}"), row(2, 2)], made=made)
    assert [found["title"] for found in read(summary)] == ["a\N{REPLACEMENT CHARACTER} \N{ROCKET}", "Campaign 2"]


@pytest.mark.parametrize(("made", "compression"), FORMATS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(titles=st.lists(st.none() | st.text(min_size=1), max_size=6), counter=st.integers(0, LARGEST))
def test_whatever_the_titles_what_was_written_can_be_read_again(
    tmp_path: Path, made: str, compression: str | None, titles: list[str | None], counter: int
) -> None:
    """By others, and by a later try."""
    found = file_format(made, compression, run_of())
    rows = [row(number, counter, at=number, title=title) for number, title in enumerate(titles)]
    chunk = found.encode(rows)
    path = tmp_path / "file"
    writer = found.writer(path)
    writer.append(chunk)
    writer.close()
    loaded = list(found.load(path))
    told = [one for part in loaded for one in found.known(part)]
    assert told == [(one.campaign_id, one.observed_at) for one in rows]
    again = tmp_path / "again"
    writer = found.writer(again)
    for part in loaded:
        writer.append(part)
    writer.close()
    if made != "parquet":
        assert again.read_bytes() == path.read_bytes()
    else:
        assert pq.read_table(io.BytesIO(again.read_bytes())) == pq.read_table(io.BytesIO(path.read_bytes()))


@pytest.mark.parametrize(
    ("made", "compression", "said"),
    [
        ("orc", None, "format: must be 'parquet', 'jsonl' or 'csv'"),
        (None, None, "format: must be"),
        ("csv", "zstd", "compression: must be None or 'gzip'"),
        ("parquet", "gzip", "is for jsonl and csv"),
    ],
)
def test_unknown_formats_are_refused(made: str, compression: str | None, said: str) -> None:
    with pytest.raises(TruepushValidationError, match=said):
        file_format(made, compression, run_of())


def test_without_pyarrow_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "airflow_provider_truepush.export.files.parquet", raising=False)
    with pytest.raises(AirflowOptionalProviderFeatureException, match=r"airflow-provider-truepush\[parquet\]"):
        file_format("parquet", None, run_of())
    assert file_format("csv", None, run_of()).extension == "csv"


def test_every_column_of_a_row_is_in_the_file_or_left_out_on_purpose() -> None:
    from airflow_provider_truepush.export.columns import COLUMNS

    assert [name for name in COLUMNS if name not in FILE_COLUMNS] == ["load_id", "counter_regressed"]
    in_files = [name for name in COLUMNS if name in FILE_COLUMNS]
    assert [*in_files, *(column.name for column in SENDS)] == list(FILE_COLUMNS)
    assert replace(row(1, 1), counter_regressed=True) != row(1, 1)
