"""The checks of risk: what each finds and leaves alone, and that every witness holds."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import Options
from lsmc.lint.model import SettingError
from lsmc.modules.apparmor.lint.linter import LINT
from lsmc.modules.apparmor.lint.tree import Tree
from tests.lint.support import PROFILES, lint_files, short
from tests.modules.apparmor.support import read_tree

#: Codes whose witness is an access that is refused.
REFUSED = {"LSM309", "LSM312"}


def tree_of(folder: Path, text: str) -> Tree:
    (folder / "example").write_text(text, encoding="utf-8")
    tree, faults = read_tree(folder / "example", Options(base=str(PROFILES)))
    assert [str(fault) for fault in faults] == []
    return tree


def findings(folder: Path, code: str, text: str) -> list[Diagnostic]:
    tree = tree_of(folder, text)
    found = list(LINT.checks[code].run(tree))
    for one in found:
        confirm(tree, one)
    return found


def confirm(tree: Tree, finding: Diagnostic) -> None:
    """The witness of a finding shows what it claims."""
    if finding.witness is None:
        return
    verdict = tree.answer(finding.witness)
    granted = verdict.decision in {"allow", "unconfined"}
    assert granted is (finding.code not in REFUSED), (str(finding), finding.witness, verdict)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("  /etc/p\u0430sswd r,", [2]),
        ("  # a\u202eb\n  /\u200ba r,", [2, 3]),
        ("  /srv/d\u00e9p\u00f4t/\u0430\u0431\u0432 r,", []),
    ],
)
def test_confusable_names(tmp_path: Path, body: str, lines: list[int]) -> None:
    """Not among the cases in Markdown, as such letters do not belong into a document."""
    found = findings(tmp_path, "LSM315", f"profile p /p {{\n{body}\n}}\n")
    assert sorted({one.line or 0 for one in found}) == lines, [str(one) for one in found]


def test_the_write_and_exec_object_is_a_real_path(tmp_path: Path) -> None:
    text = "@{H} = /home/*/ /root/\nprofile p /p {\n  owner @{H}/** rw,\n  @{H}/** ix,\n}\n"
    (found,) = findings(tmp_path, "LSM305", text)
    assert found.witness is not None
    assert "//" not in found.witness["object"]


def test_included_rules_name_their_chain(tmp_path: Path) -> None:
    files = {
        "example": "profile p /p {\n  include <abstractions/own>\n}\n",
        "abstractions/own": "/etc/shadow r,\n",
    }
    result = lint_files(tmp_path, files, "LSM311")
    (found,) = result.findings
    assert (found.file or "").endswith("abstractions/own")
    assert [label.span.location().line for label in found.related] == [2]


def test_a_list_of_one_passes_over_named_profiles(tmp_path: Path) -> None:
    files = {
        "example": "profile login {\n  /etc/shadow r,\n}\nprofile q {\n  /etc/shadow r,\n}\n",
        "lsmc.toml": '[checks.sensitive-read]\nallow = {"password hashes" = ["q"]}\n',
    }
    assert short(lint_files(tmp_path, files, "LSM311")) == []


ASSERTION = """
[[assertions]]
name = "no raw sockets"
subjects = ["web*"]
except = ["web-ping"]
class = "network"
permissions = ["create"]
fields = {family = ["inet", "inet6"], type = "raw"}
"""


def test_assertions_speak_of_every_class(tmp_path: Path) -> None:
    text = (
        "profile web-front {\n  network inet,\n}\nprofile web-ping {\n  network raw,\n}\n"
        "profile web-none {\n  network inet stream,\n}\nprofile other {\n  network,\n}\n"
    )
    files = {"example": text, "lsmc.toml": ASSERTION}
    assert short(lint_files(tmp_path, files, "LSM316")) == ["2:LSM316"]


def test_assertions_see_through_denies(tmp_path: Path) -> None:
    text = "profile p {\n  /usr/** rw,\n  deny /usr/bin/[a-z]* w,\n}\n"
    entry = '[[assertions]]\nname = "bin"\npermissions = "w"\nobject = "/usr/bin/*"\n'
    result = lint_files(tmp_path, {"example": text, "lsmc.toml": entry}, "LSM316")
    assert short(result) == ["2:LSM316"]
    assert result.findings[0].witness is not None
    assert result.findings[0].witness["object"] == "/usr/bin/A"


def test_assertions_count_what_is_not_mediated(tmp_path: Path) -> None:
    text = "profile p {\n}\nprofile q flags=(unconfined) {\n}\n"
    entry = '[[assertions]]\nname = "no namespaces"\nclass = "userns"\n'
    assert short(lint_files(tmp_path, {"example": text, "lsmc.toml": entry}, "LSM316")) == [
        "1:LSM316"
    ]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('class = "files"', "no class `files`; known: file link"),
        ('permissions = ["q"]', "`q` is not a permission of file; known: r w a x m k l"),
        ('object = "/a{b"', "bad glob in `path`: `{` is not closed"),
        ('fields = {type = "raw"}', "`type` is not a field of file; known: path"),
        ('owner = "yes"', "`owner` is true or false"),
        ('objects = "/a"', "no key `objects`; known: name subjects except"),
        ("object = 3", "`object` is a text or a list of texts"),
    ],
)
def test_bad_assertions_are_one_clear_fault(tmp_path: Path, entry: str, said: str) -> None:
    tree = tree_of(tmp_path, "profile p {\n}\n")
    settings = tomllib.loads(f"[[assertions]]\n{entry}\n")
    broken = replace(tree, settings=settings)
    with pytest.raises(SettingError) as fault:
        list(LINT.checks["LSM316"].run(broken))
    assert str(fault.value).startswith(f"assertion 1: {said}")
