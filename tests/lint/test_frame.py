"""What the frame does with the findings of checks, and what a baseline keeps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.lint.baseline import Baseline, write
from lsmc.lint.model import Check, SettingError
from lsmc.lint.run import Linter, Result
from lsmc.modules.apparmor.lint.tree import Tree
from tests.lint.support import LINT, lint_files


def secrets(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule about a secret, once in each profile."""
    for profile in tree.profiles:
        for use in profile.ir.uses:
            for rule in use.unit.rules:
                if "secret" in rule.origin.text:
                    yield SECRETS.finding(rule.origin, "a secret", profile=profile.name)


def shuffled(tree: Tree) -> list[Diagnostic]:
    found = list(secrets(tree))
    random.shuffle(found)
    return found


def failing(tree: Tree) -> Iterator[Diagnostic]:
    yield from list(secrets(tree))[:1]
    raise KeyError("lost")


SECRETS = Check("LSM301", "too-broad", "warning", secrets)


def lint(folder: Path, check: Check[Tree], **files: str) -> Result[Tree]:
    for name, text in files.items():
        (folder / name).write_text(text)
    read = LINT.reader(Options(base=str(folder)), DiskFiles(), None)
    given = [str(folder / name) for name in sorted(files) if name != "shared"]
    return Linter(read, [check], LINT).lint(given)


def profiles(number: int) -> dict[str, str]:
    return {
        f"p{n}": f"profile p{n} /bin/p{n} {{\n  include <shared>\n  /own/secret{n} r,\n}}\n"
        for n in range(number)
    }


def test_a_finding_in_an_included_file_is_reported_once(tmp_path: Path) -> None:
    result = lint(tmp_path, SECRETS, shared="/secret r,\n/b r,\n", **profiles(3))
    assert [(Path(str(o.file)).name, o.message, o.profile) for o in result.findings] == [
        ("p0", "a secret", "p0"),
        ("p1", "a secret", "p1"),
        ("p2", "a secret", "p2"),
        ("shared", "a secret (in 3 profiles)", "p0"),
    ]


def test_the_order_of_findings_is_that_of_places(tmp_path: Path) -> None:
    files = {"shared": "/secret r,\n", **profiles(5)}
    expected = lint(tmp_path, SECRETS, **files).findings
    random.seed(4)
    found = lint(tmp_path, Check("LSM301", "too-broad", "warning", shuffled), **files).findings
    assert list(map(str, found)) == list(map(str, expected))


def test_a_failing_check_is_no_finding(tmp_path: Path) -> None:
    check = Check("LSM301", "too-broad", "warning", failing)
    result = lint(tmp_path, check, shared="/secret r, # lsmc: ignore[LSM301]\n", **profiles(1))
    (fault,) = result.faults
    assert fault.code == "LSM999"
    assert fault.message.startswith("LSM301 too-broad failed: KeyError: 'lost' (lsmc/")
    assert all(one.code != "LSM999" for one in result.findings)


def test_files_with_errors_are_linted_as_far_as_they_go(tmp_path: Path) -> None:
    text = "profile p {\n  /secret r,\n  capability foo,\n}\nprofile q {\n  /secret2 r,\n}\n"
    result = lint(tmp_path, SECRETS, shared="", p=text)
    assert [(one.code, one.line) for one in result.findings] == [
        ("LSM061", 3),
        ("LSM301", 2),
        ("LSM301", 6),
    ]


def baseline_of(folder: Path, result: Result[Tree]) -> Baseline:
    path = str(folder / "baseline.json")
    return Baseline.parse(path, write(result.findings, result.homes, path))


def new(folder: Path, baseline: Baseline, **files: str) -> list[str]:
    result = lint(folder, SECRETS, **files)
    return [
        str(one.span.text)
        for one in result.findings
        if one.span is not None and not baseline.takes(one, result.homes)
    ]


def test_a_baseline_survives_line_shifts_and_new_profiles(tmp_path: Path) -> None:
    files = {"shared": "/secret r,\n", **profiles(2)}
    baseline = baseline_of(tmp_path, lint(tmp_path, SECRETS, **files))
    files["shared"] = "# moved\n\n/b r,\n/secret   r,\n"
    files["a0"] = "profile a0 {\n  include <shared>\n}\n"
    files["p1"] = "# moved\n" + files["p1"].replace("{\n", "{\n  /other/secret r,\n", 1)
    assert new(tmp_path, baseline, **files) == ["/other/secret r,"]
    assert baseline.gone({"LSM301"}, [str(tmp_path / "p0")]) == []


def test_a_baseline_counts(tmp_path: Path) -> None:
    files = {"p": "profile p {\n  /secret r,\n  /secret r,\n}\n"}
    baseline = baseline_of(tmp_path, lint(tmp_path, SECRETS, **files))
    files["p"] = files["p"].replace("{\n", "{\n  /secret r,\n")
    assert new(tmp_path, baseline, **files) == ["/secret r,"]


def test_what_is_gone_is_said_at_its_line(tmp_path: Path) -> None:
    files = {"shared": "/secret r,\n", **profiles(2)}
    baseline = baseline_of(tmp_path, lint(tmp_path, SECRETS, **files))
    assert new(tmp_path, baseline, **{**files, "p0": "profile p0 { }\n"}) == []
    judged = [str(tmp_path / name) for name in files]
    (gone,) = baseline.gone({"LSM301"}, judged)
    assert (gone.code, gone.line, gone.profile) == ("LSM903", 2, "p0")
    assert gone.message == "LSM301 is gone from `p0`: `/own/secret0 r,`"
    assert baseline.gone({"LSM302"}, judged) == []
    assert baseline.gone({"LSM301"}, []) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "b: not JSON: write it anew with --write-baseline"),
        ("[]", "b: not a baseline: `entries` is missing"),
        ('{"version": 2, "entries": []}', "b: version 2 of the baseline is not known"),
        ('{"version": 1, "entries": [1]}', "b: entry 1 is not an object"),
        (
            '{"version": 1, "entries": [{"code": "LSM101"}]}',
            "entry 1: `file` is missing or not a text",
        ),
    ],
)
def test_broken_baselines(text: str, message: str) -> None:
    with pytest.raises(SettingError) as fault:
        Baseline.parse("b", text.encode())
    assert message in str(fault.value)


def test_units_that_the_tables_hold_once(tmp_path: Path) -> None:
    files = {
        name: f"profile {name} {{\n  include <own/hat>\n  /etc/a r,\n  /etc/a r,\n}}\n"
        for name in ("one", "two")
    }
    result = lint_files(tmp_path, {**files, "own/hat": "^hat {\n  /etc/b r,\n}\n"}, "LSM104")
    assert result.faults == []
    assert [(one.profile, one.line) for one in result.findings] == [("one", 4), ("two", 4)]
