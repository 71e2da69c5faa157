"""Read a feed of products and send one campaign per segment, with its best offer.

The feed uses the names of Truepush's segments. Every segment gets the product with the highest discount, or no push if
that product is sold out. Each mapped task sends one campaign. A task that fails is retried alone, and clearing the run
sends nothing a second time.

It needs a connection of type ``truepush`` called ``truepush_default``. Put your own feed in place of ``read_feed``.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from airflow.providers.common.compat.sdk import DAG, task

from airflow_provider_truepush.models import Campaign
from airflow_provider_truepush.operators.segment import TruepushListSegmentsOperator

log = logging.getLogger(__name__)

with DAG(
    dag_id="example_truepush_product_feed",
    schedule="0 8 * * *",
    start_date=datetime(2025, 1, 1, tzinfo=UTC),
    catchup=False,
    tags=["truepush", "example"],
    doc_md=__doc__,
):

    @task
    def read_feed() -> list[dict[str, Any]]:
        return [
            {"segment": "Returning customers", "name": "Walking boots", "sku": "B-17", "discount": 30, "stock": 12},
            {"segment": "Returning customers", "name": "Rain jacket", "sku": "J-02", "discount": 20, "stock": 70},
            {"segment": "Indian MAC users", "name": "Laptop sleeve", "sku": "S-40", "discount": 15, "stock": 8},
            {"segment": "Indian Windows Users", "name": "Desk lamp", "sku": "L-11", "discount": 40, "stock": 0},
            {"segment": "Indian Windows Users", "name": "Plush penguin", "sku": "P-01", "discount": 10, "stock": 3},
        ]

    segments = TruepushListSegmentsOperator(task_id="list_segments")

    @task
    def best_offers(feed: list[dict[str, Any]], segments: list[dict[str, str]]) -> list[dict[str, Any]]:
        best = {product["segment"]: product for product in sorted(feed, key=lambda product: product["discount"])}
        ids = {segment["name"]: segment["id"] for segment in segments}
        if unknown := sorted(best.keys() - ids.keys()):
            log.warning("Truepush has no segment of these names: %s", unknown)
        return [{**best[name], "segment_id": ids[name]} for name in sorted(best.keys() & ids.keys())]

    @task.truepush_campaign(
        max_lateness=timedelta(hours=6),  # a morning's offers must not be sent in the evening
        max_active_tis_per_dag=4,
        map_index_template="{{ task.op_kwargs['offer']['segment'] }}",
    )
    def send(offer: dict[str, Any], run_id: str | None = None) -> Campaign | None:
        if not offer["stock"]:
            return None  # skips this segment
        return Campaign(
            title=f"{offer['discount']}% off: {offer['name']}",
            message=f"Only {offer['stock']} left.",
            link=f"https://shop.example.com/products/{offer['sku']}?utm_campaign={quote(run_id or '')}",
            segment_id=offer["segment_id"],
            expires_in=timedelta(hours=12),
        )

    send.expand(offer=best_offers(read_feed(), segments.output))
