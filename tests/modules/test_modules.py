"""Modules other than AppArmor's are whole: each is one file, and nothing else knows of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import pytest

import lsmc
from lsmc.cli.group import cli
from lsmc.compiler.inputs import Options
from lsmc.compiler.outcome import Rendered
from lsmc.modules.registry import MODULES, module_named
from lsmc.tables.records import Place
from tests.cli.conftest import Run, run
from tests.modules import example, levels

__all__ = ["run"]

Write = Callable[[str, str], Path]
EXAMPLE = "alice /home/* read\nalice /home/a write\nbob /tmp/* write\n"
LEVELS = "alice 3\nbob 1\n"


@pytest.fixture(autouse=True)
def _modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both modules are known; `--module` of commands that are loaded before has other words."""
    for name in cli.list_commands(click.Context(cli)):
        cli.get_command(click.Context(cli), name)
    monkeypatch.setitem(MODULES, "example", lambda: example.EXAMPLE)
    monkeypatch.setitem(MODULES, "levels", lambda: levels.LEVELS)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of policy."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return written


def test_module_of_tables_answers(write: Write) -> None:
    path = write("a.example", EXAMPLE)
    policy = lsmc.compile(path)
    assert policy.module.name == "example"
    assert policy.profiles == ("alice", "bob")
    assert "bob" in policy
    assert "carol" not in policy
    allowed = policy.query("alice", "read", "/home/b")
    assert (allowed.allowed, allowed.granted) == (True, ("read",))
    assert [(ref.file, ref.line, ref.text) for ref in allowed.rules] == [
        (str(path), 1, "alice /home/* read")
    ]
    requests = [
        {"subject": "alice", "op": op, "object": name}
        for op in ("read", "write")
        for name in ("/home/a", "/home/b", "/tmp/a")
    ]
    verdicts = [bool(verdict) for verdict in policy.query_many(requests)]
    assert verdicts == [True, True, False, True, False, False]
    found = policy.explain("alice", "write", "/home/b")
    assert (found.verdict.decision, found.verdict.missing) == ("deny-implicit", ("write",))
    with pytest.raises(lsmc.UnknownName, match="unknown subject `alyce`; did you mean `alice`"):
        policy.query("alyce", "read", "/home/a")


def test_module_of_tables_is_compared(write: Write) -> None:
    """A witness is a request on which the claim shows."""
    old = lsmc.compile(write("old.example", EXAMPLE))
    new = lsmc.compile(write("new.example", EXAMPLE.replace("/home/a", "/home/b*")))
    changes = lsmc.diff(old, new)
    assert [(change.profile, change.cls) for change in changes] == [("alice", "object")] * 2
    for change in changes:
        assert change.witness is not None
        assert old.answer(change.witness).missing != new.answer(change.witness).missing
    assert lsmc.diff(old, old) == []
    (gone,) = lsmc.diff(old, lsmc.compile(write("less.example", "bob /tmp/* write\n")))
    assert (gone.profile, gone.kind) == ("alice", "removed")


def test_module_without_tables_answers(write: Write) -> None:
    policy = lsmc.compile(write("a.levels", LEVELS))
    assert policy.profiles == ("alice", "bob")
    assert policy.query("alice", "read", "bob").note == "level 3"
    asked = [{"subject": "bob", "op": "read", "object": name} for name in policy]
    assert [bool(verdict) for verdict in policy.query_many(asked)] == [False, False]
    assert policy.explain("bob", "read", "alice").verdict.missing == ("read",)
    changed = lsmc.compile(write("b.levels", LEVELS.replace("3", "2")))
    (change,) = lsmc.diff(policy, changed)
    assert (change.profile, change.before, change.after) == ("alice", 3, 2)


def test_policies_of_two_modules_are_not_compared(write: Write) -> None:
    one, other = lsmc.compile(write("a.levels", LEVELS)), lsmc.compile(write("a.example", EXAMPLE))
    with pytest.raises(lsmc.Error, match="a policy of levels is not compared with the example"):
        lsmc.diff(one, other)


def test_what_a_module_cannot_do_is_said(write: Write) -> None:
    policy = lsmc.compile(write("a.levels", LEVELS))
    with pytest.raises(lsmc.Error, match="`permissions` has no meaning for levels"):
        policy.permissions("alice", "level", "bob")


@pytest.mark.parametrize("form", ["source", "bundle"])
def test_a_module_without_targets_takes_none(run: Run, write: Write, form: str) -> None:
    path = write("a.example", EXAMPLE)
    if form == "bundle":
        policy, path = lsmc.compile(path), path.with_suffix(".lsmb")
        policy.save(path)
    result = run("show", str(path), "--target", "3.0")
    assert result.exit_code == 2
    assert result.stderr == "lsmc: error: `--target` has no meaning for the example\n"


@pytest.mark.parametrize(
    ("name", "text", "changed", "allowed", "denied"),
    [
        (
            "a.example",
            EXAMPLE,
            EXAMPLE.replace("/home/a", "/home/b"),
            ("alice", "read", "/home/b"),
            ("bob", "write", "/home/b"),
        ),
        (
            "a.levels",
            LEVELS,
            LEVELS.replace("3", "2"),
            ("alice", "read", "bob"),
            ("bob", "read", "alice"),
        ),
    ],
)
def test_every_command_and_format(
    run: Run,
    write: Write,
    name: str,
    text: str,
    changed: str,
    allowed: tuple[str, ...],
    denied: tuple[str, ...],
) -> None:
    """From source, from what the cache keeps, and from a bundle."""
    source = write(name, text)
    other = write(f"other.{name}", changed)
    bundle = source.with_suffix(".lsmb")
    page = source.with_suffix(".html")
    cache = ("--cache-dir", source.parent / "cache")
    assert run("compile", source, "-o", bundle, *cache).exit_code == 0
    for policy in (source, source, bundle):
        options = cache if policy is source else ()
        assert run("query", policy, *allowed, *options).output.startswith("allowed: ")
        for words, code in ((allowed, 0), (denied, 1)):
            for command, forms in (
                ("query", ("text", "json")),
                ("explain", ("text", "json", "jsonl")),
            ):
                for form in forms:
                    result = run(command, policy, *words, "--format", form, *options)
                    assert result.exit_code == code, result.output
                    if form != "text":
                        found = json.loads(result.output)
                        assert found.get("verdict", found)["allowed"] is not bool(code)
            assert run("explain", policy, *words, "--html", page, *options).exit_code == code
        assert run("explain", policy, *denied, *options).output.startswith("denied: ")
        for form in ("text", "json"):
            result = run("diff", policy, other, "--format", form, *options)
            assert (result.exit_code, "alice" in result.output) == (1, True)
            result = run("show", policy, "--format", form, *options)
            assert (result.exit_code, "alice" in result.output) == (0, True)
            assert run("show", policy, "alice", "--format", form, *options).exit_code == 0
        assert run("show", policy, "carol", *options).exit_code == 2


def test_what_nobody_may_do_where_objects_are_listed(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module without tables that lists its objects and rules has all of `test` and `who`."""
    path = write("a.levels", LEVELS + "carol 2\n")

    def rules(opened: levels.Levels) -> list[Place]:
        return [
            Place(str(path), number, 1, number, 1, name)
            for number, name in enumerate(opened.subjects, 1)
        ]

    listed = levels.LEVELS._replace(objects=lambda opened, _: opened.subjects, rules=rules)
    monkeypatch.setitem(MODULES, "levels", lambda: listed)
    module_named.cache_clear()
    head = 'policy = "a.levels"\n'
    never = '[[never]]\nsubject = "*"\nop = "read"\nobject = "{}"\nexcept = "{}"\n'
    holds = write("a.test.toml", head + never.format("[ac]*", "alice"))
    assert run("test", holds, "--no-cache").exit_code == 0
    fails = write("b.test.toml", head + never.format("*", "bob"))
    result = run("test", fails, "--no-cache")
    assert (result.exit_code, "alice" in result.output, "carol" in result.output) == (1, True, True)
    covered = run("test", holds, "--no-cache", "--coverage")
    assert "coverage: 0 of 3 rules" in covered.output
    found = run("who", path, "read", "b*", "--pattern", "--format", "json", "--no-cache")
    assert [one["subject"] for one in json.loads(found.output)] == ["alice", "carol"]
    unknown = run("who", path, "read", "x*", "--pattern", "--no-cache")
    assert (unknown.exit_code, "unknown object `x*`" in unknown.stderr) == (2, True)
    module_named.cache_clear()


def test_stages_of_a_module_of_tables(run: Run, write: Write) -> None:
    source = write("a.example", EXAMPLE)
    bundle = source.with_suffix(".lsmb")
    assert run("compile", source, "-o", bundle, "--no-cache").exit_code == 0
    rules = run("show", bundle, "bob", "--stage", "ir").output
    assert rules == f"profile bob enforce\n  allow object write <- {source}:3: bob /tmp/* write\n"
    assert run("show", bundle, "--stage", "tables").output.startswith("profile alice enforce\n")
    result = run("show", source, "--stage", "syntax")
    assert result.exit_code == 2
    assert "`--stage syntax` has no meaning for the example" in result.stderr


@pytest.mark.parametrize(("name", "text"), [("a.example", "alice\n"), ("a.levels", "alice x\n")])
def test_error_of_a_module_is_one_diagnostic(run: Run, write: Write, name: str, text: str) -> None:
    result = run("query", write(name, text), "alice", "read", "x", "--no-cache")
    assert result.exit_code == 2
    assert f"{name}:1:1: error: not a" in result.stderr


@pytest.mark.parametrize(
    ("name", "text", "allowed", "denied"),
    [
        ("a.example", EXAMPLE, ("alice", "read", "/home/b"), ("bob", "write", "/home/b")),
        ("a.levels", LEVELS, ("alice", "read", "bob"), ("bob", "read", "alice")),
    ],
)
def test_tests_of_a_module(
    run: Run,
    write: Write,
    name: str,
    text: str,
    allowed: tuple[str, ...],
    denied: tuple[str, ...],
) -> None:
    """Cases have a meaning for every module; the rest is told in one line where it has none."""
    write(name, text)
    head = f'policy = "{name}"\n'
    case = '[[case]]\nsubject = "{}"\nop = "{}"\nobject = "{}"\nexpect = "{}"\n'
    cases = head + case.format(*allowed, "allow") + case.format(*denied, "deny")
    tests = write("a.test.toml", cases)
    result = run("test", tests, "--no-cache")
    assert (result.exit_code, result.output) == (0, f"{tests}: 2 cases hold\n")
    covered = run("test", tests, "--no-cache", "--coverage")
    if name == "a.example":
        assert "coverage: 1 of 3 rules, 33.3%" in covered.output
    else:
        assert (covered.exit_code, covered.stdout) == (2, "")
        assert "the coverage of rules has no meaning for levels" in covered.stderr
    result = run("test", tests, "--no-cache", "--mutate", "1")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.count("has no meaning for") == 1
    unknown = write("b.test.toml", head + case.format("carol", *denied[1:], "deny"))
    result = run("test", unknown, "--no-cache")
    assert result.exit_code == 2
    assert f"{unknown}:3:11: error: unknown subject `carol`" in result.stderr
    never = write("c.test.toml", cases + '[[never]]\nsubject = "*"\nop = "read"\n')
    result = run("test", never, "--no-cache")
    assert result.exit_code == 2
    assert f"{never}:12:1: error: `never` has no meaning for" in result.stderr


def test_other_formats_than_a_bundle(
    run: Run, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file for all sources, or one for each in a directory."""

    def render(
        paths: Sequence[str], options: Options, jobs: int, cache: str | None
    ) -> list[Rendered]:
        del jobs, cache
        settings = dict(options.settings)
        data = [f"{Path(path).name} {settings.get('name', '')}\n".encode() for path in paths]
        return [Rendered(path, text) for path, text in zip(paths, data, strict=True)]

    made = levels.LEVELS._replace(formats={"kernel": lambda: render}, settings=("name",))
    monkeypatch.setitem(MODULES, "levels", lambda: made)
    module_named.cache_clear()
    one, two = write("a.levels", LEVELS), write("b.levels", LEVELS)
    out = one.parent / "out"
    result = run("compile", one, two, "--format", "kernel", "--name", "n", "-o", out)
    assert (result.exit_code, out.read_text()) == (0, "a.levels n\nb.levels n\n")
    folder = one.parent / "folder"
    folder.mkdir()
    assert run("compile", one, two, "--format", "kernel", "-o", folder).exit_code == 0
    assert sorted(path.name for path in folder.iterdir()) == ["a.levels", "b.levels"]
    again = run("compile", one, one, "--format", "kernel", "-o", folder)
    assert (again.exit_code, "would both be `a.levels`" in again.stderr) == (2, True)
    refused = run("compile", one, "--format", "apparmor", "-o", out)
    assert refused.stderr == "lsmc: error: `--format apparmor` has no meaning for levels\n"
    unset = run("compile", one, "--posture", "file=block", "-o", out)
    assert unset.stderr == "lsmc: error: `--posture` has no meaning for levels\n"
    module_named.cache_clear()
