"""What the Dags of this folder did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_truepush.emulator import Emulator


@dataclass
class Played:
    """What the run of each Dag left behind.

    :param emulators: where its campaigns went, by its name.
    :param results: what its module returned.
    :param output: what all of them printed.
    """

    emulators: dict[str, Emulator]
    results: dict[str, Any]
    output: str
