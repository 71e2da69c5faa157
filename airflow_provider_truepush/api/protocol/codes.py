"""The outcome codes that every endpoint shares, and the words of Truepush's envelope."""

from __future__ import annotations

BAD_REQUEST = "BAD-REQUEST"
TOKEN_NOT_FOUND = "TOKEN-NOT-FOUND"
API_LIMIT_EXCEEDED = "API-LIMIT-EXCEEDED"
DB_ERROR = "DB-ERROR"

STATUS_SUCCESS = "SUCCESS"
STATUS_ERROR = "ERROR"

BASE_PATH = "/api/v1"

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

#: campaignStats counts clicks on two buttons, so a campaign has room for two.
MAX_BUTTONS = 2

#: Each rate's numerator and denominator.
RATES: dict[str, tuple[str, str]] = {
    "delivery_rate": ("delivered", "sent"),
    "view_rate": ("views", "delivered"),
    "click_rate": ("clicks", "delivered"),
    "unsubscribe_rate": ("unsubscribers", "delivered"),
}
