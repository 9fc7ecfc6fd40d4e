"""The pages of the checks of KubeArmor: their examples hold, and witnesses show what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lsmc
from lsmc.lint.rule_docs import PARTS, DocumentedExample, Page, pages
from lsmc.modules.kubearmor.lint.linter import LINT
from tests.places import PROFILES

PAGES = {code: page for code, page in pages(LINT).items() if code.startswith("LSM8")}
EXAMPLES = [
    pytest.param(page, example, id=f"{page.code}-{'bad' if example.found else 'good'}-{number}")
    for page in PAGES.values()
    for number, example in enumerate(page.examples())
]
#: Nothing short shows these.
WITHOUT_EXAMPLES = {"LSM805"}
FOUND = re.compile(r"\s*# found$", re.MULTILINE)


def test_every_code_has_a_page() -> None:
    own = {code for code in LINT.names if code.startswith("LSM8")}
    assert own == set(PAGES)


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_form(page: Page) -> None:
    assert page.summary.endswith(".")
    assert [name for name in PARTS if not page.part(name)] == []
    kinds = {example.found for example in page.examples()}
    assert kinds == (set() if page.code in WITHOUT_EXAMPLES else {True, False})


def _written(example: DocumentedExample, folder: Path) -> tuple[list[Path], Path | None]:
    """The policy of an example, without the marks, and its configuration."""
    for name, text in example.files.items():
        path = folder / (name if name != "example" else "example.yaml")
        path.write_text(FOUND.sub("", text), encoding="utf-8", newline="")
    config = folder / "lsmc.toml"
    return [
        path for path in folder.iterdir() if path != config
    ], config if config.exists() else None


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_example(page: Page, example: DocumentedExample, tmp_path: Path) -> None:
    paths, config = _written(example, tmp_path)
    found = lsmc.check(paths, base=PROFILES, select=[page.code], config=config, module="kubearmor")
    errors = [one for one in found if one.severity == "error"]
    assert bool(errors) == example.refused, errors
    of_code = [one for one in found if one.code == page.code]
    places = {(Path(one.file or "").name, one.line) for one in of_code}
    assert bool(places) == example.found, found
    marked = {
        (name if name != "example" else "example.yaml", number)
        for name, text in example.files.items()
        for number, line in enumerate(text.split("\n"), 1)
        if FOUND.search(line)
    }
    assert not marked or places == marked


@pytest.mark.parametrize(("page", "example"), EXAMPLES)
def test_witnesses_show_what_they_are_for(
    page: Page, example: DocumentedExample, tmp_path: Path
) -> None:
    """A witness is a question, and where the enforcers part they answer it differently."""
    paths, config = _written(example, tmp_path)
    found = lsmc.check(paths, base=PROFILES, select=[page.code], config=config, module="kubearmor")
    asked = [one.witness for one in found if one.witness is not None]
    if not asked:
        return
    policy = lsmc.compile(paths, base=PROFILES, module="kubearmor")
    for witness in asked:
        request = {name: value for name, value in witness.items() if name != "enforcer"}
        answers = [
            policy.answer({**request, "enforcer": enforcer}).allowed
            for enforcer in ("apparmor", "bpf")
        ]
        if page.code in ("LSM820", "LSM827", "LSM829", "LSM830", "LSM832"):
            assert len(set(answers)) == 2, witness
