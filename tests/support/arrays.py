"""A value that answers comparisons as arrays of numpy and series of pandas do."""

from __future__ import annotations

from typing import Any


class Array:
    """An array whose comparisons are arrays, which are neither true nor false."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> Any:
        return self

    def __ne__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise ValueError("The truth value of an array is ambiguous")

    def __len__(self) -> int:
        return 2

    def __repr__(self) -> str:
        return "Array([1, 2])"
