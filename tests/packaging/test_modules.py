"""Modules stay small, and tests stand alone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 300


def imported(root: Path, module: Path) -> Iterator[str]:
    """Yield the dotted names that a module imports, each also with the names that are imported from it."""
    folder = module.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = folder[: len(folder) - node.level + 1] if node.level else ()
            name = ".".join((*parents, *([node.module] if node.module else [])))
            yield name
            yield from (f"{name}.{member.name}" for member in node.names)


def imported_tests(root: Path) -> dict[str, list[str]]:
    """Return the test modules that each module below ``tests`` imports; modules without any are left out."""
    found = {}
    for module in sorted((root / "tests").rglob("*.py")):
        paths = {name: root.joinpath(*name.split(".")).with_suffix(".py") for name in imported(root, module)}
        names = [name for name, path in paths.items() if path.name.startswith("test_") and path.is_file()]
        if names:
            found[module.relative_to(root).as_posix()] = names
    return found


def test_no_test_imports_another_test() -> None:
    assert imported_tests(ROOT) == {}


def test_every_form_of_such_an_import_is_noticed(tmp_path: Path) -> None:
    room = tmp_path / "tests" / "room"
    room.mkdir(parents=True)
    (room / "test_one.py").touch()
    for statement in ("from tests.room import test_one", "from . import test_one", "import tests.room.test_one"):
        (room / "helper.py").write_text(statement)
        assert imported_tests(tmp_path) == {"tests/room/helper.py": ["tests.room.test_one"]}


def replaced(module: Path) -> Iterator[str]:
    """Yield the dotted names that a module of tests replaces while a test runs."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr != "setattr":
            continue
        if isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def kept(module: Path) -> Iterator[str]:
    """Yield the dotted names that a module of the package takes from others when it is imported."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{member.name}" for member in node.names)


def test_no_module_keeps_what_a_test_has_replaced() -> None:
    """One that is first imported meanwhile would keep it for all tests that follow in the same process."""
    package = [*(ROOT / "airflow_provider_truepush").rglob("*.py")]
    keepers = {name: path.name for path in package for name in kept(path)}
    names = {name for path in (ROOT / "tests").rglob("*.py") for name in replaced(path)}
    assert names
    assert {name: keepers[name] for name in names & set(keepers)} == {}


def test_no_module_has_more_than_300_lines() -> None:
    modules = [path for room in ("airflow_provider_truepush", "tests") for path in (ROOT / room).rglob("*.py")]
    lines = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in modules}
    assert {name: number for name, number in lines.items() if number > MOST_LINES} == {}
