"""The pages of the checks of TOMOYO, whose examples hold (rules/__init__.py describes the form)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lsmc
from lsmc.lint.rule_docs import PARTS, DocumentedExample, Page, pages
from lsmc.modules.tomoyo.lint.linter import LINT

OWN = re.compile(r"LSM6[6-8]")
PAGES = {code: page for code, page in pages(LINT).items() if OWN.match(code)}
EXAMPLES = [
    pytest.param(page, example, id=f"{page.code}-{'bad' if example.found else 'good'}-{number}")
    for page in PAGES.values()
    for number, example in enumerate(page.examples())
]
FOUND = re.compile(r"\s*# found$", re.MULTILINE)
DOMAINS = "domain_policy.conf"


def test_every_code_has_a_page() -> None:
    assert {code for code in LINT.names if OWN.match(code)} == set(PAGES)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_form(page: Page) -> None:
    assert page.summary.endswith(".")
    assert [name for name in PARTS if not page.part(name)] == []
    assert {example.found for example in page.examples()} == {True, False}


def _written(example: DocumentedExample, folder: Path) -> list[Path]:
    """The policy of an example, without the marks."""
    for name, text in example.files.items():
        path = folder / (DOMAINS if name == "example" else name)
        path.write_text(FOUND.sub("", text), encoding="latin-1")
    return sorted(folder.iterdir())


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_example(page: Page, example: DocumentedExample, tmp_path: Path) -> None:
    found = lsmc.check(_written(example, tmp_path), module="tomoyo", select=[page.code])
    errors = [one for one in found if one.severity == "error"]
    assert bool(errors) == example.refused, errors
    places = {
        (Path(one.file or "").relative_to(tmp_path).as_posix(), one.line)
        for one in found
        if one.code == page.code
    }
    assert bool(places) == example.found, found
    marked = {
        (DOMAINS if name == "example" else name, number)
        for name, text in example.files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if FOUND.search(line)
    }
    assert not marked or places == marked
