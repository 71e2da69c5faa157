"""The code blocks of the documentation, as the tests run them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"(?:^<!-- (?P<mark>not run|run by): (?P<why>[^\n]+?) -->\n)?"
    r"^(?P<fence>```+)(?P<language>[a-z]+)\n(?P<code>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    :param page: its page, relative to the checkout.
    :param line: of its fence.
    :param language: what stands after the fence.
    :param code: its text.
    :param why_not: why it is not run; empty where it is.
    :param run_by: the test module that runs it together with others; empty where it runs by itself.
    """

    page: str
    line: int
    language: str
    code: str
    why_not: str
    run_by: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return README, CONTRIBUTING and every page of the documentation, without what is generated."""
    found = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path for path in found if path.exists() and "_generated" not in path.parts]


def blocks() -> Iterator[Block]:
    """Yield the blocks of all pages."""
    for path in pages():
        text = path.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start("fence")) + 1
            why = (match["why"] or "").strip()
            not_run, run_by = (why if match["mark"] == mark else "" for mark in ("not run", "run by"))
            yield Block(str(path.relative_to(ROOT)), line, match["language"], match["code"], not_run, run_by)
