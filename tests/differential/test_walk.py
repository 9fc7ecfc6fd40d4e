"""The product walk: what it meets, what it compares, and random policies through both compilers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.differential import binary, generate
from tests.differential.cases import Outcome, Setting, compare_case
from tests.differential.minimise import minimise
from tests.differential.oracle import compile_with_parser, parser, version
from tests.differential.product import Walk, alphabet, text, word
from tests.differential.walking import FEATURES, numbers

HERE = Path(__file__).resolve().parent
FOUND = parser()
live = pytest.mark.skipif(FOUND is None, reason="apparmor_parser is not there")


def outcome_of(policy: str, folder: Path, other: str | None = None) -> Outcome:
    """A policy compiled by both; with `other`, theirs compiles that text instead."""
    assert FOUND is not None
    path = folder / "policy"
    path.write_text(policy, encoding="utf-8")
    release = numbers(version(FOUND))
    setting = Setting(FOUND, FEATURES[min(release[0], max(FEATURES))], folder)
    if other is None:
        return compare_case(path, setting)
    wrapper = folder / "parser"
    (folder / "other").write_text(other, encoding="utf-8")
    wrapper.write_text(
        f'#!/bin/sh\nfor last; do :; done\n[ "$1" = --version ] && exec {FOUND} --version\n'
        f'set -- "$@" {folder}/other\n'
        f"first=1; for word; do [ $first ] && set -- && first=; "
        f'[ "$word" = "$last" ] || set -- "$@" "$word"; done\nexec {FOUND} "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    return compare_case(path, dataclasses.replace(setting, parser=str(wrapper)))


def test_every_pair_of_states_is_met_by_its_shortest_key() -> None:
    """Two counters, modulo 3 and 4, are in twelve pairs of states and a dead one in none."""

    def theirs(state: int, byte: int) -> int:
        return (state - 1 + (byte == ord("a"))) % 3 + 1

    def ours(state: int, byte: int) -> int:
        return (state - 1 + (byte == ord("a"))) % 4 + 1

    table = [byte == ord("a") for byte in range(256)]
    walk = Walk(theirs, ours, bool, (*word("", (b"", b"")), *text("k", alphabet([table]))))
    met = {
        (pair.theirs, pair.ours): walk.fields(pair)["k"]
        for pair in walk.pairs([(1, 1, {})])
        if pair.stage == len(walk.stages)
    }
    assert len(met) == 12
    assert met[3, 3] == b"aa"
    assert met[3, 4].count(b"a") == 11
    assert not walk.cut


def test_a_walk_that_meets_too_much_says_so() -> None:
    walk = Walk(lambda state, _: state + 1, lambda state, _: state, bool, text("k", (97,)))
    assert len(list(walk.pairs([(1, 1, {})], limit=50))) == 50
    assert walk.cut


def test_letters_may_differ_between_the_sides() -> None:
    """A field that the last letter of another one passes over is empty."""
    seen: list[tuple[int, int]] = []

    def note(side: int) -> object:
        def step(state: int, byte: int) -> int:
            seen.append((side, byte))
            return state + 1

        return step

    stage = word("a", (b"x", b"12"))[0]._replace(last=((b"", b"auto"),))
    walk = Walk(note(0), note(1), bool, (stage, *text("b", (98,), empty=True)))  # type: ignore[arg-type]
    ends = [walk.fields(pair) for pair in walk.pairs([(1, 1, {})], 40) if pair.stage == 2]
    assert {"a": b"auto"} in ends
    assert {"a": b"12", "b": b""} in ends
    assert {"a": b"12", "b": b"b"} in ends
    assert (0, ord("x")) in seen
    assert (1, ord("x")) not in seen


def test_the_same_seed_gives_the_same_policy() -> None:
    old = [generate.policy(seed, (3, 0, 8)) for seed in range(60)]
    new = [generate.policy(seed, (4, 1, 0)) for seed in range(60)]
    assert old == [generate.policy(seed, (3, 0, 8)) for seed in range(60)]
    assert len(set(old)) == 60
    assert not any("priority=" in text or "mqueue" in text for text in old)
    assert any("priority=" in text for text in new)
    for feature in (
        "alias",
        "@{V}",
        "owner",
        "deny",
        "audit",
        "^",
        "-> kid",
        " in (",
        "if ",
        "peer=",
    ):
        assert any(feature in text for text in old), feature


def test_minimising_keeps_what_matters() -> None:
    text = "profile a {\n  /x r,\n  deny /y wk,\n  owner /z r,\n}\nprofile b { }\n"
    assert minimise(text, lambda some: "deny" in some and "/y" in some).split() == ["deny", "/y"]
    assert minimise(text, lambda some: some.count("{") == 2 and "deny /y" in some).count("\n") == 3


@pytest.mark.parametrize("data", [b"", b"\4\10\0version\0\2\5\0\0\0", b"\2\0\0\0\0", b"\xff" * 40])
def test_bytes_that_are_no_binary_policy(data: bytes) -> None:
    if not data:
        assert binary.read(data) == {}
        return
    with pytest.raises(binary.FormatError):
        binary.read(data)


BROKEN: Mapping[str, tuple[str, str]] = {
    "file": ("/a* r,", "/a* r, /ab w,"),
    "link": ("link /a -> /b*, ", "link /a -> /b?,"),
    "change_profile": ("change_profile -> a,", "change_profile -> b,"),
    "onexec": ("change_profile /x -> a,", "change_profile /x* -> a,"),
    "signal": ("signal send set=(kill) peer=a,", "signal send set=(kill term) peer=a,"),
    "ptrace": ("ptrace read peer=a*,", "ptrace read peer=a?,"),
    "dbus": ("dbus send bus=system member=A,", "dbus send bus=system member=A*,"),
    "mount": ("mount options=(ro) /a -> /b,", "mount options=(ro,nosuid) /a -> /b,"),
    "umount": ("umount /a,", "umount /b,"),
    "pivot_root": ("pivot_root oldroot=/a /b,", "pivot_root oldroot=/b /b,"),
    "unix": ("unix (bind) addr=@a,", "unix (bind) addr=@b,"),
    "network": ("network inet,", "network inet stream,"),
    "capability": ("capability kill,", "audit capability kill,"),
    "profile": ("set rlimit nofile <= 5,", "set rlimit nofile <= 6,"),
}


@live
@pytest.mark.parametrize("cls", BROKEN)
def test_a_difference_of_each_class_is_seen(cls: str, tmp_path: Path) -> None:
    """What the compilers are given differs in one rule, and the walk says in which class."""
    ours, theirs = (f"profile p /bin/p {{\n  {rules}\n}}\n" for rules in BROKEN[cls])
    assert not outcome_of(ours, tmp_path).kinds
    found = outcome_of(ours, tmp_path, theirs).kinds
    assert any(kind.split()[0] == cls for kind in found), found


@live
def test_a_difference_of_attachment_is_seen(tmp_path: Path) -> None:
    ours, theirs = "profile p /bin/a* { }\n", "profile p /bin/a? { }\n"
    assert not outcome_of(ours, tmp_path).kinds
    assert "attach extra" in outcome_of(ours, tmp_path, theirs).kinds


@live
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5, 6, 9, 12])
def test_random_policies(seed: int, tmp_path: Path) -> None:
    """A few of the random policies; `python -m tests.differential --walk` compares thousands."""
    assert FOUND is not None
    outcome = outcome_of(generate.policy(seed, numbers(version(FOUND))), tmp_path)
    assert not outcome.kinds, "\n".join(map(str, outcome.differences[:3]))


@live
def test_the_reader_sees_what_a_profile_is(tmp_path: Path) -> None:
    """The hat, the limit and the audit flag that are there; a file cut short is refused."""
    path = tmp_path / "policy"
    path.write_text("profile p flags=(audit) { set rlimit core <= 3, ^h { /a r, } }", "utf-8")
    data = compile_with_parser(path, tmp_path, HERE / "features", ())
    found = binary.read(data)
    assert found["p"].audit
    assert found["p"].rlimits == {"core": 3}
    assert found["p//h"].is_hat
    assert found["p//h"].file_perms(b"/a", True).allow & binary.MAY_READ
    with pytest.raises(binary.FormatError):
        binary.read(data[:-30])
