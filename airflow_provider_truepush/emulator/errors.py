"""The errors of the emulator, and the checks that raise them."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_truepush.api.errors import TruepushError


class TruepushEmulatorError(TruepushError, ValueError):
    """An emulator, a fault, a dialect or a control was given something that it does not accept.

    The message names the value and what is accepted instead. The emulator did not change.
    """


class TruepushStateFileError(TruepushEmulatorError):
    """The state file of an emulator cannot be used. The emulator did not start."""


def check_keys(what: str, given: Iterable[object], accepted: Iterable[str]) -> None:
    """Refuse keys that nothing reads, so that a typing error never passes for a setting.

    :param what: what the keys belong to, such as ``clock``; starts the message.
    :param given: the keys as they came.
    :param accepted: the keys that are read.
    :raises TruepushEmulatorError: when a key is not accepted.
    """
    names = list(accepted)
    unknown = [str(key) for key in given if key not in names]
    if unknown:
        offer = f"Accepted keys: {', '.join(names)}." if names else "It accepts no keys."
        raise TruepushEmulatorError(f"{what}: unknown key {', '.join(map(repr, sorted(unknown)))}. {offer}")


def check_choice(what: str, value: object, accepted: Iterable[object]) -> None:
    """Refuse a value that is not one of a few.

    :param what: what has the value, such as ``dialect: order``; starts the message.
    :param value: the value as it came.
    :param accepted: the values that are possible.
    :raises TruepushEmulatorError: when the value is not one of them.
    """
    values = list(accepted)
    # True == 1, and no setting here means both.
    if not any(value == other and type(value) is type(other) for other in values):
        raise TruepushEmulatorError(f"{what} is {value!r}. Accepted values: {', '.join(map(str, values))}.")
