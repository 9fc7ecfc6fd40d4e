"""What the checks of SELinux work on: a resolved policy, and what several checks ask of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lsmc.base.source import Source, Span, to_path
from lsmc.lint.model import Check, CommentedText
from lsmc.modules.selinux.filecon.labels import FileLabels, order
from lsmc.modules.selinux.lint.grants import Grants, Vectors
from lsmc.modules.selinux.lint.labels import Labels
from lsmc.modules.selinux.model import NOTSELF, OTHER, SELF, FileContext, Policy, RuleKind

if TYPE_CHECKING:
    from lsmc.modules.selinux.engine import Engine

#: A comment that may be for lint; the names of CIL hold no `;`, but texts may.
_COMMENT = re.compile(r'^(?:[^;"\n]|"[^"\n]*")*(;[^\n]*)', re.MULTILINE)
_WORDS = {SELF: "self", NOTSELF: "notself", OTHER: "other"}


@dataclass(frozen=True)
class Tree:
    """A resolved policy; one without anything where the policy is `refused`."""

    policy: Policy
    settings: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False

    # --- what lint asks of it: `lsmc.lint.model.Lintable`

    @cached_property
    def given(self) -> tuple[str, ...]:
        """The paths of the files that were read."""
        return tuple(source.path for source in self.sources)

    @property
    def homes(self) -> Mapping[str, str]:
        """There are no profiles: the rules of a domain stand in many files."""
        return {}

    @property
    def sources(self) -> Collection[Source]:
        """Every text that was read."""
        return self.policy.places.sources

    @property
    def commented(self) -> Iterator[CommentedText]:
        """The comments that may be for lint, in order of path."""
        for source in sorted(self.sources, key=lambda one: one.path):
            if "lsmc" in source.text:
                found = [
                    Span(source, *match.span(1))
                    for match in _COMMENT.finditer(source.text)
                    if "lsmc" in match[1]
                ]
                start = source.text.find("(")
                yield CommentedText(source.path, found, start if start >= 0 else None)

    @property
    def settled(self) -> frozenset[str]:
        """All files, as a policy is read whole; none where it is refused."""
        return frozenset() if self.refused else frozenset(self.given)

    @cached_property
    def engine(self) -> Engine:
        """The policy as tables, to compare it with another."""
        from lsmc.modules.selinux.engine import Engine
        from lsmc.modules.selinux.tables.pack import pack

        return Engine(pack(self.policy), "lint")

    # --- what checks ask

    def setting(self, check: Check[Tree], name: str) -> Any:
        """A value of a check's own table in the configuration, or its default."""
        return self.settings.get(check.name, {}).get(name, check.table[name])

    def span(self, place: int) -> Span:
        """The statement at a place."""
        return self.policy.places.span(place)

    def name(self, label: int) -> str:
        """The name of a type, an attribute or a word such as `self`."""
        types = self.policy.types
        if label in _WORDS:
            return _WORDS[label]
        return types[label].name if label < len(types) else self.attribute(label)

    def written(self, kind: RuleKind, number: int) -> tuple[str, str]:
        """The source and the target that a rule names."""
        rules = self.policy.rules[kind]
        return self.name(rules.source[number]), self.name(rules.target[number])

    def attribute(self, label: int) -> str:
        """The name of an attribute."""
        return self.policy.attributes[label - len(self.policy.types)].name

    def permissions(self, cls: int, mask: int) -> tuple[str, ...]:
        """The names of permissions of a class."""
        names = self.policy.classes[cls].permissions
        return tuple(name for bit, name in enumerate(names) if mask >> bit & 1)

    @cached_property
    def class_numbers(self) -> dict[str, int]:
        """The numbers of the classes by name."""
        return {one.name: number for number, one in enumerate(self.policy.classes)}

    @cached_property
    def type_numbers(self) -> dict[str, int]:
        """The numbers of the types by name."""
        return {one.name: number for number, one in enumerate(self.policy.types)}

    def mask(self, cls: str, *names: str) -> int:
        """Those of some permissions that a class has; none where there is no such class."""
        number = self.class_numbers.get(cls)
        if number is None:
            return 0
        known = self.policy.classes[number].permissions
        return sum(1 << known.index(name) for name in names if name in known)

    @cached_property
    def labels(self) -> Labels:
        """The types and attributes as sets."""
        return Labels(self.policy)

    @cached_property
    def allows(self) -> Grants:
        """The allow rules."""
        return Grants(self.policy, self.labels, "allow")

    @cached_property
    def rules_at(self) -> Mapping[int, int]:
        """How many allow rules of the policy each statement stands for, by place."""
        return Counter(self.policy.rules["allow"].place)

    @cached_property
    def vectors(self) -> Vectors:
        """What the allow rules give to pairs of types, whatever the booleans."""
        return Vectors(self.allows)

    @cached_property
    def file_contexts(self) -> tuple[list[FileContext], FileLabels]:
        """The file contexts in the order of precedence, and what finds them by path."""
        contexts = sorted(
            self.policy.file_contexts, key=lambda one: order(self.path_of(one), one.kind)
        )
        return contexts, FileLabels([(self.path_of(one), one.kind) for one in contexts])

    def path_of(self, context: FileContext) -> str:
        """The expression of a file context as text."""
        return to_path(context.path)
