"""The page at ``/`` in a real browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests

from airflow_provider_truepush.emulator import Emulator
from tests.emulator.support import CAMPAIGN, Api, control, trigger
from tests.support.chromium import needs_chromium, page

EVIL = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script> & 20 % off"


@pytest.fixture
def busy(emulator: Emulator, api: Api) -> Emulator:
    """An emulator with something of everything."""
    template = api.create("createTemplate", {"name": "Weekly digest", **CAMPAIGN})
    api.create("createTrigger", trigger(template, name="Every morning"))
    segment = emulator.segments()[3]["id"]
    api.create("createCampaign", {**CAMPAIGN, "title": "Spring sale", "segment": segment})
    api.create("createCampaign", {**CAMPAIGN, "title": EVIL})
    emulator.advance(timedelta(hours=3))
    emulator.seed({"campaigns": [{"title": "Tomorrow's news " * 9, "send_at": "2026-03-03T12:00:00+00:00"}]})
    emulator.fault("campaignStats", effect="429", nth=3)
    api.call("listCampaign", 1)
    api.call("cancelCampaign", "nonsense")
    return emulator


def test_the_page_is_self_contained_and_cannot_be_framed(emulator: Emulator) -> None:
    answer = requests.get(emulator.url, timeout=5)
    assert answer.status_code == 200
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "http" not in answer.text.replace("https://", "http").partition("<script>")[0]
    assert requests.get(emulator.url, headers={"Host": "evil.example"}, timeout=5).status_code == 403
    assert requests.post(emulator.url, timeout=5).status_code == 404
    assert emulator.count() == 1  # the page is not a request to Truepush


def test_the_overview_is_bounded(emulator: Emulator) -> None:
    emulator.add_campaigns(5000)
    emulator.seed({"triggers": [{}] * 200, "segments": [{}] * 200})
    for _ in range(80):
        emulator.fault("listSegment", times=0)
    seen = control(emulator, "GET", "overview")
    assert {name: len(seen[name]) for name in ("campaigns", "triggers", "segments", "faults", "requests")} == {
        "campaigns": 50, "triggers": 50, "segments": 50, "faults": 50, "requests": 0,
    }  # fmt: skip
    assert seen["totals"] == {"campaigns": 5000, "segments": 204, "triggers": 200, "faults": 80, "requests": 0}
    assert seen["campaigns"][0]["title"] == "Campaign 5000"


@needs_chromium
async def test_a_browser_shows_everything_and_its_buttons_work(busy: Emulator) -> None:
    async with page() as shown:
        await shown.open(busy.url)
        await shown.until("document.documentElement.dataset.shown === 'true'")
        text = await shown.run("document.body.innerText")
        for wanted in (
            "2026-03-02 15:00:00 UTC", "Clock: stands still until it is moved", "Spring sale",
            "Returning customers, 12,000",
            "everyone, 100,000", "scheduled", "2026-03-03 12:00", "Every morning", "2026-03-03 09:30",
            "before_commit/429",
            "campaignStats", "number 3", "GET /api/v1/listCampaign/1", "CAMPAIGN-CREATED-SUCCESSFULLY",
            "PUT /api/v1/cancelCampaign/nonsense", "BAD-REQUEST", EVIL,
        ):  # fmt: skip
            assert wanted in text, wanted
        assert await shown.run("document.title") == "Truepush emulator"
        stats = busy.stats(busy.campaigns()[0]["id"]) or {}
        assert f"{stats['delivered']:,}" in text
        assert await shown.run("document.querySelectorAll('.bar').length") == 8

        await shown.run("document.querySelector('[data-advance=\"1d\"]').click()")
        await shown.until("document.getElementById('clock').textContent.startsWith('2026-03-03 15:00:00')")
        assert busy.now().isoformat() == "2026-03-03T15:00:00+00:00"

        await shown.run(
            "(() => { const f = document.getElementById('fault').elements; f.endpoint.value = 'createCampaign';"
            "f.effect.value = 'rst'; f.effect.dispatchEvent(new Event('change')); f.nth.value = '2';"
            "document.getElementById('fault').requestSubmit(); })()"
        )
        await shown.until("document.getElementById('faults').innerText.includes('after_commit/rst')")
        assert [(fault.endpoint, fault.nth) for fault in busy.faults()] == [
            ("campaignStats", [3]), ("createCampaign", [2]),
        ]  # fmt: skip
        await shown.run("document.querySelector('[data-remove=\"1\"]').click()")
        await shown.until("!document.getElementById('faults').innerText.includes('429')")
        assert [fault.effect for fault in busy.faults()] == ["rst"]

        await shown.run("document.getElementById('fault').elements.nth.value = 'x'")
        await shown.run("document.getElementById('fault').requestSubmit()")
        await shown.until("document.getElementById('trouble').textContent.includes('nth')")
        assert {url for url in shown.asked if not url.startswith((busy.url, "data:"))} == set()
        # The refused fault is an answer of 400, which the browser mentions.
        assert [line for line in shown.complaints if "400" not in line] == []


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
async def test_it_is_readable_on_a_phone(busy: Emulator, dark: bool) -> None:
    async with page() as shown:
        await shown.open(busy.url, width=380, height=800, dark=dark)
        await shown.until("document.documentElement.dataset.shown === 'true'")
        assert await shown.run("document.documentElement.scrollWidth") <= 380
        small = "[...document.querySelectorAll('main button, main select')].filter(e => e.offsetHeight < 28).length"
        assert await shown.run(small) == 0
        back = await shown.run("getComputedStyle(document.body).backgroundColor")
        assert back == ("rgb(16, 20, 27)" if dark else "rgb(246, 247, 249)")
