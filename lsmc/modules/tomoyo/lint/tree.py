"""What the checks of TOMOYO work on: a policy with its sources, as written and as it decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.files import StrPath
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles
from lsmc.compiler.whole import found_sources
from lsmc.lint.model import CommentedText
from lsmc.modules.tomoyo.bundle import pack
from lsmc.modules.tomoyo.engine import TomoyoEngine
from lsmc.modules.tomoyo.files import find_files
from lsmc.modules.tomoyo.model import Acl
from lsmc.modules.tomoyo.names import namespace_of
from lsmc.modules.tomoyo.policy import TomoyoPolicy, read_policy
from lsmc.modules.tomoyo.syntax.reader import Word, Written


class Grant(NamedTuple):
    """A written line that grants: to a domain, or to those that use a group of lines.

    `owner` is the domain, or `acl_group N`; `skip` are the words before the line itself.
    """

    owner: str
    space: str
    acl: Acl
    written: Written
    skip: int

    @property
    def permissions_word(self) -> Word:
        """The word that holds its permissions."""
        return self.written.words[self.skip + (3 if self.acl.kind.socket else 1)]


@dataclass(frozen=True)
class Tree:
    """All that is linted together: the policy, and its texts in the order of loading."""

    policy: TomoyoPolicy
    texts: tuple[Source, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)

    # --- what lint asks of it: `lsmc.lint.model.Lintable`

    @property
    def given(self) -> tuple[str, ...]:
        """The paths of the files that could be read."""
        return tuple(source.path for source in self.texts)

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The file of each domain."""
        domains = self.policy.domains.values()
        return {one.name: one.written.source.path for one in domains if one.written is not None}

    @property
    def sources(self) -> Sequence[Source]:
        """Every text that was read."""
        return self.texts

    @property
    def commented(self) -> Iterator[CommentedText]:
        """The lines that are comments, of each file."""
        for source in sorted(self.texts, key=lambda one: one.path):
            comments: list[Span] = []
            start: int | None = None
            at = 0
            for line in source.text.split("\n"):
                begin = at + len(line) - len(line.lstrip())
                if line.strip().startswith("#"):
                    comments.append(Span(source, begin, at + len(line.rstrip())))
                elif line.strip() and start is None:
                    start = begin
                at += len(line) + 1
            yield CommentedText(source.path, comments, start, behind=False)

    @property
    def settled(self) -> frozenset[str]:
        """All files: lines of other files are not part of this policy."""
        return frozenset(self.given)

    # --- what checks ask

    @cached_property
    def engine(self) -> TomoyoEngine:
        """The policy as it answers questions, without what is refused."""
        return TomoyoEngine(pack(self.policy), "<lint>")

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """The lines that grant, of domains and then of groups of lines."""
        found: list[Grant] = []
        for domain in self.policy.domains.values():
            space = namespace_of(domain.name)
            found += (Grant(domain.name, space, acl, at, 0) for acl, at in domain.acls)
        for name, space_ in self.policy.spaces.items():
            for number, acls in space_.acl_groups.items():
                for acl, at in acls:
                    skip = 2 + at.words[0].text.startswith("<")
                    found.append(Grant(f"acl_group {number}", name, acl, at, skip))
        return tuple(found)

    @cached_property
    def by_place(self) -> Mapping[tuple[str, int], Written]:
        """The lines that grant, by file and line."""
        places = ((one.written, one.written.span.location()) for one in self.grants)
        return {(place.file, place.line): written for written, place in places}


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
    policy = read_policy(sources)
    return Tree(policy, tuple(sources), settings), [*faults, *policy.faults]


def without_line(written: Written, title: str = "remove the line") -> Fix:
    """The fix that removes a line."""
    text = written.source.text
    start = text.rfind("\n", 0, written.words[0].start) + 1
    end = text.find("\n", written.end)
    end = len(text) if end < 0 else end + 1
    return Fix(title, (Edit(Span(written.source, start, end), ""),))


def rewritten(written: Written, form: str) -> Fix:
    """The fix that writes a line as the kernel reads it."""
    return Fix(f"write `{form}`", (Edit(written.span, form),))


def word_span(written: Written, word: Word) -> Span:
    """The place of a word."""
    return Span(written.source, word.start, word.end)
