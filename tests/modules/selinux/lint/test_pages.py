"""The pages of the checks of SELinux, and of what is refused: their examples hold."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lsmc
from lsmc.lint.rule_docs import PARTS, DocumentedExample, Page, pages
from lsmc.modules.selinux.lint.linter import LINT
from tests.modules.selinux.support import PRELUDE

PAGES = {code: page for code, page in pages(LINT).items() if code.startswith("LSM6")}
EXAMPLES = [
    pytest.param(page, example, id=f"{page.code}-{'bad' if example.found else 'good'}-{number}")
    for page in PAGES.values()
    for number, example in enumerate(page.examples())
]
FOUND = re.compile(r"; found$")
#: No text can show these.
WITHOUT_EXAMPLES = {"LSM617"}


def test_every_code_has_a_page() -> None:
    assert {code for code in LINT.names if code.startswith("LSM6")} == set(PAGES)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_form(page: Page) -> None:
    assert page.summary.endswith(".")
    assert [name for name in PARTS if not page.part(name)] == []
    kinds = {example.found for example in page.examples()}
    assert kinds == (set() if page.code in WITHOUT_EXAMPLES else {True, False})


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_example(page: Page, example: DocumentedExample, tmp_path: Path) -> None:
    (text,) = example.files.values()
    path = tmp_path / "example.cil"
    # roles may have all types: contexts are not what the examples are about
    types = re.findall(r"^\(type (\w+_t)\)", text, re.MULTILINE)
    more = "".join(f"(roletype object_r {one})" for one in dict.fromkeys(types))
    path.write_text(text + more, encoding="utf-8", newline="")
    found = lsmc.check([PRELUDE, path], select=[page.code], module="selinux")
    errors = [str(one) for one in found if one.severity == "error"]
    assert bool(errors) == example.refused, errors
    of_code = [one for one in found if one.code == page.code]
    assert bool(of_code) == example.found, [str(one) for one in found]
    marked = {n for n, line in enumerate(text.split("\n"), 1) if FOUND.search(line)}
    assert not marked or {one.line for one in of_code} == marked
