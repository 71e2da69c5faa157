"""Compute a campaign's counters: a pure function of seed, campaign and clock.

Sending takes about a minute, deliveries trail it by some seconds per subscriber, views and clicks by minutes and
then by days. At least 96% of what was sent is delivered in the end, and 95% within five minutes of the send.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from math import ceil, exp, floor

from airflow_provider_truepush.emulator.records import Campaign

_DAY = 86400.0


@dataclass(frozen=True, slots=True)
class _Habits:
    """The habits of a campaign's audience, drawn from seed and campaign."""

    ramp: float
    trail: float
    delivered: float
    viewed: float
    clicked: float
    button0: float
    button1: float
    left: float
    pace: float


@lru_cache(maxsize=8192)
def _habits(seed: int, campaign_id: str) -> _Habits:
    raw = blake2b(f"{seed} {campaign_id}".encode(), digest_size=36).digest()
    draws = [int.from_bytes(raw[i : i + 4], "big") / 2**32 for i in range(0, 36, 4)]

    def between(low: float, high: float) -> float:
        return low + (high - low) * draws.pop()

    return _Habits(
        ramp=between(45, 90),
        trail=between(20, 30),
        delivered=between(0.965, 0.99),
        viewed=between(0.35, 0.70),
        clicked=between(0.06, 0.25),
        button0=between(0.20, 0.45),
        button1=between(0.10, 0.30),
        left=between(0.0005, 0.006),
        pace=between(120, 360),
    )


def counters(seed: int, campaign: Campaign, now: float) -> dict[str, int] | None:
    """Return the eight counters in Truepush's spelling, or None for a campaign that is not sent.

    :param seed: of the emulator.
    :param campaign: the campaign.
    :param now: seconds since the epoch.
    """
    if campaign.status(now) != "sent":
        return None
    # Whole seconds: the steps are then far above the rounding of floating point, and no counter ever falls.
    elapsed = float(floor(now - campaign.send_at))
    on_the_way = elapsed if campaign.expires_after is None else min(elapsed, floor(campaign.expires_after))
    habits = _habits(seed, campaign.id)
    reach = campaign.reach
    sent = reach if on_the_way >= habits.ramp else floor(reach * on_the_way / habits.ramp)
    arrived = _arrived(on_the_way, habits.ramp, habits.trail)
    delivered = min(sent, floor(ceil(reach * habits.delivered) * arrived + 0.5))
    views = floor(delivered * habits.viewed * _growth(elapsed, habits.pace))
    clicks = floor(views * habits.clicked * _growth(elapsed, 1.5 * habits.pace))
    return {
        "Reach": reach,
        "Sent": sent,
        "Delivered": delivered,
        "Views": views,
        "Clicks": clicks,
        "Button0": floor(clicks * habits.button0) if campaign.buttons >= 1 else 0,
        "Button1": floor(clicks * habits.button1) if campaign.buttons >= 2 else 0,
        "Unsubscribers": floor(delivered * habits.left * _growth(elapsed, 3 * habits.pace)),
    }


def _arrived(elapsed: float, ramp: float, trail: float) -> float:
    """Return the share delivered when sending takes ``ramp`` evenly and deliveries trail by ``trail`` on average."""
    if elapsed < ramp:
        return (elapsed - trail * (1 - exp(-elapsed / trail))) / ramp
    return 1 - trail / ramp * (exp(ramp / trail) - 1) * exp(-elapsed / trail)


def _growth(elapsed: float, pace: float) -> float:
    """Most people react within minutes, the rest over days."""
    return 0.8 * (1 - exp(-elapsed / pace)) + 0.2 * (1 - exp(-elapsed / _DAY))
