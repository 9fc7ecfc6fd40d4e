"""Lint in several processes: the same findings, and clear words when one of them is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import lsmc
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.processes import forked, map_tasks, send
from lsmc.base.source import Source
from lsmc.cli import linting
from lsmc.cli.group import cli
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.lint.model import Check, SettingError
from lsmc.lint.parallel import MIN_PROFILES, outcomes
from lsmc.lint.pickling import FindingPickler
from lsmc.lint.run import Linter, Result, run
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.output import findings
from tests.lint.support import CHECKS, LINT, PROFILES

HERE = os.getpid()
NAMES = [f"p{number:02}" for number in range(MIN_PROFILES)]
SHARED = "/etc/** r,\n/etc/hosts r,\nowner @{HOME}/** rw,\n/usr/bin/* rix,\ndeny /srv/x w,\n"
BODY = """@{{HOME}}=/home/*/
profile {0} /usr/bin/{0} {{
  include <shared>
  include <broken>
  /etc/{0}/* r,
  /tmp/{0}* rw,
  /tmp/*.so mr,
  /etc/passwd w,
  /usr/bin/missing px,
  /usr/bin/{0}x px -> nobody,
  signal send peer=p00,
  /usr/lib/{0}/** r,
  deny /usr/lib/{0}/secret r,
  audit deny /var/{0} w,
}}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough profiles for several processes, with findings of many checks and errors."""
    folder = tmp_path_factory.mktemp("policy")
    (folder / "base").mkdir()
    (folder / "base" / "shared").write_text(SHARED)
    (folder / "base" / "broken").write_text("/a r,\ncapability nonsense,\n/etc/a r,\n")
    (folder / "given").mkdir()
    for name in NAMES:
        (folder / "given" / name).write_text(BODY.format(name))
    return folder


def lint(place: Path, jobs: int, *checks: Check[Tree]) -> Result[Tree]:
    read = LINT.reader(Options(base=str(place / "base")), DiskFiles(), None)
    return Linter(read, checks or CHECKS.values(), LINT, None, jobs).lint([place / "given"])


def shown(found: list[Diagnostic]) -> str:
    return "".join(findings.file_line("", [one]) for one in found)


def test_findings_do_not_depend_on_jobs(place: Path) -> None:
    """Every check, with witnesses, fixes, related places and errors; in the same order."""
    one, several = lint(place, 1), lint(place, 3)
    assert shown(several.findings) == shown(one.findings)
    assert not one.faults
    assert not several.faults
    codes = {finding.code for finding in one.findings}
    assert {"LSM061", "LSM102", "LSM105", "LSM107", "LSM201", "LSM204", "LSM305"} <= codes
    assert any(finding.fix is not None for finding in one.findings)


def test_findings_speak_of_the_sources_that_are_here(place: Path) -> None:
    result = lint(place, 2)
    sources = result.policy.library.sources
    spans = [one.span for one in result.findings if one.span is not None]
    spans += [label.span for one in result.findings for label in one.related]
    assert spans
    assert all(span.source is sources[span.source.path] for span in spans)


def test_the_public_function_takes_jobs(place: Path) -> None:
    found = [lsmc.check(place / "given", base=place / "base", jobs=jobs) for jobs in (1, 2)]
    assert shown(found[0]) == shown(found[1])


def test_the_sample_policy_is_linted_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few its profiles are."""
    expected = lsmc.check(PROFILES, base=PROFILES, select=["ALL"], jobs=1)
    monkeypatch.setattr("lsmc.lint.parallel.MIN_PROFILES", 1)
    monkeypatch.setattr("lsmc.lint.prebuild.MIN_PROFILES", 1)
    found = lsmc.check(PROFILES, base=PROFILES, select=["ALL"], jobs=2)
    assert shown(found) == shown(expected)


def in_worker(tree: Tree) -> list[Diagnostic]:
    """A finding that tells whether it was found in a process of its own."""
    return [APART.finding(tree.profiles[0].ir.origin, str(os.getpid() != HERE))]


def failing(tree: Tree) -> Iterator[Diagnostic]:
    yield FAILING.finding(tree.profiles[0].ir.origin, "before")
    raise KeyError("x")


def dying(_: Tree) -> Iterator[Diagnostic]:
    if os.getpid() != HERE:
        os.kill(os.getpid(), signal.SIGKILL)
    yield from ()


def refusing(_: Tree) -> Iterator[Diagnostic]:
    raise SettingError("write a number")
    yield


APART = Check("LSM101", "unreachable-rule", "warning", in_worker)
FAILING = Check("LSM201", "missing-exec-target", "warning", failing)
DYING = Check("LSM301", "too-broad", "warning", dying)
REFUSING = Check("LSM302", "unconfined-exec", "warning", refusing)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failing_check_stops_no_other(place: Path, jobs: int) -> None:
    """What it found before it failed is kept."""
    result = lint(place, jobs, APART, FAILING)
    (fault,) = result.faults
    assert fault.code == "LSM999"
    assert fault.message.startswith("LSM201 missing-exec-target failed: KeyError: 'x' (lsmc/")
    found = [one.message for one in result.findings if one.severity == "warning"]
    assert found == [str(jobs > 1), "before"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_wrong_setting_is_told(place: Path, jobs: int) -> None:
    with pytest.raises(SettingError, match="write a number"):
        lint(place, jobs, APART, REFUSING)


def test_few_profiles_are_linted_here(place: Path) -> None:
    read = LINT.reader(Options(base=str(place / "base")), DiskFiles(), None)
    given = [place / "given" / name for name in NAMES[1:]]
    linter = Linter(read, [APART, FAILING], LINT, None, 2)
    assert "False" in [one.message for one in linter.lint(given).findings]


def test_checks_of_one_basis_run_in_one_process(place: Path) -> None:
    tree = lint(place, 1, APART).policy

    def told(_: Tree) -> list[Diagnostic]:
        return [APART.finding(None, str(os.getpid()))]

    basis = object.__init__
    checks = [
        Check("LSM101", "a", "info", told, basis=basis),
        Check("LSM102", "b", "info", told),
        Check("LSM103", "c", "info", told, basis=basis),
    ]
    first, second, third = (one.findings[0].message for one in outcomes(tree, checks, 3))
    assert first == third
    assert len({first, second, str(HERE)}) == 3


def test_a_lost_process_is_one_message(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback, no findings that may not be all, status 2."""
    checks = {check.code: check for check in (APART, DYING)}
    monkeypatch.setattr(linting, "lint_of", lambda *_: replace(LINT, checks=checks))
    words = ["lint", str(place / "given"), "--base", str(place / "base"), "--no-config", "-j", "2"]
    result = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "lsmc: error: a process of lsmc was lost\n"


def test_work_is_spread_in_order() -> None:
    pids = map_tasks(lambda task: (task, os.getpid()), range(20), 3)
    assert [task for task, _ in pids] == list(range(20))
    assert HERE not in {pid for _, pid in pids}
    assert map_tasks(lambda _: os.getpid(), [1], 3) == [HERE]
    assert map_tasks(lambda _: os.getpid(), [1, 2], 1) == [HERE, HERE]
    assert map_tasks(lambda task: task, [], 3) == []


def test_a_process_that_is_gone_cannot_be_told() -> None:
    """Not a broken pipe, which would pass for that of standard output."""
    with forked(lambda connection: connection.close(), 1) as (connection,):
        assert connection.poll(30)
        with pytest.raises(OSError, match="lost") as caught:
            send(connection, b"x" * 1_000_000)
    assert not isinstance(caught.value, ConnectionError)


def test_sources_are_sent_by_number() -> None:
    known, other = Source("a", "text of a"), Source("b", "text of b")
    pickler = FindingPickler([known])
    data = pickler.pack((known, other))
    first, second = pickler.unpack(data)
    assert first is known
    assert (second.path, second.text) == ("b", "text of b")
    assert b"text of a" not in data


def test_checks_that_share_an_analysis_say_so(place: Path) -> None:
    """Else each of several processes would work it out."""
    tree = lint(place, 1, APART).policy
    costly = {"Judgements", "_partial_overrides", "graph_of"}
    for check in CHECKS.values():
        fresh = replace(tree)
        run(fresh, [check])
        asked = {getattr(make, "__name__", "") for make in fresh._made} & costly
        names = {
            "judgements": "Judgements",
            "partial_overrides": "_partial_overrides",
            "graph_of": "graph_of",
        }
        basis = names.get(getattr(check.basis, "__name__", ""), "")
        if asked - {"Judgements"}:
            assert basis in asked, check.code
