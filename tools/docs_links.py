"""Check the links within the built documentation: ``python tools/docs_links.py build/docs``.

Every page that a link names must exist in the folder, and so must the anchor on it. Links to other sites are counted
but not followed: ``make docs-links`` follows them and needs the network.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """Collects the links and the anchors of one page.

    :param text: its HTML.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the link or the anchor of a tag."""
        for name, value in attrs:
            if name in ("href", "src") and value:
                self.links.add(value)
            elif name in ("id", "name") and value:
                self.places.add(value)


def dead_links(folder: Path) -> tuple[list[str], set[str]]:
    """Return the dead links, each with its page, and the addresses of other sites.

    :param folder: the folder with the built pages.
    """
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in folder.rglob("*.html")}
    dead, elsewhere = [], set()
    for path, page in sorted(pages.items()):
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                elsewhere.add(link)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            is_missing = place and target in pages and place not in pages[target].places
            if not target.exists() or is_missing:
                dead.append(f"{path.relative_to(folder.resolve())}: {link}")
    return dead, elsewhere


def main() -> None:
    """Print the dead links; exit 1 when there are any."""
    dead, elsewhere = dead_links(Path(sys.argv[1]))
    for link in dead:
        print(f"[docs] dead link: {link}")
    print(f"[docs] {len(dead)} dead links within the pages; {len(elsewhere)} links to other sites were not followed")
    sys.exit(1 if dead else 0)


if __name__ == "__main__":
    main()
