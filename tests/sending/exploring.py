"""Runs the machine."""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.sending.machine import Histories
from tests.sending.world import World

#: Set to a number of histories by `make prove`, which draws others each time, or those of a seed.
LONG = "TRUEPUSH_HISTORIES"
SEED = os.environ.get("TRUEPUSH_SEED")


def explore(
    world: World,
    histories: int,
    *,
    duplicates_only: bool = False,
    first: str | None = SEED,
    kind: type[RuleBasedStateMachine] = Histories,
) -> Counter[str]:
    """Run the machine against a world; returns how the tries ended.

    :param duplicates_only: look for nothing else, and stop at the first.
    :param kind: the machine.
    :param first: the seed of the histories; None for those of each time, or in `make test` always the same.
    """
    given = {"world": world, "endings": Counter(), "duplicates_only": duplicates_only}
    machine = type("HistoriesOfAWorld", (kind,), given)
    if first is not None:
        machine = seed(int(first))(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=histories,
            stateful_step_count=8,
            deadline=None,
            derandomize=LONG not in os.environ and first is None,
            database=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate] if duplicates_only else [Phase.generate, Phase.shrink],
        ),
    )
    endings: Counter[str] = machine.endings  # type: ignore[attr-defined]
    return endings
