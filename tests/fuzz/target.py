"""What a fuzz target is: bytes go in, and nothing but an answer or an error of lsmc comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from lsmc.base.registry import collect
from lsmc.compiler.inputs import DiskFiles

FOUND = Path(__file__).resolve().parent / "found"


@dataclass(frozen=True, slots=True)
class Target:
    """An input of lsmc.

    `run` returns for every input; any exception that it lets through is a finding.  `seeds` are
    inputs to begin from, `words` what the input's language is made of.  `longest` bounds the inputs
    that are made, in bytes.
    """

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[bytes, ...] = ()
    longest: int = 4096


def words(text: str) -> tuple[bytes, ...]:
    """The words of a text."""
    return tuple(text.encode().split())


def targets() -> dict[str, Target]:
    """Every target by its name."""
    found = collect("tests.fuzz.targets", "TARGET").values()
    return {target.name: target for target in sorted(found, key=lambda one: one.name)}


def regressions(name: str) -> list[Path]:
    """The inputs that once were findings of a target."""
    return sorted(path for path in (FOUND / name).glob("*") if path.is_file())


class MemoryFiles(DiskFiles):
    """A file system in memory, so that no input reaches the disk."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path: str) -> bytes:
        """The content of a file; OSError where there is none."""
        if path not in self.files:
            raise FileNotFoundError(2, "no such file or directory", path)
        return self.files[path]

    def entries(self, path: str) -> list[str] | None:
        """The names in a directory, or None for anything else."""
        head = path.rstrip("/") + "/"
        inside = {name[len(head) :].split("/")[0] for name in self.files if name.startswith(head)}
        return sorted(inside) or None

    def exists(self, path: str) -> bool:
        """Whether there is such a file or directory."""
        return path in self.files or self.entries(path) is not None
