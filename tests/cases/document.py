"""A Markdown document of cases: policy, what lint finds in it, questions, and their answers.

Each heading of the second level begins a case; what stands before the first one holds for all cases
of the document.  The prose is for people, but for a line `Codes: LSM101, LSM102.`, which says what
lint looks for.  A fenced block says what it is in the words behind its fence:

- `apparmor` and a file's name (`example` when there is none): policy.  Lint reads the files without
  a directory in their names; the others are there to be included.  Text and settings are written
  in the same way, behind `text NAME` and `toml` (the configuration of lint, `lsmc.toml`).
- `smack`, `yaml`: rows of Smack, the `spec` of a KubeArmorPolicy, which questions are put to.
- `cil`: SELinux policy, which questions are put to; that before the first heading stands behind it.
- `tomoyo NAME`: a file of TOMOYO, which questions are put to, with those before the first heading.
- `frame`: the file around each of the bodies below, which take the place of its line `...`.
- `bodies`: bodies of a profile, each of one paragraph; `lines`: the same, each of one line.
- `policies`: whole files, each of one paragraph.
- `examples`: bodies whose marks show the object of the finding's witness too.
- A line of these ends in `# found: LSM101` just when that is found there.  Lint does not see the
  mark.
- `findings`: the findings in order and in full.
- `fixed`: the file `example` with the fixes of all findings made, until there is none.
- `ask`: questions as `SUBJECT OPERATION OBJECT FIELD=VALUE => VERDICT`; the policy is the file
  `example`, or the frame around the rules that stand before the question and a ` ? `.  The word
  `other` says that the subject does not own the object.
- `permissions`: the same with a class in the place of the operation, for all that the rules grant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODES = re.compile(r"^Codes: (.+)\.$", re.MULTILINE)
_MARK = re.compile(r"[ \t]*# found: LSM.*$")
_FRAME = "profile p /bin/p {\n  ...\n}\n"


class Block(NamedTuple):
    """A fenced block: what it is, the name of its file, its text, and where that is."""

    kind: str
    name: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Case:
    """A case of a document; `shared` are the blocks before the first heading."""

    path: Path
    title: str
    codes: tuple[str, ...]
    blocks: tuple[Block, ...]
    shared: tuple[Block, ...]

    def files(self) -> dict[str, str]:
        """The files that are written out, without marks."""
        names = {"apparmor": "example", "toml": "lsmc.toml", "text": "text"}
        return {
            block.name or names[block.kind]: unmarked(block.text)
            for block in (*self.shared, *self.blocks)
            if block.kind in names
        }

    def frame(self, body: str) -> str:
        """A body in its frame."""
        frames = [b.text for b in (*self.shared, *self.blocks) if b.kind == "frame"]
        before, after = re.split(r"^ *\.\.\.\n", (frames or [_FRAME])[-1], flags=re.MULTILINE)
        return f"{before}{body}\n{after}"

    def frame_line(self) -> int:
        """The line of a frame where the body begins."""
        return self.frame("\0").split("\0")[0].count("\n") + 1


def cases(path: Path) -> Iterator[Case]:
    """The cases of a document; a title stands there once."""
    text = path.read_text(encoding="utf-8")
    heads = [match.start() for match in re.finditer(r"^## ", text, re.MULTILINE)]
    bounds = [*heads, len(text)]
    shared = _blocks(text, 0, bounds[0])
    common = _codes(text[: bounds[0]])
    for start, end in pairwise(bounds):
        title = text[start:].split("\n")[0].removeprefix("## ")
        codes = _codes(text[start:end]) or common
        yield Case(path, title, codes, _blocks(text, start, end), shared)


def rewrite(case: Case, texts: dict[int, str]) -> None:
    """Put texts in the place of those of a case's blocks, by number."""
    (now,) = (one for one in cases(case.path) if one.title == case.title)
    text = case.path.read_text(encoding="utf-8")
    for number in sorted(texts, reverse=True):
        block = now.blocks[number]
        text = text[: block.start] + texts[number] + text[block.end :]
    case.path.write_text(text, encoding="utf-8")


def marked(text: str, codes: dict[int, list[str]]) -> str:
    """A text with the codes that are found on its lines, by number from 1."""
    lines = unmarked(text).split("\n")
    for number, found in codes.items():
        lines[number - 1] += f"  # found: {', '.join(sorted(found))}"
    return "\n".join(lines)


def unmarked(text: str) -> str:
    """A text without marks."""
    return "\n".join(_MARK.sub("", line) for line in text.split("\n"))


def _blocks(text: str, start: int, end: int) -> tuple[Block, ...]:
    found = re.compile(_FENCE).finditer(text, start, end)
    return tuple(Block(m[1], m[2] or "", m[3], m.start(3), m.end(3)) for m in found)


def _codes(text: str) -> tuple[str, ...]:
    match = _CODES.search(text)
    return tuple(match[1].split(", ")) if match else ()
