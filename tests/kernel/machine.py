"""A virtual machine with a real kernel, which performs cases and says what came of them.

QEMU without hardware support boots the kernel with an initial file system that holds the probe
(`probe.c`, linked statically, the only process of the guest), the compiled policies and the list of
cases.  What the guest has to say comes over a serial line into a file.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
#: Where kernel images of Debian packages are kept that are not installed.
STORE = Path(tempfile.gettempdir()) / "lsmc-kernels"
#: Seconds for a boot, and for a case, before the guest is given up.
BOOT_LIMIT, CASE_LIMIT = 120, 0.5
#: `no_timer_check`: on a machine with much to do the test of the timer fails, and the kernel ends.
_ARGUMENTS = (
    "console=ttyS0 quiet loglevel=2 panic=-1 log_buf_len=64M audit_backlog_limit=0 no_timer_check"
)
_MODULES = "lsm=lockdown,yama,apparmor apparmor=1"
_PLAIN = re.compile(r"[^!-$&-~ ]")


class MachineError(Exception):
    """Something the machine needs is missing, or the guest did not finish."""


class Line(NamedTuple):
    """One case for the guest: the number of its policy and the words after it."""

    policy: int
    words: tuple[str, ...]


class Outcome(NamedTuple):
    """What came of a case: `errno` is None when the process was killed before it could say."""

    errno: int | None
    secure: bool
    label: str
    records: tuple[str, ...]


class Answers(NamedTuple):
    """What the guest said: outcomes in the order of the cases, and the kernel's features."""

    outcomes: list[Outcome]
    features: dict[str, str]
    faults: list[str]


def kernel_image(version: str = "") -> Path:
    """The newest kernel image of a version (`6.1`): installed, unpacked before, or downloaded."""
    stored = STORE / "boot"
    found = [*_images(stored, version), *_images(Path("/boot"), version)]
    if not found:
        _download(version)
        found = _images(stored, version)
    if not found:
        raise MachineError(f"no kernel image of version {version} in {stored} or /boot")
    return found[-1]


def _images(directory: Path, version: str) -> list[Path]:
    """The images of a version, the newest last; 6.12 is no 6.1."""
    name = re.compile(rf"vmlinuz-{re.escape(version)}(?![0-9])")
    return sorted(path for path in directory.glob("vmlinuz-*") if name.match(path.name))


def version_of(image: Path) -> tuple[int, ...]:
    """The version in the name of an image, as numbers; empty without one."""
    found = re.match(r"vmlinuz-([0-9]+(?:\.[0-9]+)*)", image.name)
    return tuple(map(int, found[1].split("."))) if found else ()


def _download(version: str) -> None:
    """Fetch and unpack the kernel package that Debian's meta-package stands for."""
    names = [f"linux-image-{version}-amd64", "linux-image-amd64"]
    listed = run(["apt-cache", "search", "--names-only", "^linux-image-([0-9.]+-)?amd64$"])
    meta = next((name for name in names if f"{name} " in listed), "")
    if not meta:
        raise MachineError("apt-cache knows no kernel package; try apt-get update")
    depends = run(["apt-cache", "depends", meta])
    package = re.search(rf"Depends: (linux-image-{re.escape(version)}\S+)", depends)
    if package is None:
        raise MachineError(f"{meta} is not a kernel of version {version}")
    STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORE) as directory:
        run(["apt-get", "download", package[1]], cwd=directory)
        for archive in Path(directory).glob("*.deb"):
            run(["dpkg-deb", "-x", str(archive), directory])
        (STORE / "boot").mkdir(exist_ok=True)
        for image in Path(directory).glob("boot/vmlinuz-*"):
            image.rename(STORE / "boot" / image.name)


def run(command: Sequence[str], cwd: str | Path | None = None) -> str:
    """What a program prints; raises `MachineError` where it is not installed or fails."""
    if shutil.which(command[0]) is None:
        raise MachineError(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
    return done.stdout


def boot(
    image: Path, policies: Sequence[tuple[bytes, Sequence[str]]], lines: Sequence[Line]
) -> Answers:
    """Boot, and perform cases; raises `MachineError`.

    Args:
        image: the kernel.
        policies: binary policies with the names of their top-level profiles.
        lines: the cases; those of one policy are best kept together.
    """
    members = {f"policy/{n}": blob for n, (blob, _) in enumerate(policies)}
    members["cases"] = _cases(policies, lines)
    limit = BOOT_LIMIT + CASE_LIMIT * len(lines)
    said = run_probe(image, HERE / "probe.c", members, limit, _MODULES)
    return read_answers(said.splitlines(), len(lines))


def run_probe(
    image: Path, source: Path, members: Mapping[str, bytes], limit: float, modules: str
) -> str:
    """Boot with a C program as `/init`, and return what it says; raises `MachineError`.

    Args:
        image: the kernel.
        source: the program; a line with `E` alone ends what it says on `/dev/ttyS1`.
        members: the other files of the initial file system, by their paths.
        limit: seconds before the guest is given up.
        modules: the kernel's arguments about security modules.
    """
    with tempfile.TemporaryDirectory(prefix="lsmc-kernel-") as name:
        directory = Path(name)
        probe = directory / "probe"
        run(["gcc", "-O1", "-static", "-o", str(probe), str(source)])
        files = {"init": probe.read_bytes(), **members}
        (directory / "initrd").write_bytes(archive(files))
        return _qemu(image, directory, limit, f"{_ARGUMENTS} {modules}")


def _cases(policies: Sequence[tuple[bytes, Sequence[str]]], lines: Sequence[Line]) -> bytes:
    written: list[str] = []
    current = None
    for number, line in enumerate(lines):
        if line.policy != current:
            current = line.policy
            written.append("\t".join(["P " + str(current), *map(_escaped, policies[current][1])]))
        written.append("\t".join([f"C {number}", str(line.policy), *map(_escaped, line.words)]))
    return "".join(line + "\n" for line in written).encode()


def _escaped(word: str) -> str:
    """A word with odd bytes and the percent sign as `%HH`."""
    text = word.encode("utf-8", "surrogateescape").decode("latin-1")
    return _PLAIN.sub(lambda match: f"%{ord(match[0]):02x}", text)


def archive(members: Mapping[str, bytes]) -> bytes:
    """An archive in the format of initial file systems (`newc`, see cpio(5)), uncompressed."""
    directories = {str(parent) for name in members for parent in Path(name).parents} - {"."}
    entries = [(name, 0o40755, b"") for name in sorted(directories)]
    entries += [(name, 0o100755, data) for name, data in members.items()]
    return b"".join(
        _member(number, *entry)
        for number, entry in enumerate((*entries, ("TRAILER!!!", 0, b"")), 1)
    )


def _member(number: int, name: str, mode: int, data: bytes) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)


def _qemu(image: Path, directory: Path, limit: float, arguments: str) -> str:
    program = shutil.which("qemu-system-x86_64")
    if program is None:
        raise MachineError("qemu-system-x86_64 is not installed")
    console, line = directory / "console", directory / "line"
    command = [program, "-accel", "tcg", "-cpu", "max", "-m", "1024", "-no-reboot", "-nodefaults"]
    command += ["-display", "none", "-serial", f"file:{console}", "-serial", f"file:{line}"]
    command += ["-kernel", str(image), "-initrd", str(directory / "initrd"), "-append", arguments]
    try:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        tail = console.read_bytes()[-500:].decode(errors="replace")
        raise MachineError(f"the guest was not done after {limit:.0f} seconds: {tail}") from None
    said = line.read_bytes().decode("utf-8", "surrogateescape") if line.exists() else ""
    if "\nE" not in said:
        tail = console.read_bytes()[-500:].decode(errors="replace")
        raise MachineError(f"the guest ended early: {said[-300:]} {tail}")
    return said


def read_answers(said: Iterable[str], count: int) -> Answers:
    """The guest's answers to a number of cases."""
    results: dict[int, tuple[int | None, bool, str]] = {}
    case_of: dict[str, int] = {}
    records: dict[int, list[str]] = {}
    features: dict[str, str] = {}
    faults: list[str] = []
    for kind, rest in _kinds(said):
        match kind:
            case "F":
                path, _, value = rest.partition(" ")
                features[path] = value
            case "R":
                number, pid, error, _, secure, label = rest.split(" ", 5)
                results[int(number)] = (int(error) if error != "-1" else None, secure == "1", label)
                case_of[pid] = int(number)
            case "A":
                by = re.search(r" pid=(\d+) ", rest)
                if by is not None and by[1] in case_of:
                    records.setdefault(case_of[by[1]], []).append(rest)
            case "X":
                faults.append(rest)
    missing = [number for number in range(count) if number not in results]
    if missing:
        faults.append(f"no result of the cases {missing[:10]}")
    outcomes = [
        Outcome(*results.get(number, (None, False, "")), tuple(records.get(number, ())))
        for number in range(count)
    ]
    return Answers(outcomes, features, faults)


def _kinds(said: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in said:
        kind, _, rest = line.rstrip("\r").partition(" ")
        yield kind, rest


def features_text(features: Mapping[str, str]) -> str:
    """Features as a features file: each directory a block, each file a block of words."""
    tree: dict[str, object] = {}
    for path, value in sorted(features.items()):
        *parents, leaf = path.split("/")
        node: dict[str, object] = tree
        for part in parents:
            node = node.setdefault(part, {})  # type: ignore[assignment]
        node[leaf] = value
    return "".join(_block(tree, ""))


def _block(tree: Mapping[str, object], indent: str) -> Iterator[str]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield f"{indent}{name} {{\n"
            yield from _block(value, indent + "    ")
            yield f"{indent}}}\n"
        else:
            yield f"{indent}{name} {{{value}}}\n"
