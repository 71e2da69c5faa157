"""Processes that send the same campaign at once: ``python -m tests.sending.racer TOKEN...``, one for each token.

Prints the endings as JSON: ``id <id>``, ``person`` or ``retry <error>``. Connections come from the environment.
The processes are forked once all is imported, and before anything is connected.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.sending.tasks import CAMPAIGN, WINDOW


def race(token: str, start: Barrier, end: Connection) -> None:
    """Send when all are ready, and report how it ended."""
    operator = TruepushCreateCampaignOperator(
        task_id="send", settle_window=4 * WINDOW, ledger_conn_id="ledger", send_token=token, **CAMPAIGN
    )
    ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="send", map_index=-1, try_number=1)
    execute: Any = TruepushCreateCampaignOperator.execute.__wrapped__  # type: ignore[attr-defined]
    start.wait(60)
    try:
        end.send(f"id {execute(operator, {'ti': ti})}")
    except AirflowFailException:
        end.send("person")
    except TruepushError as error:
        end.send(f"retry {error}")


def main() -> None:
    """Start a process for each token, and wait for all."""
    forked = multiprocessing.get_context("fork")
    tokens = sys.argv[1:]
    start = forked.Barrier(len(tokens))
    ends = []
    for token in tokens:
        receiver, sender = forked.Pipe(duplex=False)
        forked.Process(target=race, args=(token, start, sender)).start()
        sender.close()
        ends.append(receiver)
    print(json.dumps([end.recv() for end in ends]))


if __name__ == "__main__":
    main()
