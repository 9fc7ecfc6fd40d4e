"""The options of apparmor_parser, from its command line and its configuration file."""

from __future__ import annotations

import errno
import getopt
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lsmc.cli.faults import UsageFault

CONFIG = "/etc/apparmor/parser.conf"
CACHE = "/var/cache/apparmor"
#: Long options by the letter or the name that each stands for; those with `=` have a value.
_LONG = {
    "add": "a",
    "binary": "B",
    "base=": "b",
    "subdomainfs=": "f",
    "help": "h",
    "replace": "r",
    "reload": "r",
    "version": "V",
    "complain": "C",
    "Complain": "C",
    "Include=": "I",
    "remove": "R",
    "names": "N",
    "stdout": "S",
    "ofile=": "o",
    "match-string=": "m",
    "features-file=": "M",
    "quiet": "q",
    "skip-kernel-load": "Q",
    "verbose": "v",
    "namespace=": "n",
    "readimpliesX": "X",
    "skip-cache": "K",
    "skip-read-cache": "T",
    "write-cache": "W",
    "show-cache": "k",
    "cache-loc=": "L",
    "debug": "d",
    "dump=": "D",
    "Dump=": "D",
    "optimize=": "O",
    "Optimize=": "O",
    "preprocess": "p",
    "jobs=": "j",
    "skip-bad-cache": "",
    "purge-cache": "",
    "create-cache-dir": "",
    "skip-bad-cache-rebuild": "",
    "abort-on-error": "",
    "warn=": "",
    "Werror": "",
    "debug-cache": "",
    "max-jobs=": "",
    "print-cache-dir": "",
    "kernel-features=": "",
    "policy-features=": "abi",
    "compile-features=": "abi",
    "abi=": "abi",
    "override-policy-abi=": "",
    "print-config-file": "",
    "print-config": "print-config-file",
    "config-file=": "",
    "estimated-compile-size=": "",
    "prompt-compat=": "",
    "print-prompt-compat": "",
    "zstd-compress-level": "",
}
_SHORT = "adf:hrRVvI:b:BCD:NSm:M:qQn:XKTWkL:O:po:j:"
#: Options whose value may follow after `=` alone.
_OPTIONAL = ("debug", "help", "Werror", "zstd-compress-level")
#: The short name of the last, with its value.
_LEVEL = re.compile(r"^-c([0-9]{1,2}|none|default|fast|small)?\Z")
_ACTIONS = ("a", "r", "R", "N", "S", "o")
_WITHOUT_EFFECT = {
    "skip-bad-cache": "what is of use to nobody here is left alone",
    "skip-bad-cache-rebuild": "what is older than its sources is made anew",
    "debug-cache": "see -k",
    "O": "tables are always minimal",
    "warn": "all warnings are on",
    "max-jobs": "-j is the limit",
    "estimated-compile-size": "-j is the limit",
    "prompt-compat": "it is as the features call for",
    "zstd-compress-level": "policy is kept compressed where the kernel unpacks it",
}
_REFUSED = {
    "X": "would allow more than policy says: write `m` where it is wanted",
    "p": "is not done: see `lsmc show`",
    "D": "is not done: see `lsmc show`",
    "m": "is not done: write the features to a file for -M",
    "print-prompt-compat": "is not done",
}


@dataclass(slots=True)
class Arguments:
    """What is asked for.

    `action` is the letter of `-a`, `-r`, `-R`, `-N`, `-S` or `-o`; `ended` what was said instead of
    doing anything (`help`, `version`, ...); `notes` are on options without effect.
    """

    action: str = "a"
    ended: str = ""
    paths: Sequence[str] = ()
    output: str = "-"
    load: bool = True
    binary: bool = False
    complain: bool = False
    namespace: str | None = None
    base: str = "/etc/apparmor.d"
    include: list[str] = field(default_factory=list)
    kernel: str | None = None
    abi: str | None = None
    every_abi: str | None = None
    folder: str | None = None
    caches: Sequence[str] = (CACHE,)
    config: str = CONFIG
    jobs: int = field(default_factory=lambda: os.cpu_count() or 1)
    quiet: bool = False
    verbose: bool = False
    strict: bool = False
    abort: bool = False
    write_cache: bool = False
    skip_read_cache: bool = False
    skip_cache: bool = False
    show_cache: bool = False
    create_cache: bool = False
    notes: list[str] = field(default_factory=list)

    @property
    def compiles(self) -> bool:
        """Whether policy is compiled, not only read."""
        return self.action not in ("N", "R")

    @property
    def caching(self) -> bool:
        """Whether a cache may be used: for policy that is loaded as it says itself."""
        plain = self.namespace is None and self.every_abi is None and not self.complain
        from_files = bool(self.paths) and not self.binary
        return not self.skip_cache and self.action in ("a", "r") and plain and from_files

    @property
    def reads_cache(self) -> bool:
        """Whether policy is taken from the cache; its warnings would be missed."""
        return not self.skip_read_cache and not self.strict


def arguments(args: Sequence[str]) -> Arguments:
    """What a command line asks for, and the configuration file; raises `UsageFault`, OSError."""
    given, paths = _given(args)
    found = Arguments(paths=paths)
    for name, value in given:
        if name == "config-file":
            found.config = value
    for name, value in (*_configured(found.config), *given):
        _take(found, name, value)
    actions = [name for name, _ in given if name in _ACTIONS]
    if len(actions) > 1:
        listed = ", ".join(f"`-{name}`" for name in actions)
        raise UsageFault(f"one thing at a time: {listed} exclude each other")
    return found


def _given(args: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options of a command line by their chief names, and the paths."""
    plain: list[str] = []
    optional: dict[str, str] = {}
    for arg in (_LEVEL.sub("--zstd-compress-level", arg) for arg in args):
        name, equals, value = arg.removeprefix("--").partition("=")
        has_value = bool(equals) and arg.startswith("--") and name in _OPTIONAL
        if has_value:
            optional[name] = value
        plain.append(f"--{name}" if has_value else arg)
    try:
        found, paths = getopt.gnu_getopt(plain, _SHORT, list(_LONG))
    except getopt.GetoptError as fault:
        raise UsageFault(f"{fault.msg}; see `lsmc parser --help`") from None
    if optional.get("debug", "jobs") not in ("jobs", "j"):
        raise UsageFault(f"`--debug={optional['debug']}`: there is `--debug=jobs`")
    return [(_chief(name.lstrip("-")), value) for name, value in found], paths


def _chief(name: str) -> str:
    """The name that an option is known by here."""
    return (_LONG.get(name) or _LONG.get(f"{name}=") or name) if len(name) > 1 else name


def _configured(path: str) -> Iterator[tuple[str, str]]:
    """The options of a configuration file: a long one on each line, with its value behind it."""
    from lsmc.base.files import read_regular

    try:
        text = read_regular(path, 1 << 20)[0].decode("latin-1")
    except OSError as fault:
        if fault.errno == errno.ENOENT:
            return
        raise
    for number, row in enumerate(text.splitlines(), 1):
        words = row.replace("=", " ", 1).split(None, 1)
        if not words or words[0].startswith("#"):
            continue
        name, value = words[0], words[1].strip() if len(words) > 1 else ""
        if f"{name}=" in _LONG and not value:
            raise UsageFault(f"{path}:{number}: `{name}` has no value")
        if name not in _LONG and f"{name}=" not in _LONG:
            raise UsageFault(f"{path}:{number}: no option `{name}`")
        yield _chief(name), value


def _take(found: Arguments, name: str, value: str) -> None:
    if name in _REFUSED:
        raise UsageFault(f"`{_shown(name)}` {_REFUSED[name]}")
    if name in _WITHOUT_EFFECT:
        found.notes.append(f"`{_shown(name)}` has no effect: {_WITHOUT_EFFECT[name]}")
    elif name in _ACTIONS:
        found.action = name
        found.output = value or "-"
        found.load = found.load and name in ("a", "r", "R")
    elif name in ("h", "V", "print-cache-dir", "print-config-file", "purge-cache"):
        found.ended = found.ended or name
    elif name == "I":
        found.include.append(value)
    elif name == "L":
        found.caches = tuple(place for place in value.split(",") if place)
        if not found.caches:
            raise UsageFault(f"`-L {value}`: a directory is wanted")
    elif name == "j":
        found.jobs = _jobs(value)
    elif name in ("Q", "d"):
        found.load = False
    elif name == "M":
        found.kernel = found.abi = value
    elif name in ("q", "v"):
        found.quiet, found.verbose = name == "q", name == "v"
    elif name in _SWITCHES:
        setattr(found, _SWITCHES[name], True)
    else:
        setattr(found, _VALUES[name], value)


_SWITCHES = {
    "B": "binary",
    "C": "complain",
    "W": "write_cache",
    "T": "skip_read_cache",
    "K": "skip_cache",
    "k": "show_cache",
    "create-cache-dir": "create_cache",
    "Werror": "strict",
    "abort-on-error": "abort",
}
_VALUES = {
    "n": "namespace",
    "b": "base",
    "f": "folder",
    "config-file": "config",
    "kernel-features": "kernel",
    "abi": "abi",
    "override-policy-abi": "every_abi",
}


def _shown(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"


def _jobs(text: str) -> int:
    """A number of processes: `auto`, `max`, N, or xN for N times the processors."""
    processors = os.cpu_count() or 1
    if text in ("auto", "max"):
        return processors
    number = text.removeprefix("x")
    if not (number.isdecimal() and len(number) < 6):
        raise UsageFault(f"`-j {text}`: a number, xN, `auto` or `max` is wanted")
    return max(1, int(number) * (processors if text.startswith("x") else 1))


def left_out(paths: Iterable[str], base: str, folder: str) -> frozenset[str]:
    """The files of policy that a folder below the base has an entry for by their names."""
    return frozenset(
        path
        for path in paths
        if os.access(os.path.join(base, folder, os.path.basename(path)), os.R_OK)
    )
