"""The page of the report, from each database; the other tests of the page are in their own folder."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_truepush.report import write_report
from tests.export.databases import CONN_ID, Database
from tests.report.tables import add, forget, prepare


def test_every_database_can_be_read(database: Database, tmp_path: Path) -> None:
    prepare(database)
    add(database, 0, None, snapshots=2)
    add(database, 1, "Autumn sale", snapshots=3, project="other")
    path = tmp_path / "report.html"
    write_report(CONN_ID, path)
    page = path.read_text(encoding="utf-8")
    assert "All 2 campaigns." in page
    assert "Created 2026-11-02 09:00" in page
    assert "observed 2026-11-05 00:00" in page
    assert "The numbers (3 observations)" in page
    write_report(CONN_ID, path, project="shop")
    page = path.read_text(encoding="utf-8")
    assert "Autumn sale" not in page
    assert "The only campaign of the project shop." in page


def test_what_is_not_known_is_neither_zero_nor_an_error(database: Database, tmp_path: Path) -> None:
    prepare(database)
    add(database, 0, "Spring sale", snapshots=2)
    forget(database, "delivered")
    path = tmp_path / "report.html"
    write_report(CONN_ID, path)
    page = path.read_text(encoding="utf-8")
    assert "sent 20,000, delivered unknown, views " in page
    assert "<td>20,000</td><td>—</td>" in page
    assert "<td>0</td>" not in page
    add(database, 1, "Autumn sale", snapshots=1)
    write_report(CONN_ID, path)
    page = path.read_text(encoding="utf-8")
    assert "delivered 38,000 (95.0% of sent)" in page
    assert "sent 20,000, delivered unknown, views " in page
