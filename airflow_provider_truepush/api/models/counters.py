"""The counters of a campaign and the rates that are made of them. The models and the checks of Dag files use them."""

from __future__ import annotations

#: The eight counters of campaignStats: Truepush's spelling, and the name of our field.
COUNTERS: dict[str, str] = {
    "Reach": "reach",
    "Sent": "sent",
    "Delivered": "delivered",
    "Views": "views",
    "Clicks": "clicks",
    "Button0": "button0",
    "Button1": "button1",
    "Unsubscribers": "unsubscribers",
}

#: Each rate's numerator and denominator.
RATES: dict[str, tuple[str, str]] = {
    "delivery_rate": ("delivered", "sent"),
    "view_rate": ("views", "delivered"),
    "click_rate": ("clicks", "delivered"),
    "unsubscribe_rate": ("unsubscribers", "delivered"),
}
