"""The checks of kernel and abi: what each finds and leaves alone, and that fixes mean the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.analysis.diff import diff
from lsmc.modules.apparmor.lint.linter import LINT
from tests.lint.support import PROFILES
from tests.modules.apparmor.support import read_tree

NETWORK_ONLY = "network {af_mask {inet\n}\n}\n"
COARSE = "network_v8 {af_mask {inet\n}\n}\nnetwork {af_unix {yes\n}\n}\n"


def findings(folder: Path, code: str, text: str, abi: str = "") -> tuple[list[Diagnostic], Path]:
    path = folder / "example"
    path.write_text(text, encoding="utf-8")
    (folder / "abi").mkdir(exist_ok=True)
    (folder / "abi" / "mine").write_text(abi, encoding="utf-8")
    tree, faults = read_tree(path, Options(base=str(folder), include=(str(PROFILES),)))
    assert [str(fault) for fault in faults if fault.severity == "error"] == []
    return list(LINT.checks[code].run(tree)), path


def lines(found: list[Diagnostic]) -> list[int]:
    return sorted({one.line or 0 for one in found})


def rules(body: str, abi: str = "abi <abi/4.0>,") -> str:
    return f"{abi}\nprofile p /p {{\n  {body}\n}}\n"


@pytest.mark.parametrize(
    ("body", "abi", "what"),
    [
        ("unix type=stream addr=@a,", NETWORK_ONLY, "network unix stream"),
        ("deny unix type=stream,", NETWORK_ONLY, "nothing is denied"),
        ("network inet port=80,", COARSE, "every address"),
        ("network (bind) inet,", NETWORK_ONLY, "every permission"),
        ("network inet icmp,", COARSE, "every raw socket"),
        ("capability bpf,", "caps {mask {sys_admin\n}\n}\n", "`sys_admin`"),
    ],
)
def test_downgraded(tmp_path: Path, body: str, abi: str, what: str) -> None:
    text = rules(body, "abi <abi/mine>,")
    (found,), _ = findings(tmp_path, "LSM403", text, abi)
    assert what in found.message
    assert "mine" in found.message


def test_a_dropped_rule_is_not_downgraded(tmp_path: Path) -> None:
    text = rules("deny { network inet port=80, }", "abi <abi/mine>,")
    assert findings(tmp_path, "LSM403", text, COARSE)[0] == []


def test_missing_abi_looks_at_includes(tmp_path: Path) -> None:
    (tmp_path / "preamble").write_text("abi <abi/4.0>,\n")
    bare = "# comment\n\nprofile p /p {\n}\n"
    (found,), path = findings(tmp_path, "LSM401", bare)
    assert found.fix is not None
    assert not found.fix.safe
    assert apply(found, path) == "# comment\n\nabi <abi/4.0>,\n\nprofile p /p {\n}\n"
    assert findings(tmp_path, "LSM401", f'include "{tmp_path}/preamble"\n{bare}')[0] == []


@pytest.mark.parametrize("line", ["abi <abi/none>,", "abi <abi/mine>", "abi <abi/broken>,"])
def test_an_abi_line_that_is_refused_is_not_missing(tmp_path: Path, line: str) -> None:
    (tmp_path / "abi").mkdir()
    (tmp_path / "abi" / "mine").write_text(NETWORK_ONLY)
    (tmp_path / "abi" / "broken").write_text("network {")
    (tmp_path / "example").write_text(f"{line}\nprofile p {{\n}}\n")
    tree, errors = read_tree(tmp_path / "example", Options(base=str(tmp_path)))
    assert [one.severity for one in errors] == ["error"]
    assert list(LINT.checks["LSM401"].run(tree)) == []


def test_flags_that_the_abi_lacks(tmp_path: Path) -> None:
    text = "profile p /p xattrs=(user.a=1) flags=(error=EPERM,audit) {\n}\n"
    found, _ = findings(tmp_path, "LSM404", "abi <abi/mine>,\n" + text, NETWORK_ONLY)
    assert [one.message.split("`")[1:2] for one in found if "flag" in one.message] == [
        ["error=EPERM"]
    ]
    assert len(found) == 2


def test_coarse_network_rules_are_shared(tmp_path: Path) -> None:
    text = "abi <abi/mine>,\nprofile a {\n  network inet,\n}\nprofile b {\n  network unix,\n}\n"
    found, _ = findings(tmp_path, "LSM409", text, NETWORK_ONLY)
    assert lines(found) == [3, 6]
    assert findings(tmp_path, "LSM409", text, COARSE)[0] == []
    same = text.replace("network unix", "network inet")
    assert findings(tmp_path, "LSM409", same, NETWORK_ONLY)[0] == []


def test_defined_and_late_abi_lines(tmp_path: Path) -> None:
    text = "abi <abi/4.0>,\nabi <abi/mine>,\n$X = true\nprofile p {\n  if defined $X { }\n}\n"
    assert lines(findings(tmp_path, "LSM409", text)[0]) == [2, 5]


def test_costly_patterns_are_measured(tmp_path: Path) -> None:
    text = "profile p {\n  /**a??????????? r,\n  /srv/** r,\n}\n"
    (found,), _ = findings(tmp_path, "LSM407", text)
    assert found.line == 2
    assert "adds 409" in found.message  # 2 ** 12 and a few


OLD = [
    "profile p {\n  #include <abstractions/mine>\n}\n",
    "rewrite /a/ -> /b/,\nprofile p {\n  /a/x r,\n}\n",
    "/usr/bin/p {\n  /a r,\n}\n",
    "profile p {\n  user /a RWL,\n  owner /b PIx,\n  /c R,\n}\n",
    "profile p {\n  audit user { /a r, }\n}\n",
    "profile p {\n  set rlimit cpu <= 60,\n  set rlimit rttime <= 5,\n}\n",
    "profile p {\n  mount options=(rw, make-rslave) /a/,\n}\n",
]


@pytest.mark.parametrize("text", OLD)
def test_new_syntax_means_the_same(tmp_path: Path, text: str) -> None:
    (tmp_path / "abstractions").mkdir()
    (tmp_path / "abstractions" / "mine").write_text("/etc/mine r,\n")
    options = Options(base=str(tmp_path))
    found, path = findings(tmp_path, "LSM405", text)
    assert found
    before, _ = read_tree(path, options)
    for one in sorted(found, key=lambda one: one.fix.edits[0].span.start if one.fix else 0)[::-1]:
        assert one.fix is not None
        assert one.fix.safe
        path.write_text(apply(one, path))
    after, faults = read_tree(path, options)
    assert [str(fault) for fault in faults] == []
    assert diff(before.engine, after.engine) == []
    assert list(LINT.checks["LSM405"].run(after)) == []


def apply(finding: Diagnostic, path: Path) -> str:
    """The text of a file with a finding's edits made."""
    assert finding.fix is not None
    text = Source.from_bytes(str(path), path.read_bytes()).text
    for edit in sorted(finding.fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


UNSURE = """profile p {
  /bin/* mrix,
  /bin/a Px,
  /bin/b Px,
  /bin/b m,
  /sbin/* ix,
  /sbin/a pix,
}
"""


@pytest.mark.parametrize(("target", "lines"), [("3.0", []), ("4.1", [2]), ("6.0", [])])
def test_a_map_that_depends_on_the_run(tmp_path: Path, target: str, lines: list[int]) -> None:
    """4.1.0 keeps the `m` of line 2 on /bin/a in some of its runs."""
    path = tmp_path / "p"
    path.write_text(UNSURE)
    tree, faults = read_tree(path, Options(base=str(tmp_path), target=target))
    assert not faults
    found = list(LINT.checks["LSM409"].run(tree))
    assert [one.line for one in found] == lines
    assert all("`/bin/a`" in one.message for one in found)
