"""The recipe for users' Dags is a project of its own: it is copied and run, never collected here."""

from __future__ import annotations

from tests.contract.fixtures import own_emulator, plain_machine

__all__ = ["own_emulator", "plain_machine"]

collect_ignore = ["dag_recipe"]
