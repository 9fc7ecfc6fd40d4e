"""Checks a built site: links lead somewhere in it, and nothing is loaded from elsewhere.

python -m website build/site     a line a fault; exits with 1 when there is any

MkDocs checks links of the Markdown; here the pages are read as a browser reads them, with what the
theme adds.  Links to other hosts are for readers to follow; nobody is asked.
"""

from __future__ import annotations

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: What a browser loads by itself, by element and attribute.
_LOADED = {(tag, "src") for tag in ("img", "script", "iframe", "source")} | {("link", "href")}
#: Links of a head that name an address and load nothing.
_NAMED = {"canonical", "next", "prev", "alternate"}


class _Page(HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element is called and where it leads."""
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[name] for name in ("id", "name") if name in values}
        named = tag == "link" and values.get("rel") in _NAMED
        for name in ("href", "src"):
            if name in values and not named:
                self.links.append((values[name], (tag, name) in _LOADED))


def faults(site: Path) -> list[str]:
    """What is wrong in the pages below a directory, a line each."""
    pages: dict[Path, _Page] = {}
    for path in sorted(site.rglob("*.html")):
        pages[path] = _Page()
        pages[path].feed(path.read_text(encoding="utf-8"))
    found = []
    for path, page in pages.items():
        for link, loaded in page.links:
            fault = _fault(path, link, loaded, pages, site)
            if fault:
                found.append(f"{path.relative_to(site)}: {fault}")
    return found


def _fault(path: Path, link: str, loaded: bool, pages: dict[Path, _Page], site: Path) -> str:
    """What is wrong with a link; empty when nothing is."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return f"loads {link}" if loaded and parts.scheme != "data" else ""
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if path.name == "404.html" and parts.path.startswith("/"):
        target = site / parts.path.lstrip("/")
    if target.is_dir():
        target /= "index.html"
    if not target.exists():
        return f"broken link: {link}"
    anchor = unquote(parts.fragment)
    known = target not in pages or not anchor or anchor in pages[target].anchors
    return "" if known else f"no such anchor: {link}"


def main() -> int:
    """Check the site in a directory."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m website SITE")
    site = Path(sys.argv[1]).resolve()
    found = faults(site)
    print("\n".join(found) or f"{sys.argv[1]}: {len(list(site.rglob('*.html')))} pages, links hold")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
