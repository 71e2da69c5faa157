"""One process of several that send the same campaign: ``python -m tests.sending.racer <token>``.

Starts when it is told to, prints ``id <id>``, ``person`` or ``retry <error>``. Connections come from the environment.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_truepush.exceptions import TruepushError
from airflow_provider_truepush.operators.campaign import TruepushCreateCampaignOperator
from tests.sending.tasks import CAMPAIGN, WINDOW


def main() -> None:
    token = sys.argv[1]
    operator = TruepushCreateCampaignOperator(
        task_id="send", settle_window=4 * WINDOW, ledger_conn_id="ledger", send_token=token, **CAMPAIGN
    )
    ti = SimpleNamespace(dag_id="dag", run_id="run", task_id="send", map_index=-1, try_number=1)
    execute: Any = TruepushCreateCampaignOperator.execute.__wrapped__  # type: ignore[attr-defined]
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        print("id", execute(operator, {"ti": ti}))
    except AirflowFailException:
        print("person")
    except TruepushError as error:
        print("retry", error)


if __name__ == "__main__":
    main()
