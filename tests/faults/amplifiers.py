"""Small inputs that might make much work, each in any size, and what lsmc takes for them.

    python -m tests.faults.amplifiers [NAME...] [--doublings N] [--times F]

runs each of them with sizes that double, in a process of its own, and prints the bytes of the
input, the seconds of processor time and the MiB that it took; the exit status is 1 when time grows
faster than the input.  `test_amplifiers.py` does the same with small sizes.
"""

from __future__ import annotations

import argparse
import bz2
import gzip
import json
import lzma
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from lsmc import api
from lsmc.base.diagnostics import PolicyError
from lsmc.logs.reader import LogReader, UnreadableLog
from lsmc.modules.apparmor.log.form import FORMAT

Work = Callable[[Path], object]

#: A run with four times the input may take so many times the time, and so many seconds more.
GROWTH = 8.0
GRACE = 0.4


class Amplifier(NamedTuple):
    """An input: `make` writes one of a size below a directory, `work` is what is done with it."""

    name: str
    size: int
    make: Callable[[Path, int], None]
    work: Work


def compile_it(folder: Path) -> None:
    """Compile the policy."""
    with suppress(PolicyError):
        api.compile([folder / "p"], base=folder, jobs=1)


def lint_it(folder: Path) -> None:
    """Compile the policy and run all checks."""
    api.check([folder / "p"], base=folder, jobs=1, select=["ALL"])


def ask_it(folder: Path) -> None:
    """Answer the requests."""
    text = "profile p /bin/p* { /{a,b}/** r, /**/x* w, /**a*b* k, }\n"
    requests = map(json.loads, (folder / "p").read_text().splitlines())
    for _ in api.compile_text(text, base=folder).query_many(requests):
        pass


def read_it(folder: Path) -> None:
    """Read the log."""
    with suppress(UnreadableLog):
        for _ in LogReader([str(folder / "p")], FORMAT):
            pass


#: Rules by name: a size for which they take little, and a rule, with its number where `#` stands.
RULES = {
    "rules": (300, "/srv/#/a r,"),
    "rules that are the same": (200, "/srv/a r,"),
    "long names": (300, f"/{'a' * 200}# r,"),
    "globs": (200, "/**/a# r,"),
    "stars": (100, "/**a#* r,"),
    "alternations": (40, "/" + "{a," * 40 + "b" + "}" * 40 + "# r,"),
    "hats": (100, "^h# { /a# r, }"),
    "dbus": (80, "dbus send bus=session path=/a/#/** interface=a.b#.* member=M#*,"),
    "mounts": (80, "mount options=(rw,bind) /a#/** -> /b#/*/,"),
    "sockets": (80, "unix (send,receive) type=stream addr=@a#* peer=(label=l#*),"),
    "endpoints": (600, "unix type=stream addr=@a#x*,"),
    "networks": (150, "network inet stream ip=10.0.0.1 port=#,"),
    "errors": (300, "/a# zz,"),
    "conditions": (100, "if defined @{V} { /a# r, } else { /b r, }"),
}
#: The same for profiles.
PROFILES = {
    "profiles": (150, "profile p# /b/# { /a r, }"),
    "attachments": (100, "profile p# /b/*#* { /a r, }"),
    "signals": (100, "profile p# { signal send peer=p#a, }"),
    "explosions": (1, f"profile p# {{ /**a{'?' * 14}# r, }}"),
    "small explosions": (40, "profile p# { /**a?????# r, }"),
}
#: A character that a pattern has so many times.
SIGNS = {
    "stars in one": (2500, "*a"),
    "questions in one": (9000, "?"),
    "brackets in one": (9000, "["),
    "braces in one": (9000, "{"),
    "backslashes": (9000, "\\"),
    "quotes": (9000, '"'),
}


def numbered(line: str, count: int) -> str:
    """So many lines."""
    return "".join(line.replace("#", str(number)) + "\n" for number in range(count))


def body(rules: str) -> str:
    """A profile."""
    return f"profile p {{\n{rules}}}\n"


def values(size: int) -> str:
    """Rules that each stand for all values of a variable."""
    return f"@{{V}}={' '.join(map(str, range(20 * size)))}\n" + body(numbered("/@{V}/# r,", size))


def chain(size: int) -> str:
    """Variables that refer to the one before, twice."""
    first, *others = numbered("@{V#}=", size).splitlines()
    lines = [f"{first}a"]
    lines += [f"{line}@{{V{n}}} x@{{V{n}}}" for n, line in enumerate(others)]
    return "\n".join(lines) + "\n" + body(f"/@{{V{min(size, 60) - 1}}} r,")


def _rules(line: str, size: int) -> str:
    return body(numbered(line, size))


def _signs(sign: str, size: int) -> str:
    return body(f"/{sign * size} r,")


#: All policy texts by name: a size for which they take little, and the text of a size.
TEXTS: dict[str, tuple[int, Callable[[int], str]]] = {
    **{name: (size, partial(_rules, line)) for name, (size, line) in RULES.items()},
    **{name: (size, partial(numbered, line)) for name, (size, line) in PROFILES.items()},
    **{name: (size, partial(_signs, sign)) for name, (size, sign) in SIGNS.items()},
    "brackets closed": (9000, lambda n: body("/" + "[" * n + "] r,")),
    "values": (8, values),
    "chain of variables": (150, chain),
    "names that are missing": (
        150,
        lambda n: numbered("@{V#}=a", n) + body(numbered("/@{W#} r,", n)),
    ),
    "aliases": (20, lambda n: numbered("alias /a -> /b#,", n) + body(numbered("/a/# r,", n))),
    "comments": (9000, lambda n: "# c\n" * n + body("# c\n" * n)),
}


def writes(text: Callable[[int], str]) -> Callable[[Path, int], None]:
    """What writes the policy of a size."""

    def make(folder: Path, size: int) -> None:
        (folder / "p").write_text(text(size), encoding="latin-1")

    return make


def packs(pack: Callable[[bytes], bytes]) -> Callable[[Path, int], None]:
    """What writes a packed log of so many MiB of zero bytes."""

    def make(folder: Path, size: int) -> None:
        (folder / "p").write_bytes(pack(bytes(size << 20)))

    return make


def includes(folder: Path, size: int) -> None:
    """Files that include the next one twice."""
    for number in range(size):
        (folder / f"i{number}").write_text(f'include "{folder}/i{number + 1}"\n' * 2)
    (folder / f"i{size}").write_text("/a r,\n")
    (folder / "p").write_text(f'profile p {{ include "{folder}/i0"\n}}\n')


def requests(folder: Path, size: int) -> None:
    """Requests of long paths, of objects and of programs, each another one."""
    lines = [
        {"subject": subject, "op": "read", "object": f"/a/{number}/" + "ab/" * 40 * size}
        for number in range(4)
        for subject in ("p", f"/bin/p{number}" + "x" * 40 * size)
    ]
    (folder / "p").write_text("\n".join(map(json.dumps, lines)))


def zstd(data: bytes) -> bytes:
    """Packed by zstd."""
    import zstandard

    return zstandard.ZstdCompressor().compress(data)


PACKERS = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zstd": zstd}
#: The policy texts that are linted as well: those that say something to checks.
LINTED = (
    "rules",
    "globs",
    "questions in one",
    "brackets in one",
    "brackets closed",
    "braces in one",
    "explosions",
    "names that are missing",
    "profiles",
    "dbus",
    "mounts",
    "sockets",
    "endpoints",
    "rules that are the same",
    "comments",
    "errors",
)

AMPLIFIERS = (
    *(Amplifier(name, size, writes(text), compile_it) for name, (size, text) in TEXTS.items()),
    *(
        Amplifier(f"{name}, linted", max(1, TEXTS[name][0] // 2), writes(TEXTS[name][1]), lint_it)
        for name in LINTED
    ),
    Amplifier("includes", 20, includes, compile_it),
    Amplifier("requests", 8, requests, ask_it),
    *(Amplifier(f"log of {name}", 2, packs(pack), read_it) for name, pack in PACKERS.items()),
)


def taken(one: Amplifier, size: int) -> tuple[int, float]:
    """The bytes of an input of a size, and the seconds of processor time that it takes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        one.make(folder, size)
        total = sum(path.stat().st_size for path in folder.iterdir())
        start = time.process_time()
        one.work(folder)
        return total, time.process_time() - start


def is_linear(small: tuple[int, float], large: tuple[int, float], grace: float = GRACE) -> bool:
    """Whether the time of two inputs grows no faster than they do, twice over."""
    growth = max(1.0, large[0] / small[0])
    return large[1] <= GROWTH / 4 * growth * small[1] + grace


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.amplifiers")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--doublings", type=int, default=3)
    parser.add_argument("--times", type=float, default=4, help="of the sizes of the tests [4]")
    wish = parser.parse_args()
    steep = 0
    for one in AMPLIFIERS:
        if wish.names and one.name not in wish.names:
            continue
        found: list[tuple[int, float]] = []
        shown: list[str] = []
        for doubling in range(wish.doublings + 1):
            size = max(1, int(one.size * wish.times)) << doubling
            read, write = os.pipe()
            child = os.fork()
            if child == 0:
                os.write(write, json.dumps(taken(one, size)).encode())
                os._exit(0)
            os.close(write)
            _, status, used = os.wait4(child, 0)
            said = os.read(read, 100)
            os.close(read)
            if status:
                shown.append(f"ended with status {os.waitstatus_to_exitcode(status)}")
                steep += 1
                break
            found.append(tuple(json.loads(said)))
            shown.append(f"{found[-1][0]} B {found[-1][1]:.2f} s {used.ru_maxrss >> 10} MiB")
        mark = (
            "" if all(is_linear(*pair) for pair in pairwise(found)) else "  steeper than the input"
        )
        steep += bool(mark)
        print(f"{one.name}: {'; '.join(shown)}{mark}", flush=True)
    return 1 if steep else 0


if __name__ == "__main__":
    sys.exit(main())
