"""Every code has a page, and the examples on it hold (CONTRIBUTING.md describes the form)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.rule_docs import PARTS, DocumentedExample, Page, pages
from lsmc.modules.registry import lints
from lsmc.output.rules import markdown as document
from tests.lint.support import KNOWN, LINT, lint_files
from tests.places import ROOT

PAGES = pages(LINT)
#: Nothing in a profile's text can show these.
WITHOUT_EXAMPLES = {
    "LSM003",  # unterminated-comment: a block ends in a line end
    "LSM087",  # unreadable-file
    "LSM088",  # nested-too-deeply
    "LSM089",  # too-complex
    "LSM090",  # bad-features-file
    "LSM091",  # file-outside
    "LSM092",  # not-written
    "LSM999",  # internal-error
}
EXAMPLES = [
    pytest.param(page, example, id=f"{page.code}-{'bad' if example.found else 'good'}-{number}")
    for page in PAGES.values()
    for number, example in enumerate(page.examples())
]
FOUND = re.compile(r"#\s*found\b")


def test_every_code_has_a_page() -> None:
    assert sorted(PAGES) == sorted(KNOWN)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_form(page: Page) -> None:
    assert page.summary
    assert page.summary.endswith(".")
    assert [name for name in PARTS if not page.part(name)] == []
    kinds = {example.found for example in page.examples()}
    assert kinds == (set() if page.code in WITHOUT_EXAMPLES else {True, False})


def lines(found: list[Diagnostic], folder: Path) -> set[tuple[str, int]]:
    return {
        (Path(one.file).relative_to(folder).as_posix(), one.line)
        for one in found
        if one.file is not None and one.line is not None
    }


def marked(example: DocumentedExample) -> set[tuple[str, int]]:
    return {
        (name, number)
        for name, text in example.files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if FOUND.search(line)
    }


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_example(page: Page, example: DocumentedExample, tmp_path: Path) -> None:
    refused = page.code.startswith("LSM0")
    if "lsmc.toml" in example.files and re.search(
        r"^select", example.files["lsmc.toml"], re.MULTILINE
    ):
        result = lint_files(tmp_path, example.files, extend=(page.code,))
    else:
        result = lint_files(tmp_path, example.files, page.code)
    assert [one.message for one in result.faults] == []
    errors = [str(one) for one in result.findings if one.severity == "error" and not refused]
    assert bool(errors) == (example.refused and not refused), errors
    found = [one for one in result.findings if one.code == page.code]
    assert bool(found) == example.found, [str(one) for one in result.findings]
    if marked(example):
        assert lines(found, tmp_path) == marked(example)


def test_the_document_has_the_pages() -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    every = {code: page for lint in lints() for code, page in pages(lint).items()}
    assert text == document(every.values()), (
        "run: lsmc rule --all --format markdown > docs/rules.md"
    )
