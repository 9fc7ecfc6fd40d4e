"""Load what `lsmc compile --format kernel` writes into a real kernel.

    python -m tests.kernel.load FILE... [--kernel VERSION | --image FILE] [--largest N | --sets]

Each FILE is what `lsmc compile --format kernel -o FILE` wrote.  The N largest profiles of all are
given to a kernel in a virtual machine, each by one write and children behind their parents; with
`--sets` all profiles of a FILE are given to it by one write, compressed if they are.  The kernel
must take each of them.  Exit status: 0 when it does, 1 when it refuses one, 2 when something
that the machine needs is missing.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from lsmc.base.text import counted
from lsmc.modules.apparmor.kernel.compiled import profiles, sets
from tests.kernel.machine import HERE, MachineError, kernel_image, run_probe

#: Seconds before the guest is given up: for a boot, and for a megabyte of policy.
_BOOT, _MEGABYTE = 120, 10
_MODULES = "lsm=apparmor apparmor=1"


class Compiled(NamedTuple):
    """A compiled profile or a set of them: the full names, and the part of a stream."""

    name: str
    data: bytes


class Loaded(NamedTuple):
    """What the kernel said: the error number of each profile, and how many it lists."""

    errors: dict[int, int]
    listed: int
    faults: list[str]


def arguments(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    assert __doc__ is not None
    options = argparse.ArgumentParser(
        prog="python -m tests.kernel.load",
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    options.add_argument("files", metavar="FILE", type=Path, nargs="+", help="compiled policy")
    options.add_argument("--kernel", default="6.1", help="version of Debian's kernel package")
    options.add_argument("--image", type=Path, help="a kernel of another package, in its place")
    options.add_argument("--largest", type=int, default=200, help="how many profiles")
    options.add_argument("--sets", action="store_true", help="the files, each as one set")
    return options.parse_args(argv)


def largest(files: Iterable[Path], count: int) -> list[Compiled]:
    """The largest profiles of compiled files and the parents of those, parents first.

    Of several profiles with one name the first counts.  Raises `DamagedPolicy` for a damaged file.
    """
    found: dict[str, bytes] = {}
    for path in files:
        for name, data in profiles(path.read_bytes()):
            found.setdefault(name, data)
    ordered = sorted(found, key=lambda name: (-len(found[name]), name))
    chosen = {name for large in ordered[:count] for name in _with_parents(large)}
    return [Compiled(name, found[name]) for name in sorted(chosen)]


def as_sets(files: Iterable[Path]) -> list[Compiled]:
    """The profiles of each file that are in one namespace; raises `DamagedPolicy`, `ZstdFault`."""
    parts = [part for path in files for part in sets(path.read_bytes(), True)]
    return [Compiled(", ".join(part.names), part.data) for part in parts]


def _with_parents(name: str) -> Iterator[str]:
    """A profile's name and those of what it is a child of."""
    words = name.split("//")
    return ("//".join(words[:end]) for end in range(1, len(words) + 1))


def load(image: Path, chosen: Sequence[Compiled]) -> Loaded:
    """Boot, and load profiles in their order; raises `MachineError`."""
    members = {f"policy/{number}": one.data for number, one in enumerate(chosen)}
    limit = _BOOT + _MEGABYTE * sum(map(len, members.values())) / 1e6
    said = run_probe(image, HERE / "load.c", members, limit, _MODULES)
    errors: dict[int, int] = {}
    listed, faults = 0, []
    for line in said.splitlines():
        kind, *words = line.split(" ")
        if kind == "L":
            errors[int(words[0])] = int(words[1])
        elif kind == "N":
            listed = int(words[0])
        elif kind == "X":
            faults.append(line)
    return Loaded(errors, listed, faults)


def refusals(chosen: Sequence[Compiled], loaded: Loaded) -> Iterator[str]:
    """A sentence for each profile that the kernel did not take."""
    for number, one in enumerate(chosen):
        error = loaded.errors.get(number)
        if error is None:
            yield f"{one.name}: the guest did not come to it"
        elif error:
            yield f"{one.name}: {os.strerror(error)}, {len(one.data)} bytes"


def main(argv: list[str] | None = None) -> int:
    """Load, and print what came of it."""
    args = arguments(argv)
    chosen = as_sets(args.files) if args.sets else largest(args.files, args.largest)
    try:
        image = args.image or kernel_image(args.kernel)
        loaded = load(image, chosen)
    except MachineError as fault:
        print(fault, file=sys.stderr)
        return 2
    refused = [*refusals(chosen, loaded), *loaded.faults]
    for line in refused:
        print(line)
    size = sum(len(one.data) for one in chosen)
    what = counted(len(chosen), "set" if args.sets else "profile")
    print(
        f"{image.name}: {what}, {size / 1e6:.1f} MB, "
        f"{len(refused)} refused; the kernel lists {loaded.listed}"
    )
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
