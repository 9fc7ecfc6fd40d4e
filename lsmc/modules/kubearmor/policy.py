"""Policy of KubeArmor as data: documents, their selectors, and the entries of their sections."""

from __future__ import annotations

from typing import Literal, NamedTuple

from lsmc.engine.verdict import RuleRef

PolicyKind = Literal["KubeArmorPolicy", "KubeArmorHostPolicy", "KubeArmorClusterPolicy"]
Section = Literal["process", "file", "network", "capabilities", "syscalls", "device"]
Match = Literal[
    "path", "execname", "dir", "pattern", "protocol", "domain", "capability", "syscall", "class"
]
ALLOW, AUDIT, BLOCK = "Allow", "Audit", "Block"
#: The actions that the API server admits.
ACTIONS = (ALLOW, AUDIT, BLOCK)


class Place(NamedTuple):
    """Where something is written: lines and columns of both ends, and their offsets in bytes."""

    line: int
    column: int
    end_line: int
    end_column: int
    start: int
    end: int


class Entry(NamedTuple):
    """One entry of a section, with what it inherits from its section and its policy.

    Attributes:
        section: the section that it stands in.
        match: what of an access it names.
        value: the name: a path, a directory with its `/`, a pattern, a protocol, ...
        action: as written in the entry, else in the section, else in the policy, else `Block`.
        sources: the programs of `fromSource`, all if there are none.
        owner_only: `ownerOnly`.
        read_only: `readOnly`.
        recursive: `recursive`.
        pts: `pts`, None where it is not written.
        args: `allowedArgs`.
        severity: as the action; 0 where none is written.
        tags: as the action.
        message: as the action.
        place: where the entry is written.
    """

    section: Section
    match: Match
    value: str
    action: str
    sources: tuple[str, ...] = ()
    owner_only: bool = False
    read_only: bool = False
    recursive: bool = False
    pts: bool | None = None
    args: tuple[str, ...] = ()
    severity: int = 0
    tags: tuple[str, ...] = ()
    message: str = ""
    place: Place = Place(1, 1, 1, 1, 0, 0)

    @property
    def text(self) -> str:
        """The entry in one line, as YAML, behind its action and section."""
        parts = [f"{self.match}: {self.value}"]
        flags = ("ownerOnly", self.owner_only), ("readOnly", self.read_only)
        parts += [
            f"{name}: true" for name, value in (*flags, ("recursive", self.recursive)) if value
        ]
        if self.pts is not None:
            parts.append(f"pts: {str(self.pts).lower()}")
        if self.args:
            parts.append(f"allowedArgs: [{', '.join(self.args)}]")
        if self.sources:
            paths = ", ".join(f"{{path: {source}}}" for source in self.sources)
            parts.append(f"fromSource: [{paths}]")
        return f"{self.action} {self.section} {{{', '.join(parts)}}}"


class Expression(NamedTuple):
    """One of `matchExpressions`: `key` is `label` or `namespace`, `operator` `In` or `NotIn`."""

    key: str
    operator: str
    values: tuple[str, ...]


class Selector(NamedTuple):
    """Which containers, or nodes, a policy is for: all labels, and the expressions."""

    labels: tuple[tuple[str, str], ...] = ()
    expressions: tuple[Expression, ...] = ()

    @property
    def text(self) -> str:
        """The labels and expressions in one line."""
        labels = [f"{name}={value}" for name, value in self.labels]
        words = [f"{one.key} {one.operator} {'|'.join(one.values)}" for one in self.expressions]
        return ",".join(labels + words)


class Policy(NamedTuple):
    """One document of policy; `apparmor` is the raw text for AppArmor that it brings."""

    kind: PolicyKind
    namespace: str
    name: str
    file: str
    selector: Selector
    apparmor: str
    presets: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    place: Place

    @property
    def title(self) -> str:
        """The name, behind its namespace where there is one."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def host(self) -> bool:
        """Whether it is for nodes, not for containers."""
        return self.kind == "KubeArmorHostPolicy"

    def ref(self, entry: Entry) -> RuleRef:
        """An entry as a rule that took part."""
        place = entry.place
        return RuleRef(self.title, self.file, place.line, place.column, entry.text, ())


class Namespace(NamedTuple):
    """A Namespace of Kubernetes: the postures that its annotations set, by class."""

    name: str
    postures: tuple[tuple[str, str], ...]


class Rule(NamedTuple):
    """An entry with the policy that it stands in."""

    policy: Policy
    entry: Entry

    @property
    def ref(self) -> RuleRef:
        """The rule as one that took part."""
        return self.policy.ref(self.entry)


class PolicySet(NamedTuple):
    """All that was read together, in order."""

    policies: tuple[Policy, ...]
    namespaces: tuple[Namespace, ...]


def rules(policies: tuple[Policy, ...]) -> tuple[Rule, ...]:
    """The entries of some policies, in order."""
    return tuple(Rule(policy, entry) for policy in policies for entry in policy.entries)
