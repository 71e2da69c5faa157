"""Names of an earlier version, which stay importable for one minor version."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any


def renamed(module: str, name: str, old: Mapping[str, Any]) -> Any:
    """Return what a name of an earlier version stands for, with a warning; called by a module's ``__getattr__``.

    :param module: the module that was asked.
    :param name: the name.
    :param old: what each old name stands for.
    :raises AttributeError: it is no old name either.
    """
    if name not in old:
        raise AttributeError(f"module {module!r} has no attribute {name!r}")
    found = old[name]
    warnings.warn(
        f"{module}.{name} was renamed to {found.__name__}; the old name will be removed in the next minor version.",
        DeprecationWarning,
        stacklevel=3,
    )
    return found
