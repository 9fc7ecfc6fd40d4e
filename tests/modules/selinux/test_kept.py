"""A bundle that is revised is the one that compiling anew gives, and only rules are revised."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

import lsmc
from lsmc.base.source import Source
from lsmc.compiler.inputs import Options
from lsmc.modules.selinux import kept
from lsmc.modules.selinux.kept import compile_kept, revise
from tests.modules.selinux.front import BASE

MORE = """\
; more rules
(allow a c (file (read)))
(allow two c (file (read write)))
(booleanif on
    (true
        (allow a d (file (read)))
    )
)
(optional o
    (allow b c (dir (search)))
)
(dontaudit two others (file (execute)))
(allow a c (file (read)))
(neverallow b d (file (write)))
(auditallow a c (file (write)))
(filecon "/x" any (u object_r c (low low)))
"""
LAST = "(allow b self (process (signal)))\n(typetransition a c file d)\n"
#: New rules: all names are known, and no assertion speaks of them.
RULES = [
    "(allow a c (file (read)))",
    "(allow two d (file (read)))",
    "(allow b self (process (fork)))",
    "  (allow c c (file (ioctl read)))",
    "(dontaudit d others (dir (search)))",
    "(auditallow two self (process (fork signal)))",
]


def sources(*texts: str) -> list[Source]:
    return [Source(f"{number}.cil", text) for number, text in enumerate(texts)]


def revised(before: Sequence[str], after: Sequence[str]) -> bytes | None:
    """The bundle of the files before, revised to those after; None if it can not be."""
    made = compile_kept(sources(*before), Options())
    changed = [new for old, new in zip(before, sources(*after), strict=True) if old != new.text]
    details = _as_read(made.details())
    found = revise(memoryview(made.bundle), details, changed, Options())
    return None if found is None else found.bundle


def _as_read(details: object) -> object:
    return json.loads(json.dumps(details))


def compiled(texts: Sequence[str]) -> bytes:
    return compile_kept(sources(*texts), Options()).bundle


@pytest.mark.parametrize("seed", range(30))
def test_changed_rules_are_revised(seed: int) -> None:
    chance = random.Random(seed)
    lines = MORE.splitlines()
    loose = [at for at, line in enumerate(lines) if re.match(r"\((allow|audit|dont)", line)]
    for at in sorted(chance.sample(loose, 2), reverse=True):
        lines[at : at + 1] = chance.sample(RULES, chance.randrange(3))
    for _ in range(chance.randrange(3)):
        lines.insert(len(lines) - 1, chance.choice(RULES))
    after = [BASE, "\n".join([*lines, ""]), LAST]
    made = revised([BASE, MORE, LAST], after)
    assert made is None or made == compiled(after)
    if seed in (0, 1, 2):
        assert made is not None


def test_a_rule_more_is_revised_and_everything_behind_it_moves() -> None:
    after = [BASE, MORE.replace("; more rules\n", f"; more rules\n{RULES[0]}\n{RULES[3]}\n"), LAST]
    made = revised([BASE, MORE, LAST], after)
    assert made == compiled(after)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("; more rules", "; other remark"),
        ("(allow b c (dir (search)))", "(allow b d (dir (search)))"),
        ("(allow a d (file (read)))", "(allow a d (file (write)))"),
        ("(filecon", "(type e)\n(filecon"),
        ("(filecon", "(allow a e (file (read)))\n(filecon"),
        ("(filecon", "(allow a c (file (reed)))\n(filecon"),
        ("(filecon", "(allow b d (file (write)))\n(filecon"),
        ("(filecon", "(allow two d (file (write))))\n(filecon"),
        ("(filecon", "(allow b b (file (read)))" + " " * 200 + "\n(filecon"),
        ("(neverallow b d (file (write)))\n", ""),
    ],
)
def test_other_changes_are_not(old: str, new: str) -> None:
    assert old in MORE
    assert revised([BASE, MORE, LAST], [BASE, MORE.replace(old, new), LAST]) is None


def test_a_policy_with_bounds_is_not_revised() -> None:
    bounded = f"{MORE}(typebounds c d)\n"
    assert revised([BASE, bounded], [BASE, f"{RULES[2]}\n{bounded}"]) is None


def test_details_that_can_not_be_are_errors() -> None:
    made = compile_kept(sources(BASE, MORE), Options())
    for details in (None, [], [1, [], {}], [True, [], {}], [True, [["x"]], {"1.cil": [1]}]):
        with pytest.raises(ValueError, match=r".*"):
            revise(memoryview(made.bundle), details, sources(BASE, MORE)[1:], Options())


def test_a_cache_keeps_policy_and_revises_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unchanged policy is not compiled, and a new rule does not compile the other files."""
    folder, cache = tmp_path / "policy", tmp_path / "cache"
    folder.mkdir()
    for name, text in (("a", BASE), ("b", MORE), ("c", LAST)):
        (folder / f"{name}.cil").write_text(text)
    first = lsmc.compile([folder], cache=cache)
    monkeypatch.setattr(kept, "resolved_files", None)
    assert _bytes(lsmc.compile([folder], cache=cache), tmp_path) == _bytes(first, tmp_path)
    (folder / "b.cil").write_text(MORE + "(allow d c (file (read)))\n")
    assert not first.query("d", "file:read", "c")
    revised_one = lsmc.compile([folder], cache=cache)
    assert revised_one.query("d", "file:read", "c").rules[0].line == MORE.count("\n") + 1
    monkeypatch.undo()
    assert _bytes(lsmc.compile([folder]), tmp_path) == _bytes(revised_one, tmp_path)


def _bytes(policy: lsmc.Policy, folder: Path) -> bytes:
    policy.save(folder / "p.lsmb")
    return (folder / "p.lsmb").read_bytes()
