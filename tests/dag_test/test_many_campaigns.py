"""One mapped operator, many campaigns."""

from __future__ import annotations

from tests.dag_test.played import Played

COUNT = 12


def test_each_of_many_mapped_tasks_sends_its_campaign_once(played: Played) -> None:
    state, ids = played.results["many_campaigns"]
    assert state == "success", played.output[-6000:]
    campaigns = played.emulators["many_campaigns"].campaigns()
    assert played.emulators["many_campaigns"].count("createCampaign") == COUNT
    assert sorted(row["title"] for row in campaigns) == sorted(f"Offer {number}" for number in range(COUNT))
    # In the order of the map index, each task was told the id of its own campaign.
    titles = {row["id"]: row["title"] for row in campaigns}
    assert [titles[campaign] for campaign in ids] == [f"Offer {n}" for n in range(COUNT)]
