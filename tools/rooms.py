"""Draw the package's rooms and the imports between them: ``python tools/rooms.py docs/_generated/rooms.svg``.

A room is a folder of the package, or a module at its top. Imports inside functions count, and so do imports that only
type checkers follow.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from collections.abc import Iterator
from html import escape
from pathlib import Path

PACKAGE = "airflow_provider_truepush"
#: From the faces that users import down to the core. A room may import rooms of lower rows only.
ROWS: tuple[tuple[str, ...], ...] = (
    ("provider_info", "plugins", "exceptions"),
    ("decorators",),
    ("transfers", "sensors", "notifications", "report"),
    ("operators",),
    ("triggers",),
    ("lineage",),
    ("waiting",),
    ("sending", "resources", "export"),
    ("task",),
    ("hooks",),
    ("client",),
    ("emulator", "assets", "models"),
    ("api",),
)
#: The same within ``api/``.
API_ROWS: tuple[tuple[str, ...], ...] = (
    ("protocol",),
    ("models",),
    ("schedule",),
    ("connection",),
    ("templated",),
    ("checks",),
    ("errors",),
)


def modules(root: Path) -> dict[str, Path]:
    """Return the package's modules by their dotted names."""
    found = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    return found


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """Yield the package's modules that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            # A module that is imported from its package's front needs the front as well.
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        yield from (name for name in names if name in known)


def graph(root: Path) -> dict[str, set[str]]:
    """Return which modules each module imports."""
    known = modules(root)
    return {name: {other for other in imports(path, known) if other != name} for name, path in known.items()}


def room(module: str) -> str:
    """Return the room of a module; the package itself is not a room."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else ""


def api_room(module: str) -> str:
    """Return the room within ``api/``; an empty string for modules elsewhere."""
    parts = module.split(".")
    return parts[2] if len(parts) > 2 and parts[1] == "api" else ""


def arrows(edges: dict[str, set[str]], room_of: object = room) -> dict[tuple[str, str], int]:
    """Count the imports between rooms.

    :param edges: see :func:`graph`.
    :param room_of: names the room of a module.
    """
    assert callable(room_of)
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for module, others in edges.items():
        for other in others:
            pair = (room_of(module), room_of(other))
            if all(pair) and pair[0] != pair[1]:
                counted[pair] += 1
    return dict(counted)


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return the import circles between modules, each once."""
    state: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        state[name] = 1
        stack.append(name)
        for other in sorted(edges.get(name, ())):
            if state.get(other) == 1:
                found.append([*stack[stack.index(other) :], other])
            elif other not in state:
                visit(other)
        stack.pop()
        state[name] = 2

    for name in sorted(edges):
        if name not in state:
            visit(name)
    return found


def upward(counted: dict[tuple[str, str], int], rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """Return the arrows that do not point to a lower row, in words."""
    row = {name: number for number, names in enumerate(rows) for name in names}
    wrong = []
    for (origin, target), number in sorted(counted.items()):
        if origin in row and target in row and row[origin] >= row[target]:
            wrong.append(f"{origin} -> {target} ({number})")
    return wrong


def draw(counted: dict[tuple[str, str], int]) -> str:
    """Return the rooms as an SVG picture: a row of boxes per layer, a line per arrow, wider for more imports."""
    width, box, height, gap = 920, 104, 34, 66
    place: dict[str, tuple[float, float]] = {}
    rows = [[name for name in names if any(name in pair for pair in counted)] for names in ROWS]
    rows = [names for names in rows if names]
    for number, names in enumerate(rows):
        for column, name in enumerate(names):
            place[name] = (width * (column + 0.5) / len(names), 20 + number * gap)
    lines, boxes = [], []
    for (origin, target), number in sorted(counted.items()):
        if origin in place and target in place:
            (x1, y1), (x2, y2) = place[origin], place[target]
            lines.append(
                f'<path d="M{x1:.0f},{y1 + height:.0f} C{x1:.0f},{y1 + gap:.0f} {x2:.0f},{y2 - gap + height:.0f} '
                f'{x2:.0f},{y2:.0f}" stroke-width="{1 + min(number, 40) / 16:.1f}">'
                f"<title>{escape(origin)} imports {escape(target)}: {number}</title></path>"
            )
    for name, (x, y) in place.items():
        boxes.append(
            f'<rect x="{x - box / 2:.0f}" y="{y:.0f}" width="{box}" height="{height}" rx="6"/>'
            f'<text x="{x:.0f}" y="{y + 22:.0f}">{escape(name)}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {len(rows) * gap + 10}" role="img" '
        'aria-label="Rooms of the package and the imports between them">'
        "<style>path{fill:none;stroke:#8a94a6;stroke-opacity:.55}rect{fill:#e8f0fe;stroke:#3367d6}"
        "text{font:14px sans-serif;text-anchor:middle;fill:#1b2a4a}</style>" + "".join(lines + boxes) + "</svg>\n"
    )


def main() -> None:
    """Write the picture to the path on the command line."""
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(draw(arrows(graph(Path(__file__).parents[1]))), encoding="utf-8")


if __name__ == "__main__":
    main()
