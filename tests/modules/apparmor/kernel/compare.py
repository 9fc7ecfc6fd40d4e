"""Compares streams with those of a compiler, word by word.

    python -m tests.modules.apparmor.kernel.compare PARSER --base DIR --features FILE
        [--target RELEASE] PATH...

Files are compiled one by one by both; those that one of them refuses are counted and named.  Of
each kind of difference the first places are shown, with the words of both (lsmc's first).
"""

from __future__ import annotations

import argparse
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.inputs import DiskFiles, Options, profile_paths
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.parts import Deployment
from tests.modules.apparmor.kernel.reader import Profile, Words, differences, read

#: Places shown of one kind.
_SHOWN = 3
#: Differences of an automaton that are counted.
_MOST = 2_000
_CLASSES = {
    0x02: "stub of files",
    0x04: "stub of old networks",
    0x07: "mount",
    0x09: "ptrace",
    0x0A: "signal",
    0x0E: "network",
    0x0F: "network of version 9",
    0x10: "label",
    0x11: "mqueue",
    0x12: "System V mqueue",
    0x15: "userns",
    0x16: "io_uring",
    0x1E: "packets",
    0x20: "dbus",
}
#: Fields whose order or place says nothing.
_ELSEWHERE = ("xtable",)


def kinds(ours: Profile, theirs: Profile) -> Iterator[tuple[str, str]]:
    """The kinds of differences of a profile, each with a place."""
    if ours.version != theirs.version:
        yield "version", f"{ours.version:#x} {theirs.version:#x}"
    for name in sorted({*ours.fields, *theirs.fields} - {*_ELSEWHERE}):
        if ours.fields.get(name) != theirs.fields.get(name):
            yield f"field {name}", f"{ours.fields.get(name)} {theirs.fields.get(name)}"
    for _ in differences(ours.attach, theirs.attach):
        yield "attachment", ""
    targets = [dict(one.fields.get("xtable", [])).get("", []) for one in (ours, theirs)]

    def same(one: Words, other: Words) -> bool:
        return named(one, targets[0]) == named(other, targets[1])

    for text, *words in differences(ours.files, theirs.files, same):
        yield "files", place(text, words)
    for text, *words in differences(ours.other, theirs.other):
        kind = _CLASSES.get(text[0], f"class {text[0]:#x}") if text else "automaton"
        yield kind, place(text, words)


def named(words: Words, targets: list[str]) -> tuple[object, ...]:
    """Words, or entries of a table, with names in place of the indices of targets."""
    if isinstance(words[0], tuple):
        return tuple(_named_entry(entry, targets) for entry in words)
    indices = [words[0] >> shift & 15 for shift in (10, 24)]
    names = [targets[index - 4] if index >= 4 else index for index in indices]
    return words[0] & ~(15 << 10 | 15 << 24), words[1], *names


def _named_entry(entry: tuple[int, ...], targets: list[str]) -> tuple[object, ...]:
    execution = entry[11]
    if execution & 0x0C000000 != 0x08000000:
        return entry
    return *entry[:11], execution & ~0xFFFFFF, targets[execution & 0xFFFFFF], *entry[12:]


def place(text: bytes, words: list[object]) -> str:
    """A text with the words of both."""
    shown = [" ".join(map(_shown, one)) if isinstance(one, tuple) else str(one) for one in words]
    return f"{text!r}: {' | '.join(shown)}"


def _shown(word: object) -> str:
    """A word, or what is not 0 of an entry of a table."""
    if isinstance(word, int):
        return hex(word)
    assert isinstance(word, tuple)
    return str({number: hex(value) for number, value in enumerate(word) if value})


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.modules.apparmor.kernel.compare")
    parser.add_argument("parser", type=Path)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--base", required=True)
    parser.add_argument("--features", required=True)
    parser.add_argument("--target")
    wish = parser.parse_args()
    options = Options(wish.base, features=wish.features, target=wish.target)
    counts: Counter[str] = Counter()
    shown: dict[str, list[str]] = {}
    equal = profiles = refused = 0
    for path in profile_paths(wish.paths, DiskFiles())[0]:
        command = [wish.parser, "-qQTK", "-S", "-M", wish.features, "-b", wish.base, path]
        theirs = subprocess.run(command, check=False, capture_output=True)
        try:
            (file,) = render([path], options, 1, Deployment(abi=wish.features))
        except PolicyError as fault:
            refused += 1
            print(f"refused by lsmc: {path}: {fault}")
            continue
        if theirs.returncode:
            refused += 1
            print(f"refused by the compiler: {path}")
            continue
        pairs = {one.name: one for one in read(file.data)}
        for other in read(theirs.stdout):
            profiles += 1
            found = [*_first(kinds(pairs[other.name], other))]
            equal += not found
            for kind, where in found:
                counts[kind] += 1
                places = shown.setdefault(kind, [])
                if len(places) < _SHOWN:
                    places.append(f"{other.name}: {where}")
    print(f"{profiles} profiles, {equal} equal; {refused} files refused")
    for kind, count in counts.most_common():
        print(f"{kind}: {count}", *shown[kind], sep="\n    ")
    return 0 if equal == profiles else 1


def _first(found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(found):
        if number == _MOST:
            return
        yield one


if __name__ == "__main__":
    raise SystemExit(main())
