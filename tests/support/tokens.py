"""The token that the whole suite uses wherever it needs one."""

from __future__ import annotations

#: Found nowhere else, so that whoever finds it in anything the suite wrote has found a leak.
SESSION_TOKEN = "suite-token-9f4c1d7be2-must-never-be-shown"
