"""What the checks of Smack work on: a policy with its sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.files import StrPath
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles
from lsmc.compiler.whole import found_sources
from lsmc.lint.model import CommentedText
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.bundle import pack
from lsmc.modules.smack.files import find_files
from lsmc.modules.smack.model import Policy, Rule
from lsmc.modules.smack.read import read


@dataclass(frozen=True)
class Tree:
    """All that is linted together: the policy, and its texts in the order of loading."""

    policy: Policy
    texts: tuple[Source, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    # --- what lint asks of it: `lsmc.lint.model.Lintable`

    @property
    def given(self) -> tuple[str, ...]:
        """The paths of the files that could be read."""
        return tuple(source.path for source in self.texts)

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The file of the first row of each subject."""
        found: dict[str, str] = {}
        for rule in self.policy.rules:
            found.setdefault(rule.subject, rule.row.span.source.path)
        return found

    @property
    def sources(self) -> Sequence[Source]:
        """Every text that was read."""
        return self.texts

    @property
    def commented(self) -> Iterator[CommentedText]:
        """The texts of Smack have no comments."""
        yield from ()

    @property
    def settled(self) -> frozenset[str]:
        """All files: rows of other files are not part of this policy."""
        return frozenset(self.given)

    # --- what checks ask

    @cached_property
    def engine(self) -> Engine:
        """The policy as it answers questions."""
        return Engine(pack(self.policy))


def read_tree(
    files: DiskFiles,
    text: tuple[str, bytes] | None,
    paths: Iterable[StrPath],
    settings: Mapping[str, Any],
    jobs: int,
) -> tuple[Tree, list[Diagnostic]]:
    """The policy of some paths, and the errors met; `text` is a file that is not there."""
    del jobs
    sources, faults = found_sources(paths, files, find_files, text)
    policy, wrong = read(sources)
    return Tree(policy, tuple(sources), settings), [*faults, *wrong]


def without_row(rule: Rule, title: str = "remove the row") -> Fix:
    """The fix that removes a row, with its line where nothing else stands on it."""
    span = rule.row.span
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    if text[start : span.start].strip() or text[span.end : end].strip():
        return Fix(title, (Edit(span, ""),))
    return Fix(title, (Edit(Span(span.source, start, end), ""),))
