"""What remedies change in the text of policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.compiler.inputs import Options
from lsmc.engine.verdict import RuleRef
from lsmc.explain.diagnosis import Remedy
from lsmc.modules.apparmor.build.front import front_end
from lsmc.modules.apparmor.suggest.edits import edit_of
from lsmc.modules.apparmor.suggest.insertion import edited
from lsmc.modules.apparmor.suggest.patches import patched


def changed(path: Path, text: str, remedy: Remedy) -> str:
    path.write_text(text)
    edit = edit_of(front_end(Options()).library, remedy)
    return edited([edit])[str(path)][1] if edit is not None else text


@pytest.mark.parametrize(
    ("text", "place", "rule", "after"),
    [
        ("profile p {\n  deny /a r,\n  /b r,\n}\n", (2, 3), "", "profile p {\n  /b r,\n}\n"),
        ("profile p { deny /a r, /b r, }\n", (1, 13), "", "profile p {  /b r, }\n"),
        (
            "profile p {\n  deny /a\n    rw,  # why\n}\n",
            (2, 3),
            "deny /a w,",
            "profile p {\n  deny /a w,  # why\n}\n",
        ),
        ("profile p {\n  deny /a r,  # why\n}\n", (2, 3), "", "profile p {\n    # why\n}\n"),
        ("profile p {\n  /other r,\n}\n", (5, 3), "", "profile p {\n  /other r,\n}\n"),
    ],
)
def test_a_rule_gives_way(
    tmp_path: Path, text: str, place: tuple[int, int], rule: str, after: str
) -> None:
    path = tmp_path / "p"
    ref = RuleRef("p", str(path), *place, "deny /a r,", ())
    remedy = Remedy("deny", rule, "p", str(path), place[0], replaces=ref)
    assert changed(path, text, remedy) == after


@pytest.mark.parametrize(
    ("head", "after"),
    [
        ("profile p {", "profile p flags=(mediate_deleted) {"),
        ("profile p /usr/bin/p\n{", "profile p /usr/bin/p flags=(mediate_deleted)\n{"),
        ("profile p flags=(complain) {", "profile p flags=(complain, mediate_deleted) {"),
        ("/usr/bin/p (complain) {", "/usr/bin/p (complain, mediate_deleted) {"),
        ("profile p flags=(mediate_deleted) {", "profile p flags=(mediate_deleted) {"),
    ],
)
def test_a_profile_gets_a_flag(tmp_path: Path, head: str, after: str) -> None:
    path = tmp_path / "p"
    remedy = Remedy("flag", "mediate_deleted", "p", str(path), 2)
    assert changed(path, f"# p\n{head}\n  /a r,\n}}\n", remedy) == f"# p\n{after}\n  /a r,\n}}\n"


def test_a_new_file(tmp_path: Path) -> None:
    text = "profile p /usr/bin/p {\n  userns,\n}\n"
    remedy = Remedy("file", text, "p", str(tmp_path / "new"), 0)
    edit = edit_of(front_end(Options()).library, remedy)
    assert edit is not None
    assert edited([edit]) == {str(tmp_path / "new"): ("", text)}


@pytest.mark.parametrize(
    ("text", "column", "after"),
    [
        (
            "profile p {\n  mount options=ro /a/, # why\n}\n",
            3,
            "profile p {\n  # one\n  # two\n  mount options=ro -> /a/, # why\n}\n",
        ),
        (
            "profile p { mount options=ro /a/, }\n",
            13,
            "profile p { mount options=ro -> /a/, # one # two\n }\n",
        ),
    ],
)
def test_comments_stand_before_a_rule_that_is_mended(
    tmp_path: Path, text: str, column: int, after: str
) -> None:
    path = tmp_path / "p"
    path.write_text(text)
    ref = RuleRef("p", str(path), 2 if column == 3 else 1, column, "mount options=ro /a/,", ())
    remedy = Remedy("mend", "mount options=ro -> /a/,", "p", str(path), ref.line, replaces=ref)
    edit = edit_of(front_end(Options()).library, remedy, ("# one", "# two"))
    assert edit is not None
    assert edited([edit])[str(path)][1] == after


def test_comments_stand_before_a_new_file(tmp_path: Path) -> None:
    remedy = Remedy("file", "profile p { }\n", "p", str(tmp_path / "new"), 0)
    edit = edit_of(front_end(Options()).library, remedy, ("# one",))
    assert edit is not None
    assert edit.text == "# one\nprofile p { }\n"


def test_advice_changes_nothing() -> None:
    remedy = Remedy("advice", "", "p", "", 0, says="reload the profile")
    assert edit_of(front_end(Options()).library, remedy) is None


def test_flags_of_one_profile_and_narrowings_of_one_rule_are_one_edit(tmp_path: Path) -> None:
    path = tmp_path / "p"
    path.write_text("profile p {\n  deny /a rwk,\n}\n")
    ref = RuleRef("p", str(path), 2, 3, "deny /a rwk,", ())
    remedies = [
        *(Remedy("flag", flag, "p", str(path), 1) for flag in ("mediate_deleted", "complain")),
        *(
            Remedy("deny", rule, "p", str(path), 2, replaces=ref)
            for rule in ("deny /a wk,", "deny /a rk,")
        ),
    ]
    (texts,) = patched(remedies, Options()).values()
    assert texts[1] == "profile p flags=(mediate_deleted, complain) {\n  deny /a k,\n}\n"
