"""A page for each code of lint, and an index of them by module and severity."""

from __future__ import annotations

import posixpath
import re
from itertools import groupby
from typing import TYPE_CHECKING

from lsmc.lint.rule_docs import Page
from lsmc.lint.rule_docs import pages as pages_of
from lsmc.modules.registry import MODULES, module_named

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

_FOLDER = "rules"
_SEVERITIES = {"error": "Errors", "warning": "Warnings", "info": "Information"}
#: A code in prose; blocks, headings, code and links before it are taken as they are.
_CODE = re.compile(
    r"^```.*?^```$|^#.*?$|`+[^`]*`+|\[[^\]]*\]\([^)]*\)|\b(LSM\d{3})\b", re.MULTILINE | re.DOTALL
)
_HEAD = """# Checks of lint

`lsmc lint` reports these codes; `lsmc rule CODE` prints the page of one. An *error* is what the
kernel or its compiler refuses. Checks that say *only when selected* run with `--select` or
`--extend-select`.
"""


def pages() -> Iterator[tuple[str, str]]:
    """The index, and the page of each code."""
    by_module = _by_module()
    index = [_HEAD]
    for title, own in by_module.items():
        index.append(f"## {title}\n")
        ordered = sorted(own, key=lambda page: (list(_SEVERITIES).index(page.severity), page.code))
        for severity, some in groupby(ordered, key=lambda page: page.severity):
            index.append(
                f"### {_SEVERITIES[severity]}: {title} {{ #{_anchor(title, severity)} }}\n"
            )
            index.append("| code | name | finds |\n|---|---|---|")
            index += map(_row, some)
            index.append("")
        for page in own:
            yield f"{_FOLDER}/{page.code.lower()}.md", _page(title, page)
    yield f"{_FOLDER}/index.md", "\n".join(index)


def linked(text: str, page: str, known: Container[str]) -> str:
    """A page's Markdown with each code a link to its page, of the files that are known."""

    def link(match: re.Match[str]) -> str:
        name = f"{_FOLDER}/{(match[1] or '').lower()}.md"
        if name == page or name not in known:
            return match[0]
        return f"[{match[1]}]({posixpath.relpath(name, posixpath.dirname(page))})"

    return _CODE.sub(link, text)


def _by_module() -> dict[str, list[Page]]:
    """The pages by the title of their module; what all of them have stands last."""
    found: dict[str, Page] = {}
    owners: dict[str, list[str]] = {}
    titles = []
    for name in MODULES:
        module = module_named(name)
        if module.lint is None:
            continue
        titles.append(module.title)
        for code, page in pages_of(module.lint()).items():
            found[code] = page
            owners.setdefault(code, []).append(module.title)
    everywhere = "Every module"
    grouped: dict[str, list[Page]] = {title: [] for title in [*titles, everywhere]}
    for code in sorted(found):
        title = owners[code][0] if len(owners[code]) == 1 else everywhere
        grouped[title].append(found[code])
    return {title: own for title, own in grouped.items() if own}


def _row(page: Page) -> str:
    off = "" if page.default else " *Only when selected.*"
    summary = page.summary.replace("|", r"\|")
    return f"| [{page.code}]({page.code.lower()}.md) | {page.name} | {summary}{off} |"


def _page(title: str, page: Page) -> str:
    facts = [page.severity, f"{page.confidence} confidence"]
    if not page.default:
        facts.append("only when selected")
    index = f"[Checks of lint](index.md) / [{title}](index.md#{_anchor(title, page.severity)})"
    return f"# {page.code} {page.name}\n\n{index}: {', '.join(facts)}\n\n{page.markdown}"


def _anchor(title: str, severity: str) -> str:
    return f"{title.lower().replace(' ', '-')}-{severity}"
