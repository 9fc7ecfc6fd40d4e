"""Parsing what was printed gives the tree that was printed; no text makes the parser fall."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.base.source import Source
from lsmc.modules.apparmor.syntax.ast import meaning
from lsmc.modules.apparmor.syntax.parser import parse
from lsmc.modules.apparmor.syntax.printer import format_file
from lsmc.modules.registry import module_named, module_of
from tests.places import PROFILES

APPARMOR = module_named("apparmor")
#: The samples of AppArmor policy; other modules have folders of their own.
SAMPLES = sorted(
    path
    for path in PROFILES.rglob("*")
    if path.is_file() and path.parent.name != "abi" and path.suffix != ".toml"
    if module_of([str(folder) for folder in path.parents if folder.parent == PROFILES]) is APPARMOR
)

PIECES = (
    *("{", "}", "(", ")", ",", '"', "\\", "\n", " ", "\t", "#", "\r", "\r\n", "\0", "!", "&"),
    *("=", "+=", ":=", "?=", "->", "<=", "in (", "==", "^", "@{A}", "@A", "$b", "@", "$"),
    *("/a", "/a,b", "r", "rw,", "px ", "foo", "profile ", "hat ", "if ", "else ", "not ", "and "),
    *("audit ", "deny ", "owner ", "priority=", "1", "safe ", "subset ", "link ", "file ", "all,"),
    *("network ", "unix ", "dbus ", "signal ", "ptrace ", "mount ", "umount ", "pivot_root "),
    *("change_profile ", "set rlimit cpu ", "userns ", "io_uring ", "mqueue ", "capability "),
    *("include <x>", "#include", "include ", "abi <x>,", "alias ", "peer=(", "flags=("),
    *("xattrs=(", "+ identities=(", "options=(", "label=", r"\x20", r"\x28", r"\x5c", r"\d6"),
    *(r"\0", r"\"", r"\ ", r"\x72", r"\,", r"\x2c", r"\x3d", r"\x23", "caf\xc3\xa9"),
)
ALPHABET = ' \t\n\\",!#@&:=+(){}[]/abrx0169\x01\xff'

WORDS = st.text(ALPHABET, max_size=8)
SLOTS = (
    "/{} r,\n",
    '"/{}" r,\n',
    "@{{A}}{} r,\n",
    "/a px -> {},\n",
    "profile {} {{ }}\n",
    "profile p /{} {{ }}\n",
    "profile p flags=({}) {{ }}\n",
    "profile p xattrs=(a={}) {{ }}\n",
    "@{{A}} = x {} y\n",
    "$A = a == {}\n",
    "if {} == b {{ }}\n",
    "signal {} set={},\n",
    "network {},\n",
    "mqueue {} /q,\n",
    "dbus path={} peer=(name={}),\n",
    "mount options=({}) {} -> {},\n",
    "change_profile {} -> {},\n",
    "include {}\n",
    "abi {},\n",
    "alias /{} -> {},\n",
)


def round_trip(text: str) -> None:
    """Printing what was read, whole or in part, and reading it again changes nothing."""
    file, problems = parse(Source("t", text))
    printed = format_file(file)
    again, faults = parse(Source("t", printed))
    assert [str(fault) for fault in faults] == []
    assert meaning(again) == meaning(file)
    assert format_file(again) == printed
    for problem in problems:
        assert problem.span is not None
        assert 0 <= problem.span.start <= problem.span.end <= len(text)
    places = [(problem.span, problem.message) for problem in problems]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: str(path.relative_to(path.parents[1])))
def test_samples(path: Path) -> None:
    source = Source.from_bytes(str(path), path.read_bytes())
    assert parse(source)[1] == ()
    round_trip(source.text)


@given(st.sampled_from(SLOTS), st.lists(WORDS, min_size=3, max_size=3))
def test_words_round_trip(slot: str, words: list[str]) -> None:
    round_trip(slot.format(*words))


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_pieces_of_the_language(text: str) -> None:
    round_trip(text)


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    round_trip(data.decode("latin-1"))


@given(st.data())
def test_damaged_profiles(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(SAMPLES)).read_bytes().decode("latin-1")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.sampled_from((0, 1, 2, 7)))
        text = text[:at] + data.draw(st.sampled_from(PIECES)) + text[at + cut :]
    round_trip(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("r /a,", "r /a,\n"),
        ("/a\\x20b r,", "/a\\x20b r,\n"),
        ('"/a b" r,', '"/a b" r,\n'),
        ("user /a r,", "owner /a r,\n"),
        ("priority=+05 audit /a r,", "priority=5 audit /a r,\n"),
        ("signal ( send,receive ) set = (hup)peer=a,", "signal (send receive) set=hup peer=a,\n"),
        ("/x (complain) { /a r, }", "/x flags=(complain) {\n  /a r,\n}\n"),
        ("if $a {} else if not ($b or $c) { }", None),
        (
            "if $a { } else if not ($b or $c) { /a r, } else { }",
            "if ${a} {\n}\nelse if not (${b} or ${c}) {\n  /a r,\n}\n",
        ),
        ("@A = x   y # c", "@{A} = x y\n"),
        ("set rlimit cpu <= 2 min,", "set rlimit cpu <= 2min,\n"),
        ("#include <x>", "#include <x>\n"),
    ],
)
def test_canonical_form(text: str, printed: str | None) -> None:
    file, problems = parse(Source("t", text + "\n"))
    if printed is None:
        assert problems
    else:
        assert problems == ()
        assert format_file(file) == printed


@pytest.mark.parametrize(
    "text",
    [
        '"' * 30000,
        '\\"' * 30000,
        '"a\0' * 10000,
        "#include" * 5000,
        "@" * 10000,
        "(" * 30000,
        "/a flags=(" + "a " * 20000,
        "signal " + "a=b " * 5000 + "z z,\n",
        "a" + " " * 200000 + "b",
        "/a r\n" * 1000,
        "foo\n" * 1000,
        "network (\n" * 1000,
        "deny audit@A /a r,\n" * 100,
    ],
    ids=range(13),
)
def test_long_nonsense_is_read_in_linear_time(text: str) -> None:
    round_trip(text)
