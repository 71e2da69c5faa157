"""Modules that are imported when they are first used: a Dag file that only names an operator need not pay for them."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Later:
    """Stands for a module until something in it is asked for, and after that as well.

    :param name: of the module.
    """

    def __init__(self, name: str) -> None:
        self.__name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self.__name), attribute)
