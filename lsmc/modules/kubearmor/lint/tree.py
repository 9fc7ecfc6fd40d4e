"""What the checks of KubeArmor work on: the policy of some files, and the workloads it is for."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.files import StrPath
from lsmc.base.source import Source, Span
from lsmc.compiler.inputs import DiskFiles, Options
from lsmc.compiler.whole import found_sources
from lsmc.lint.model import CommentedText
from lsmc.modules.kubearmor.compile import included_texts, settings_of
from lsmc.modules.kubearmor.evaluate import Confinement, Confinements
from lsmc.modules.kubearmor.files import find_files
from lsmc.modules.kubearmor.policy import Policy, Rule, rules
from lsmc.modules.kubearmor.selectors import read_subject, subject_of
from lsmc.modules.kubearmor.syntax.reader import Reading, read

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\n]*", re.MULTILINE)


@dataclass(frozen=True)
class Tree:
    """All that is linted together."""

    reading: Reading
    texts: tuple[Source, ...]
    confinements: Confinements
    settings: Mapping[str, Any] = field(default_factory=dict)

    # --- what lint asks of it: `lsmc.lint.model.Lintable`

    @property
    def given(self) -> tuple[str, ...]:
        """The paths of the files that were given and could be read."""
        return tuple(source.path for source in self.texts)

    @cached_property
    def homes(self) -> Mapping[str, str]:
        """The file of each policy by its name."""
        return {one.title: one.file for one in self.policies}

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every text that was read."""
        return self.texts

    @property
    def commented(self) -> Iterator[CommentedText]:
        """The comments of the given files, in order of path."""
        for source in sorted(self.texts, key=lambda one: one.path):
            yield CommentedText(source.path, list(_comments(source, self.reading)), _start(source))

    @property
    def settled(self) -> frozenset[str]:
        """The given files: none includes another."""
        return frozenset(self.given)

    # --- what checks ask

    @property
    def policies(self) -> tuple[Policy, ...]:
        """The policies in order."""
        return self.reading.policies.policies

    @cached_property
    def workloads(self) -> tuple[tuple[str, Confinement], ...]:
        """A subject for each selector, and what is enforced on it."""
        subjects = dict.fromkeys(subject_of(one) for one in self.policies)
        return tuple((one, self.confinements.of(read_subject(one))) for one in subjects)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every entry with its policy, in order."""
        return rules(self.policies)

    def span(self, rule: Rule) -> Span:
        """Where an entry is written."""
        place = rule.entry.place
        return Span(self._by_path[rule.policy.file], place.start, place.end)

    def policy_span(self, policy: Policy) -> Span:
        """Where a policy begins: its first line."""
        source = self._by_path[policy.file]
        end = source.text.find("\n", policy.place.start)
        return Span(source, policy.place.start, end if end >= 0 else policy.place.end)

    @cached_property
    def _by_path(self) -> dict[str, Source]:
        return {source.path: source for source in self.texts}


def read_tree(
    options: Options,
    files: DiskFiles,
    text: tuple[str, bytes] | None,
    paths: Iterable[StrPath],
    settings: Mapping[str, Any],
) -> tuple[Tree, list[Diagnostic]]:
    """The tree of some files, and the errors met; `text` is one that is not there."""
    sources, errors = found_sources(paths, files, find_files, text)
    reading = read(sources)
    errors += [one for one in reading.diagnostics if one.severity == "error"]
    texts = included_texts(reading.policies, options, files)
    confinements = Confinements(reading.policies, texts, settings_of(options))
    return Tree(reading, tuple(sources), confinements, settings), errors


def _comments(source: Source, reading: Reading) -> Iterator[Span]:
    """The comments of a text: each `#` behind white space that is in no scalar."""
    scalars = reading.scalars.get(source.path, ())
    starts = [start for start, _ in scalars]
    for match in _COMMENT.finditer(source.text):
        at = bisect_right(starts, match.start()) - 1
        if at < 0 or match.start() >= scalars[at][1]:
            yield Span(source, match.start(), match.end())


def _start(source: Source) -> int | None:
    """The offset of the first text that is no comment and no line of dashes."""
    for match in re.finditer(r"^[ \t]*([^\s#].*)$", source.text, re.MULTILINE):
        if match[1].strip() != "---":
            return match.start(1)
    return None
