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
from airflow_provider_truepush.export.columns import COUNTER_COLUMNS
from airflow_provider_truepush.report import TruepushReportError, write_report
from airflow_provider_truepush.report.figures import growth
from airflow_provider_truepush.report.page import page as draw
from airflow_provider_truepush.report.view_model import CampaignView, ReportView, Snapshot, thin_out
from airflow_provider_truepush.report.writing import replace_file
from tests.export.databases import Database
from tests.report.tables import BEGINNING, add, forget, prepare
from tests.support.chromium import needs_chromium, page

EVIL = "<script>document.title='taken'</script></script><img src=x onerror=\"document.title='taken'\"> & 20 % off"


@pytest.fixture
def tables(sqlite: Database) -> Database:
    """The empty tables behind the connection ``warehouse``."""
    prepare(sqlite)
    return sqlite


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
def test_what_cannot_be_is_refused_and_leaves_the_old_page(
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


def test_a_connection_that_is_no_database_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps({"conn_type": "http", "host": "localhost"}))
    with pytest.raises(TruepushReportError, match=r"'warehouse' is not an SQL connection \(HttpHook\)"):
        write_report("warehouse", tmp_path / "report.html")


def test_many_snapshots_are_thinned_for_the_plot() -> None:
    history = [Snapshot(BEGINNING, {"sent": number}, regressed=number == 4321) for number in range(10_000)]
    kept = [snapshot.counters["sent"] for snapshot in thin_out(history, 100)]
    assert len(kept) <= 101
    assert kept[0] == 0
    assert kept[-1] == 9999
    assert 4321 in kept
    assert thin_out(history[:100], 100) == history[:100]


def test_what_is_not_known_is_shown_as_that(tables: Database, tmp_path: Path) -> None:
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


LONG = "The longest title that anybody has ever given to a campaign of theirs, " * 4


@needs_chromium
async def test_a_real_browser_draws_it_and_asks_for_nothing(tables: Database, tmp_path: Path) -> None:
    add(tables, 9, "From before", snapshots=2)
    forget(tables, "delivered")
    for number, title in enumerate(["Spring sale", EVIL, None, LONG]):
        add(tables, number, title, snapshots=1 if number == 2 else 8)
    async with page() as shown:
        await shown.open(Path(write_report("warehouse", tmp_path / "report.html")).as_uri())
        await shown.until("document.documentElement.dataset.drawn === 'true'")
        assert shown.complaints == []
        assert {url for url in shown.asked if not url.startswith(("file:", "data:", "blob:"))} == set()
        assert await shown.run("document.title") == "Truepush campaigns"
        # The bars of five funnels, the bars of one observation, and the dots of the lines.
        assert await shown.run("document.querySelectorAll('.funnel .point').length") >= 5 * 4 - 1
        assert await shown.run("document.querySelectorAll('.growth .bars .point').length") == 4
        assert await shown.run("document.querySelectorAll('.growth .scatterlayer .point').length") >= 3 * 8 * 4
        text = " ".join((await shown.run("document.body.textContent")).split())
        assert "Delivered 57,000" in text  # the plot's own text
        assert "95.0% of sent" in text
        assert "Delivered unknown" in text
        assert await shown.run("document.documentElement.scrollWidth <= innerWidth")
        # A long title is cut, and whole in its tooltip.
        cut = "[...document.querySelectorAll('.cut')].filter(e => e.title.startsWith('The longest'))"
        assert await shown.run(f"{cut}.map(e => e.title)") == [LONG] * 2
        assert await shown.run(f"{cut}.every(e => e.scrollWidth > e.clientWidth && e.clientHeight < 32)")


ROWS = "[...document.querySelector('#campaigns tbody').rows].map(row => row.cells[{}].dataset.value)"


@needs_chromium
async def test_the_table_is_sorted_by_any_column(tables: Database, tmp_path: Path) -> None:
    add(tables, 5, "From before")
    forget(tables, "unsubscribers")
    for number, title in enumerate(["beta", "Alpha", "beta", "gamma"]):
        add(tables, number, title)
    async with page() as shown:
        await shown.open(Path(write_report("warehouse", tmp_path / "report.html")).as_uri())
        await shown.until("document.documentElement.dataset.drawn === 'true'")

        async def press(column: int) -> list[str]:
            await shown.run(f"document.querySelectorAll('#campaigns thead button')[{column}].click()")
            rows: list[str] = await shown.run(ROWS.format(column))
            return rows

        assert await press(0) == ["Alpha", "beta", "beta", "From before", "gamma"]
        assert await press(0) == ["gamma", "From before", "beta", "beta", "Alpha"]
        for column in (1, 2, 3, 4, 5, 7):
            down = [int(value) for value in await press(column)]
            assert down == sorted(down, reverse=True)
            up = [int(value) for value in await press(column)]
            assert up == down[::-1]
            sorts = "[...document.querySelectorAll('#campaigns thead th')].map(e => e.getAttribute('aria-sort'))"
            assert (await shown.run(sorts))[column] == "ascending"
            assert await shown.run("document.getElementById('sort').value") == f"{column}+"
        # What is unknown stands last in both directions.
        assert [value == "" for value in await press(6)] == [False] * 4 + [True]
        assert [value == "" for value in await press(6)] == [False] * 4 + [True]
        assert shown.complaints == []


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
async def test_it_is_readable_on_a_phone(tables: Database, tmp_path: Path, dark: bool) -> None:
    for number, title in enumerate(["Spring sale", LONG]):
        add(tables, number, title, snapshots=1 + number)
    async with page() as shown:
        path = Path(write_report("warehouse", tmp_path / "report.html"))
        await shown.open(path.as_uri(), width=380, height=800, dark=dark)
        await shown.until("document.documentElement.dataset.drawn === 'true'")
        assert await shown.run("document.documentElement.scrollWidth") <= 380
        # Every number of the table is on the screen, with its name.
        cells = "[...document.querySelectorAll('#campaigns td')]"
        assert await shown.run(f"{cells}.every(e => e.getBoundingClientRect().right <= 380)")
        # The headings are hidden here: a list sorts.
        assert await shown.run("getComputedStyle(document.querySelector('#campaigns thead')).display") == "none"
        await shown.run(
            "(() => { const list = document.getElementById('sort'); list.value = '2+'; "
            "list.dispatchEvent(new Event('change')); })()"
        )
        assert await shown.run(ROWS.format(2)) == ["20000", "40000"]
        back = await shown.run("getComputedStyle(document.body).backgroundColor")
        assert back == ("rgb(16, 20, 27)" if dark else "rgb(246, 247, 249)")


@needs_chromium
async def test_the_browser_reports_a_page_that_asks_for_more(tmp_path: Path) -> None:
    """Otherwise the tests above would accept anything."""
    file = tmp_path / "page.html"
    file.write_text(
        '<script src="https://example.invalid/plot.js"></script><script>nowhere.at.all</script><i id="end"></i>'
    )
    async with page() as shown:
        await shown.open(file.as_uri())
        await shown.until("document.getElementById('end') !== null")
        assert "https://example.invalid/plot.js" in shown.asked
        assert any("nowhere is not defined" in line for line in shown.complaints)


def test_the_old_name_of_the_error_still_works() -> None:
    with pytest.warns(DeprecationWarning, match="TruepushReportError"):
        assert report.ReportError is TruepushReportError
    assert issubclass(TruepushReportError, TruepushError)


def test_a_title_that_cannot_be_written_is_no_reason_to_write_nothing(tmp_path: Path) -> None:
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


def test_it_is_written_while_somebody_else_writes_to_the_database(tables: Database, tmp_path: Path) -> None:
    file = tables.rows("SELECT file FROM pragma_database_list WHERE name = 'main'")[0][0]
    add(tables, 1, "Autumn")
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert "Autumn" in written(tmp_path)
