"""The feed of the example names segments that a new project of the emulator has."""

from __future__ import annotations

import runpy
from pathlib import Path

from airflow_provider_truepush.emulator import Emulator

EXAMPLE = Path(__file__).parents[2] / "example_dags" / "example_truepush_product_feed.py"


def test_every_product_of_the_feed_has_a_segment() -> None:
    feed = runpy.run_path(str(EXAMPLE))["read_feed"].function()
    with Emulator() as emulator:
        segments = {segment["name"] for segment in emulator.segments()}
    assert {product["segment"] for product in feed} - segments == set()
