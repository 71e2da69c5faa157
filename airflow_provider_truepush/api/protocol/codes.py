"""The outcome codes that every endpoint shares, and the words of Truepush's envelope."""

from __future__ import annotations

BAD_REQUEST = "BAD-REQUEST"
TOKEN_NOT_FOUND = "TOKEN-NOT-FOUND"
API_LIMIT_EXCEEDED = "API-LIMIT-EXCEEDED"
DB_ERROR = "DB-ERROR"

STATUS_SUCCESS = "SUCCESS"
STATUS_ERROR = "ERROR"

BASE_PATH = "/api/v1"
