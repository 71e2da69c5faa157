"""A mapped task in one Dag run, over tries and clears."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushError
from tests.sending.tasks import Tasks


class Feed:
    """One mapped task in one Dag run, over tries and clears."""

    def __init__(self, tasks: Tasks, ledger: str | None, *, titles: bool, state: bool = True) -> None:
        self.tasks, self.ledger, self.titles, self.state = tasks, ledger, titles, state
        self.sent: dict[str, str] = {}

    def send(self, index: int, item: str, **given: Any) -> str:
        """Run a try of one map index; returns the id, or how it ended."""
        title = f"New: {item}" if self.titles else "New"
        try:
            found = self.tasks.run(
                self.tasks.context(index=index, state=self.state),
                title=title,
                message=f"Item {item}",
                ledger_conn_id=self.ledger,
                **given,
            )
        except AirflowFailException as error:
            return f"stopped: {error}"
        except TruepushError as error:
            return f"retry: {error}"
        return str(found)

    def run(self, items: Sequence[str], order: Sequence[int] | None = None, **given: Any) -> dict[int, str]:
        """Run all map indexes."""
        return {index: self.send(index, items[index], **given) for index in order or range(len(items))}

    def clear(self) -> None:
        self.tasks.clear_number += 1

    def made(self, item: str) -> list[str]:
        """The oracle."""
        rows = self.tasks.emulator.campaigns()
        return [row["id"] for row in rows if row["payload"]["message"] == f"Item {item}"]
