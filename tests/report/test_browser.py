"""The report in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_truepush.report import write_report
from tests.export.databases import Database
from tests.report.pages import EVIL, tables
from tests.report.tables import add, forget
from tests.support.chromium import needs_chromium, page

__all__ = ["tables"]

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
