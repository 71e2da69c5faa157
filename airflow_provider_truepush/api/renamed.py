"""Keep the names of an earlier version importable for one minor version."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any


def renamed(module: str, name: str, old: Mapping[str, Any]) -> Any:
    """Return the object that an old name refers to, with a warning. A module's ``__getattr__`` calls this.

    :param module: the module's name.
    :param name: the name that was asked for.
    :param old: the object that each old name refers to.
    :raises AttributeError: the name is not an old one either.
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
