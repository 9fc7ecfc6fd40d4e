"""The pages of the checks of Smack, whose examples hold (rules/__init__.py describes the form)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lsmc
from lsmc.lint.rule_docs import PARTS, DocumentedExample, Page, pages
from lsmc.modules.smack.lint.linter import LINT

PAGES = {code: page for code, page in pages(LINT).items() if code.startswith("LSM7")}
EXAMPLES = [
    pytest.param(page, example, id=f"{page.code}-{'bad' if example.found else 'good'}-{number}")
    for page in PAGES.values()
    for number, example in enumerate(page.examples())
]
FOUND = re.compile(r"\s*# found$", re.MULTILINE)


def test_every_code_has_a_page() -> None:
    own = {code for code in LINT.names if code.startswith("LSM7")}
    assert own == set(PAGES)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_form(page: Page) -> None:
    assert page.summary.endswith(".")
    assert [name for name in PARTS if not page.part(name)] == []
    assert {example.found for example in page.examples()} == {True, False}


def _written(example: DocumentedExample, folder: Path) -> list[Path]:
    """The policy of an example, without the marks."""
    given: list[Path] = []
    for name, text in example.files.items():
        path = folder / (name if name != "example" else "example.smack")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FOUND.sub("", text), encoding="utf-8", newline="")
        given.append(path)
    return given if set(example.files) == {"example"} else [folder]


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_example(page: Page, example: DocumentedExample, tmp_path: Path) -> None:
    found = lsmc.check(_written(example, tmp_path), select=[page.code])
    errors = [one for one in found if one.severity == "error"]
    assert bool(errors) == example.refused, errors
    places = {
        (Path(one.file or "").relative_to(tmp_path).as_posix(), one.line)
        for one in found
        if one.code == page.code
    }
    assert bool(places) == example.found, found
    marked = {
        (name if name != "example" else "example.smack", number)
        for name, text in example.files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if FOUND.search(line)
    }
    assert not marked or places == marked
