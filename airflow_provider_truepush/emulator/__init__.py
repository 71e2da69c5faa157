"""A stateful Truepush on a real socket, to develop and test without sending a push.

``python -m airflow_provider_truepush.emulator`` starts it from a shell, :class:`Emulator` inside a test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_truepush.emulator.dialects import DIALECTS, Dialect
    from airflow_provider_truepush.emulator.effects import CONNECTION_FAULTS, EFFECTS, FAULTS, HOSTILE_FAULTS, PHASES
    from airflow_provider_truepush.emulator.emulator import Emulator
    from airflow_provider_truepush.emulator.errors import TruepushEmulatorError
    from airflow_provider_truepush.emulator.faults import Fault
    from airflow_provider_truepush.emulator.history import Request

__all__ = [
    "CONNECTION_FAULTS",
    "DIALECTS",
    "EFFECTS",
    "FAULTS",
    "HOSTILE_FAULTS",
    "PHASES",
    "Dialect",
    "Emulator",
    "Fault",
    "Request",
    "TruepushEmulatorError",
]

_HOMES = {
    "CONNECTION_FAULTS": "effects",
    "DIALECTS": "dialects",
    "EFFECTS": "effects",
    "FAULTS": "effects",
    "HOSTILE_FAULTS": "effects",
    "PHASES": "effects",
    "Dialect": "dialects",
    "Emulator": "emulator",
    "Fault": "faults",
    "Request": "history",
    "TruepushEmulatorError": "errors",
}


def __getattr__(name: str) -> Any:
    # pytest imports the plugin at every start; aiohttp is loaded only when the emulator is used.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
