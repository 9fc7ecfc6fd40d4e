"""`--module`: which security module reads the policy or the log."""

from __future__ import annotations

from pathlib import Path

import pytest

import lsmc
from lsmc.modules import registry
from tests.cli.conftest import Run

TEXT = "profile p {\n  /etc/x r,\n}\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "p"
    path.write_text(TEXT)
    return path


def test_the_module_may_be_named(run: Run, source: Path) -> None:
    named = run("query", source, "p", "read", "/etc/x", "--no-cache", "--module", "apparmor")
    told = run("query", source, "p", "read", "/etc/x", "--no-cache")
    assert (named.exit_code, named.stdout) == (told.exit_code, told.stdout) == (0, told.stdout)
    assert run("ops", "--module", "apparmor").stdout == run("ops").stdout
    wrong = run("ops", "--module", "smak")
    assert wrong.exit_code == 2
    assert "'smak'" in wrong.stderr


def test_the_module_may_be_named_in_python(source: Path) -> None:
    assert lsmc.compile(source, module="apparmor").module.name == "apparmor"
    assert lsmc.compile_text(TEXT, module="apparmor").profiles == ("p",)
    assert lsmc.check(source, module="apparmor", select=["LSM1"]) == []
    for call in (
        lambda: lsmc.compile(source, module="smak"),
        lambda: lsmc.compile_text(TEXT, module="smak"),
        lambda: lsmc.check(source, module="smak"),
    ):
        with pytest.raises(lsmc.UnknownName, match="unknown security module `smak`"):
            call()


def test_what_a_module_does_not_have_is_told_in_one_line(
    run: Run, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logs, graphs, layout and stages need not mean something to a module."""
    bare = registry.module_named("apparmor")._replace(
        logs=None, graph=None, formatter=None, syntax=None, ir=None
    )
    monkeypatch.setattr(registry, "module_named", lambda _: bare)
    monkeypatch.setattr("lsmc.policy.module_named", lambda _: bare)
    monkeypatch.setattr("lsmc.cli.formatting.module_of", lambda *_: bare, raising=False)
    log = tmp_path / "log"
    log.write_text("")
    for args, what in (
        (("log", log, "--module", "apparmor"), "a log"),
        (("explain", source, "--log", log, "--no-cache"), "a log"),
        (("graph", source, "--no-cache"), "a graph"),
        (("fmt", source), "layout"),
        (("show", source, "--stage", "syntax"), "`--stage syntax`"),
    ):
        result = run(*args)
        assert result.exit_code == 2, args
        assert result.stderr == f"lsmc: error: {what} has no meaning for AppArmor\n"
        assert result.stdout == ""


def test_policies_of_two_modules_are_not_compared(run: Run, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "x.smack"
    other.write_text("A B r\n")
    result = run("diff", source, other, "--no-cache")
    said = "lsmc: error: a policy of AppArmor is not compared with Smack\n"
    assert (result.exit_code, result.stderr) == (2, said)


def test_a_field_of_kubearmor_of_a_wrong_type_is_a_line_of_the_batch(
    run: Run, tmp_path: Path
) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_text('{"subject": "*", "op": "open", "object": ["/a"]}\n')
    result = run("query", "profiles/kubearmor/web.yaml", "--batch", requests, "--no-cache")
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert "`object` is a text, not list" in line
