"""Check the provider against a live project: ``TOKEN=... python tools/live.py [--segment NAME]``.

Without a segment nothing is changed: lists and statistics are read. With one, a campaign is sent to that segment, and
to nobody else, after its name has been typed again. Output never contains the token.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from itertools import islice

SHOWN = 5


def connect(host: str, token: str) -> None:
    """Describe the connection to the hook, as Airflow reads it from the environment.

    :param host: where Truepush answers; empty for the live service.
    :param token: the project's token.
    """
    os.environ["AIRFLOW_CONN_TRUEPUSH_DEFAULT"] = json.dumps(
        {
            "conn_type": "truepush",
            "host": host,
            "password": token,
            "extra": {"max_attempts": 2, "require_segment": True},
        }
    )


def read() -> bool:
    """Read the first rows of each list and the statistics of some campaigns; return whether everything worked."""
    from airflow_provider_truepush.exceptions import TruepushError
    from airflow_provider_truepush.hooks.truepush import TruepushHook

    worked = True
    with TruepushHook() as truepush:
        for name in ("segments", "templates", "triggers", "campaigns"):
            try:
                rows = list(islice(getattr(truepush, f"list_{name}")(), SHOWN))
                print(f"[live] list_{name}: read {len(rows)} rows")
            except TruepushError as error:
                worked = False
                print(f"[live] list_{name} failed: {error}")
                continue
            if name == "campaigns":
                for row in rows:
                    print(f"[live] campaign {row.id}: {truepush.get_campaign_stats(row.id) or 'no statistics'}")
    return worked


def send(segment: str) -> bool:
    """Send one campaign to one segment after confirmation; return whether Truepush accepted it.

    :param segment: the segment's name.
    """
    from airflow_provider_truepush.hooks.truepush import TruepushHook

    with TruepushHook() as truepush:
        ids = [row.id for row in truepush.list_segments() if row.name == segment]
        if len(ids) != 1:
            print(f"[live] {len(ids)} segments are called {segment!r}, but exactly one is needed. Nothing was sent.")
            return False
        print(f"[live] This sends a REAL push to everyone in the segment {segment!r} ({ids[0]}).")
        if input("[live] Type the segment's name to send it, anything else to stop: ") != segment:
            print("[live] Stopped. Nothing was sent.")
            return False
        campaign_id = truepush.create_campaign(
            {
                "title": "Test of airflow-provider-truepush",
                "message": "You can ignore this message.",
                "link": "https://example.com/",
                "segment_id": ids[0],
            }
        )
        print(f"[live] Truepush accepted the campaign: {campaign_id or 'it returned no id'}")
    return True


def main() -> None:
    """Run the checks; exit 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--segment", default="", help="name of a segment to send one campaign to")
    parser.add_argument("--host", default="", help="host of the API; empty for the live service")
    options = parser.parse_args()
    token = os.environ.pop("TOKEN", "").strip()
    if not token:
        sys.exit("[live] No token was given. Nothing was read or sent. Run: make live TOKEN=...")
    connect(options.host, token)
    worked = read()
    if worked and options.segment:
        worked = send(options.segment)
    sys.exit(0 if worked else 1)


if __name__ == "__main__":
    main()
