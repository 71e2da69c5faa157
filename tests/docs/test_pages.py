"""The documentation's links lead somewhere, and what it derives from the code is complete."""

from __future__ import annotations

import re
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


def test_the_catalogue_has_the_errors_that_need_a_decision() -> None:
    shown = messages.page(messages.messages(ROOT))
    for words in (
        "may have been sent, and is not sent again",
        "does not settle whether it was created",
        "already sent different content",
        "time is up after",
        "refused the request",
        "list request failed; the project is",
        "Similar ones",
    ):
        assert words in shown


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150
