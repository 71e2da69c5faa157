"""Airflow's store of an asset's state."""

from __future__ import annotations

import json
from typing import Any


class Store:
    """Airflow's asset state of one asset, kept here: the real one needs an API server, see the test beside this."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.broken = False
        self.writes = 0

    async def aget(self, key: str, default: Any = None) -> Any:
        if self.broken:
            raise ConnectionError("the API server is away")
        return json.loads(self.kept[key]) if key in self.kept else default

    async def aset(self, key: str, value: Any) -> None:
        if self.broken:
            raise ConnectionError("the API server is away")
        self.writes += 1
        self.kept[key] = json.dumps(value)
