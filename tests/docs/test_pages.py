"""The documentation's links lead somewhere, and what it derives from the code is complete."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, pages
from tools import docs_links, docs_pages, messages

LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)")


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_within_the_checkout(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" not in link and not link.startswith(("mailto:", "manual-decision")):
            assert (page.parent / link).exists(), link


def slugs(page: Path) -> set[str]:
    """Return the places of a page that GitHub links to: its headings, in lower case and with hyphens."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_places_that_the_first_pages_name(name: str) -> None:
    for link, place in re.findall(r"\]\(([^)\s#:]+)#([^)\s]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        assert place in slugs(ROOT / link), f"{link}#{place}"


def test_dead_links_of_built_pages_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html#there"></a><a href="#here"></a></p>')
    (tmp_path / "b.html").write_text(
        '<a href="a.html#gone"></a><a href="c.html"></a><a href="https://example.com/"></a>'
    )
    dead, elsewhere = docs_links.dead_links(tmp_path)
    assert dead == ["a.html: b.html#there", "b.html: a.html#gone", "b.html: c.html"]
    assert elsewhere == {"https://example.com/"}


def test_every_public_class_stands_in_the_table_of_operators() -> None:
    shown = docs_pages.operators()
    package = ROOT / "airflow_provider_truepush"
    for folder in ("operators", "sensors", "transfers", "notifications"):
        for path in (package / folder).glob("*.py"):
            for name in re.findall(r"^class (Truepush\w*(?:Operator|Sensor|Notifier))\(", path.read_text(), re.M):
                if name != "TruepushOperator":
                    assert name in shown, name


def test_the_catalogue_finds_errors_logs_and_help() -> None:
    kinds = {message.kind for message in messages.messages(ROOT)}
    assert {"warning", "info", "help", "TruepushValidationError", "AirflowFailException"} <= kinds


def decision_rows() -> list[str]:
    """Return the words of the errors in the tables of manual decisions."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = page.partition("## Errors that need a manual decision")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def texts_below(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the outermost text expressions below a node, without docstrings."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        if isinstance(child, ast.expr) and messages.text_of(child):
            yield child
        else:
            yield from texts_below(child)


def whole_text(node: ast.expr, function: ast.AST) -> str:
    """Return the text of an expression. The texts of the function's own names in it stand in their places."""
    used = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    own = [
        messages.text_of(one.value)
        for one in ast.walk(function)
        if isinstance(one, ast.Assign) and any(isinstance(name, ast.Name) and name.id in used for name in one.targets)
    ]
    return " ".join(" ".join([*own, messages.text_of(node)]).split())


def decision_errors() -> dict[str, str]:
    """Return the errors in the source that need a manual decision, by the place that creates them."""
    errors = {}
    for path in (ROOT / messages.PACKAGE).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            given = [call.args[0] for call in calls if getattr(call.func, "id", "") == "manual_decision"]
            said = [text for text in texts_below(function) if "This needs a manual dec" in messages.text_of(text)]
            for text in (*given, *said):
                errors[f"{path.name}:{text.lineno}"] = whole_text(text, function)
    return errors


def test_every_error_that_needs_a_decision_has_a_row() -> None:
    errors, rows = decision_errors(), decision_rows()
    assert len(errors) >= 10
    assert {place: error for place, error in errors.items() if not any(words in error for words in rows)} == {}


def test_every_row_has_the_words_of_an_error() -> None:
    shown = messages.page(messages.messages(ROOT))
    assert decision_rows()
    assert [words for words in decision_rows() if words not in shown] == []


def test_alerts_leave_what_to_do_to_the_error() -> None:
    """To clear the task is wrong where a trigger may be active that must not send."""
    assert "clear the task" not in (ROOT / "docs" / "operations" / "alerting.md").read_text(encoding="utf-8")


def test_the_catalogue_has_the_errors_that_users_search_for() -> None:
    shown = messages.page(messages.messages(ROOT))
    for words in ("time is up after", "refused the request", "list request failed; the project is", "Similar ones"):
        assert words in shown


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
