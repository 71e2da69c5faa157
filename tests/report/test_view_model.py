"""The values on the page, computed without a database."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_truepush.export.columns import COUNTER_COLUMNS
from airflow_provider_truepush.report.figures import growth
from airflow_provider_truepush.report.page import page as draw
from airflow_provider_truepush.report.view_model import CampaignView, ReportView, Snapshot, thin_out
from airflow_provider_truepush.report.writing import replace_file
from tests.report.tables import BEGINNING


def test_many_snapshots_are_thinned_for_the_plot() -> None:
    history = [Snapshot(BEGINNING, {"sent": number}, regressed=number == 4321) for number in range(10_000)]
    kept = [snapshot.counters["sent"] for snapshot in thin_out(history, 100)]
    assert len(kept) <= 101
    assert kept[0] == 0
    assert kept[-1] == 9999
    assert 4321 in kept
    assert thin_out(history[:100], 100) == history[:100]


def test_a_title_with_an_unpaired_surrogate_is_shown(tmp_path: Path) -> None:
    view = CampaignView("shop", "a" * 24, "cut \ud83d", None, [Snapshot(BEGINNING, dict.fromkeys(COUNTER_COLUMNS, 1))])
    text = draw(ReportView([view], 1, BEGINNING, "here"))
    replace_file(tmp_path / "page.html", text)
    assert "cut ?" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_totals_are_unknown_where_a_part_is() -> None:
    def campaign(**known: int) -> CampaignView:
        counters = {**dict.fromkeys(COUNTER_COLUMNS), **known}
        return CampaignView("shop", "a" * 24, None, None, [Snapshot(BEGINNING, counters)])

    view = ReportView([campaign(sent=3, views=0), campaign(sent=4)], 2, BEGINNING, "here")
    assert (view.totals["sent"], view.totals["views"], view.totals["clicks"]) == (7, None, None)
    assert ReportView([], 0, BEGINNING, "here").totals == {}


def test_a_value_between_unknown_ones_has_a_marker() -> None:
    known = [Snapshot(BEGINNING, {**dict.fromkeys(COUNTER_COLUMNS, number), "clicks": None}) for number in range(50)]
    known[20].counters["clicks"] = 7
    lines = {line["name"]: line["mode"] for line in growth(known).data}
    assert lines == {"Sent": "lines", "Delivered": "lines", "Views": "lines", "Clicks": "lines+markers"}
