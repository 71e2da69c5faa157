"""The page: what stands in it, what it says of an empty warehouse, and what is refused."""

from __future__ import annotations

import json
import runpy
import sqlite3
import sys
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException

from airflow_provider_truepush import report
from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.report import TruepushReportError, write_report
from tests.export.databases import Database
from tests.report.pages import EVIL, tables
from tests.report.tables import add, forget

__all__ = ["tables"]


def written(tmp_path: Path, **options: object) -> str:
    """The page that is made of the tables."""
    path = write_report("warehouse", tmp_path / "report.html", **options)  # type: ignore[arg-type]
    return Path(path).read_text(encoding="utf-8")


class Elements(HTMLParser):
    """What a browser would load, and the text of all but scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.texts: list[str] = []
        self.tags: list[str] = []
        self._inside: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside.append(tag)
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]

    def handle_endtag(self, tag: str) -> None:
        self._inside.append("/" + tag)

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] not in (["script"], ["style"]):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def test_loads_nothing_and_shows_the_numbers(tables: Database, tmp_path: Path) -> None:
    add(tables, 0, "Spring sale")
    campaign_id = add(tables, 1, "Autumn sale", falls=True)
    shown = Elements(written(tmp_path))
    assert shown.loads
    assert all(link.startswith(("#", "data:")) for link in shown.loads)
    assert "All 2 campaigns." in shown.text
    assert shown.text.index("Autumn sale") < shown.text.index("Spring sale")
    assert "38,000 95.0%" in shown.text
    # Created with its time of day, and the id: equal titles can be told apart.
    assert "2026-11-02 09:00" in shown.text
    assert "Total of 2 campaigns 60,000 57,000 95.0%" in shown.text
    assert campaign_id in shown.text
    assert "The numbers (8 observations)" in shown.text
    assert shown.text.count("A counter fell between two observations.") == 1


def test_titles_are_text(tables: Database, tmp_path: Path) -> None:
    add(tables, 0, EVIL)
    page = written(tmp_path)
    shown = Elements(page)
    assert "<script>document.title" not in page
    assert "<img" not in page.partition("plotly.js v")[0]
    assert " ".join(EVIL.split()) in shown.text
    assert "img" not in shown.tags
    assert shown.tags.count("script") == 4  # the plots of a campaign, plotly, what draws them, what sorts the table


def test_shows_the_newest_and_says_that_there_are_more(tables: Database, tmp_path: Path) -> None:
    for number in range(7):
        add(tables, number, f"Campaign {number}", snapshots=1)
    add(tables, 7, "Elsewhere", project="other")
    shown = Elements(written(tmp_path, last=2, project="shop"))
    assert "The newest 2 of 7 campaigns." in shown.text
    assert "Campaign 6" in shown.text
    assert "Campaign 5" in shown.text
    assert "Campaign 4" not in shown.text
    assert "Elsewhere" not in shown.text
    assert "One observation so far" in shown.text
    assert "The newest 3 of 8" in Elements(written(tmp_path, last=3)).text


def test_an_empty_warehouse_says_so(tables: Database, tmp_path: Path) -> None:
    page = written(tmp_path)
    assert "No campaign has been exported yet" in Elements(page).text
    assert "script" not in Elements(page).tags
    assert len(page) < 10_000
    add(tables, 0, "Spring sale")
    assert "of the project other" in Elements(written(tmp_path, project="other")).text


def test_the_latest_counters_without_a_history_are_shown(tables: Database, tmp_path: Path) -> None:
    add(tables, 0, None)
    tables.run("DELETE FROM truepush_campaign_stats")
    assert "The numbers (1 observation)" in Elements(written(tmp_path)).text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"last": 0}, "last is 0. It must be a whole number from 1 to 200"),
        ({"last": 201}, "last is 201"),
        ({"last": "5"}, "last is '5'"),
        ({"table_prefix": "other_"}, "no such table: other_campaign_stats_latest"),
        ({"schema": "nowhere"}, "nowhere.truepush_campaign_stats"),
    ],
)
def test_bad_arguments_are_refused_and_leave_the_old_page(
    tables: Database, tmp_path: Path, options: dict[str, object], said: str
) -> None:
    (tmp_path / "report.html").write_text("old")
    with pytest.raises(TruepushReportError, match=said):
        written(tmp_path, **options)
    assert (tmp_path / "report.html").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "warehouse.db"]


def test_a_path_without_a_folder_is_refused(tables: Database, tmp_path: Path) -> None:
    with pytest.raises(TruepushReportError, match="which is in a folder that does not exist"):
        write_report("warehouse", tmp_path / "none" / "report.html")
    with pytest.raises(TruepushReportError, match="which is a folder"):
        write_report("warehouse", tmp_path)


def test_without_plotly_it_says_what_to_install(
    tables: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "plotly.graph_objects", None)
    with pytest.raises(AirflowOptionalProviderFeatureException, match=r"airflow-provider-truepush\[report\]"):
        write_report("warehouse", tmp_path / "report.html")


def test_a_connection_to_something_else_than_a_database_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "http", "host": "localhost"}))
    with pytest.raises(TruepushReportError, match=r"'warehouse' is not an SQL connection; its hook is HttpHook"):
        write_report("warehouse", tmp_path / "report.html")


def test_unknown_values_are_shown_as_unknown(tables: Database, tmp_path: Path) -> None:
    campaign_id = add(tables, 0, "Spring sale", snapshots=3)
    for counter in ("delivered", "unsubscribers"):
        forget(tables, counter)
    shown = Elements(written(tmp_path))
    assert "20,000 — — " in shown.text  # sent, delivered and its share
    assert "Deliveries as a share of what was sent" in shown.text
    assert "A dash means that the value is unknown" in shown.text
    plots = drawn(written(tmp_path), 1)
    assert plots["funnel"]["data"][0]["x"][:2] == [20_000, None]
    assert "<b>Delivered unknown</b>" in plots["funnel"]["data"][0]["y"]
    lines = {line["name"]: line["y"] for line in plots["growth"]["data"]}
    assert lines["Delivered"] == [None] * 3
    assert None not in lines["Views"]
    # One more snapshot of the same campaign knows it.
    tables.run("UPDATE truepush_campaign_stats SET delivered = 19000 WHERE snapshot_key = 'day 2'")
    tables.run(f"UPDATE truepush_campaign_stats_latest SET delivered = 19000 WHERE campaign_id = '{campaign_id}'")
    page = written(tmp_path)
    assert {line["name"]: line["y"] for line in drawn(page, 1)["growth"]["data"]}["Delivered"] == [None, None, 19_000]
    assert "delivered 19,000 (95.0% of sent)" in page


def drawn(page: str, number: int) -> dict[str, Any]:
    """The plots of a campaign, as the browser is given them."""
    begin = f'data-plots="{number}">'
    plots: dict[str, Any] = json.loads(page.partition(begin)[2].partition("</script>")[0])
    return plots


def test_command_line(
    tables: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    add(tables, 0, "Spring sale")
    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")  # the suite's own is left as it is
    monkeypatch.setattr(sys, "argv", ["report", "--conn", "warehouse", "--out", f"{tmp_path}/page.html", "--last", "1"])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(report.__file__).with_name("__main__.py")), run_name="__main__")
    assert ended.value.code == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"{tmp_path}/page.html"
    assert "Spring sale" in (tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("arguments", [["--conn", "unheard_of"], ["--conn", "warehouse", "--last", "0"]])
def test_command_line_says_why_not(
    tables: Database,
    tmp_path: Path,
    arguments: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from airflow_provider_truepush.report.__main__ import main

    monkeypatch.setenv("_AIRFLOW_PROCESS_CONTEXT", "client")
    assert main([*arguments, "--out", str(tmp_path / "page.html")]) == 2
    assert "The report was not written." in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_the_old_name_of_the_error_still_works() -> None:
    with pytest.warns(DeprecationWarning, match="TruepushReportError"):
        assert report.ReportError is TruepushReportError
    assert issubclass(TruepushReportError, TruepushError)


def test_it_is_written_while_another_process_writes_to_the_database(tables: Database, tmp_path: Path) -> None:
    file = tables.rows("SELECT file FROM pragma_database_list WHERE name = 'main'")[0][0]
    add(tables, 1, "Autumn")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert "Autumn" in written(tmp_path)
