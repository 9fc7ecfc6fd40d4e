"""The AppArmor front end: policy text to the policy IR.

The passes in order: parse, read the preamble (includes, variables, aliases, abi), flatten the
bodies (includes, conditions, blocks), lower the fragments to units, and check what only a whole
profile shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, Label, distinct
from lsmc.base.source import Span, to_display
from lsmc.compiler.inputs import FileQuery
from lsmc.ir.model import Profile, Rule, Unit, Use
from lsmc.modules.apparmor.classes import MODULE
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.lower.conflicts import ExecConflicts, onexec_conflict
from lsmc.modules.apparmor.lower.context import Altered, ExecNote, Lowering
from lsmc.modules.apparmor.lower.environment import SavedEnvironment
from lsmc.modules.apparmor.lower.implied_rules import lower_implied
from lsmc.modules.apparmor.lower.profile_head import (
    ProfileName,
    attachment,
    builtins,
    flags,
    identities,
    profile_name,
    scoped,
)
from lsmc.modules.apparmor.lower.rules.rlimit import lower_rlimit
from lsmc.modules.apparmor.lower.units import AFTER_EXPANSION, Environment, Lowerer
from lsmc.modules.apparmor.releases import (
    GRANDCHILD,
    Release,
    release_of,
)
from lsmc.modules.apparmor.resolve.aliases import NO_ALIASES, Aliases
from lsmc.modules.apparmor.resolve.body import Body, BodyReader, FragmentKey
from lsmc.modules.apparmor.resolve.enforced_classes import mediated
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features, supported
from lsmc.modules.apparmor.resolve.library import Library, Remembered
from lsmc.modules.apparmor.resolve.preamble import Preamble, PreambleReader
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.resolve.variables import Variables
from lsmc.modules.apparmor.syntax import ast

MAX_EXEC_TARGETS = 12
_NAMED = ("profile", "child", "stack")


class FlatProfile(NamedTuple):
    """A profile or child with its flattened body, and the includes that lead to it."""

    ast: ast.Profile
    via: tuple[Span, ...]
    body: Body


@dataclass(frozen=True, slots=True)
class Compiled:
    """The profiles of one file, and what is wrong with it; without errors they are sound.

    `preamble` and `bodies` are for analyses of what was written: variables, aliases, abi lines,
    and the rules of each profile, also those that gave no IR; `altered` is what the rules of a
    fragment become where that is something else than they say.  `aliases` tells which of them have
    matched some text.  `asked` is all that was asked of the file system on the way.  `environment`
    is what the profiles were lowered under, and `plain` are the included files of which nothing but
    their rules and includes counts, so that `revision` can tell what a change of one does.
    """

    profiles: tuple[Profile, ...]
    diagnostics: tuple[Diagnostic, ...]
    features: Features
    preamble: Preamble = field(default_factory=Preamble)
    bodies: tuple[FlatProfile, ...] = ()
    altered: Mapping[FragmentKey, tuple[Altered, ...]] = field(default_factory=dict)
    aliases: Aliases = NO_ALIASES
    asked: frozenset[FileQuery] = frozenset()
    environment: SavedEnvironment | None = None
    plain: frozenset[str] = frozenset()


class Compiler:
    """Compiles files that share includes; keeps what one file can reuse from another."""

    module = MODULE

    def __init__(
        self,
        library: Library,
        *,
        features: Features | None = None,
        variables: Mapping[str, Sequence[str]] | None = None,
        booleans: Mapping[str, bool] | None = None,
        target: Release | None = None,
        kernel: Features | None = None,
        unnamed: Features = DEFAULT,
        lowerer: Lowerer | None = None,
    ) -> None:
        """A compiler.

        `target` is the release to decide as, whatever the abi of a profile stands for; `kernel` are
        the features that are there, of which a profile has those of its abi; `unnamed` those that
        policy without an `abi` line counts on.
        `lowerer` knows the rules of texts that were compiled before.
        """
        self.kernel = kernel
        self.unnamed = unnamed
        self.library = library
        self.target = target
        start = Preamble()
        for name, values in (variables or {}).items():
            start.variables.assign(name, values)
        for name, value in (booleans or {}).items():
            start.variables.assign_bool(name, value)
        self._preambles = PreambleReader(library, features, start)
        self._lowerer = lowerer or Lowerer()
        self._conflicts = ExecConflicts()
        self._alias_tables: dict[tuple[tuple[str, str], ...], Aliases] = {}

    def hand_over(self) -> tuple[Remembered, Lowerer]:
        """What a later compiler of similar texts can use, which this one gives up."""
        known = self.library.hand_over()
        return known, self._lowerer.of(one.source for one in known.parsed.values())

    def compile(self, path: str) -> Compiled:
        """Compile the file at a path; OSError when it cannot be read."""
        self.library.asked = set()
        parsed = self.library.file(path)
        preamble = self._preambles.read(parsed.tree, path)
        diagnostics = [*parsed.diagnostics, *preamble.diagnostics]
        reader = self._body_reader(preamble)
        bodies = _bodies(reader, preamble, diagnostics)
        aliases = self._aliases(preamble.aliases)
        features = preamble.features or self.unnamed
        release = self._release(features)
        if self.kernel is not None:
            features = supported(features, self.kernel)
        file = _FileCompiler(
            self._lowerer,
            self._conflicts,
            preamble.variables,
            aliases,
            features,
            release,
            diagnostics,
        )
        for profile, via, body in bodies:
            file.profile(profile, via, body, None)
        flat = tuple(one for profile, via, tree in bodies for one in _flat(profile, via, tree))
        return Compiled(
            profiles=tuple(file.profiles),
            diagnostics=tuple(distinct(diagnostics)),
            features=file.features,
            preamble=preamble,
            bodies=flat,
            altered=file.altered,
            aliases=aliases,
            asked=frozenset(self.library.asked),
            environment=SavedEnvironment.of(
                preamble.variables, aliases, file.features, file.identities
            ),
            plain=frozenset(reader.plain - reader.changed - preamble.seen),
        )

    def _aliases(self, pairs: Sequence[tuple[str, str]]) -> Aliases:
        """The table of some aliases; most files have the same ones."""
        key = tuple(pairs)
        if key not in self._alias_tables:
            self._alias_tables[key] = Aliases(key)
        return self._alias_tables[key]

    def _body_reader(self, preamble: Preamble) -> BodyReader:
        def on_abi(abi: ast.Abi) -> None:
            self._preambles.abi(preamble, abi)

        # an `abi` line in a body says nothing yet of the conditions there
        release = self._release(preamble.features or self.unnamed)
        return BodyReader(self.library, preamble.variables, release, on_abi)

    def _release(self, features: Features) -> Release:
        return self.target if self.target is not None else release_of(features)


def _bodies(
    reader: BodyReader, preamble: Preamble, diagnostics: list[Diagnostic]
) -> list[tuple[ast.Profile, tuple[Span, ...], _Tree]]:
    """Flatten all bodies before anything is lowered: an abi line in one holds for all."""

    def flatten(
        profile: ast.Profile, via: tuple[Span, ...], depth: int, taken: bool = True
    ) -> _Tree:
        body = reader.read(profile, via, taken)
        diagnostics.extend(body.diagnostics)
        if depth > 50:
            raise refusal("nested-too-deeply", profile.head, "profiles nested too deeply")
        children = [(c, v, flatten(c, v, depth + 1)) for c, v in body.children]
        dropped = [(c, flatten(c, v, depth + 1, taken=False)) for c, v in body.dropped]
        return _Tree(body, children, dropped)

    found = []
    for profile, via in preamble.profiles:
        try:
            found.append((profile, via, flatten(profile, via, 0)))
        except Refused as refused:
            diagnostics.append(refused.diagnostic)
    return found


@dataclass(slots=True)
class _Tree:
    """A flattened body with those of its children, and of the profiles in it that are dropped."""

    body: Body
    children: list[tuple[ast.Profile, tuple[Span, ...], _Tree]]
    dropped: list[tuple[ast.Profile, _Tree]]


def _flat(profile: ast.Profile, via: tuple[Span, ...], tree: _Tree) -> Iterator[FlatProfile]:
    yield FlatProfile(profile, via, tree.body)
    for child, chain, subtree in tree.children:
        yield from _flat(child, chain, subtree)


class _Parent(NamedTuple):
    """The profile around a child: where it stands, and what the child's names begin with.

    `name` is for the name that a kernel knows the child by, `path` for its `@{profile_name}`.
    """

    name: ProfileName
    path: ProfileName
    head: Span


class _FileCompiler:
    """Lowers the profiles of one file, whose variables, aliases and features are settled."""

    def __init__(
        self,
        lowerer: Lowerer,
        conflicts: ExecConflicts,
        variables: Variables,
        aliases: Aliases,
        features: Features,
        release: Release,
        diagnostics: list[Diagnostic],
    ) -> None:
        self.features = features
        self._release = release
        self.profiles: list[Profile] = []
        self.identities: list[tuple[str, str]] = []
        self.altered: dict[FragmentKey, tuple[Altered, ...]] = {}
        self._lowerer = lowerer
        self._conflicts = conflicts
        self._variables = variables
        self._aliases = aliases
        self._diagnostics = diagnostics
        self._names: dict[tuple[str, Span | None, str], Span] = {}
        self._mediated = mediated(features, release)

    def profile(
        self,
        profile: ast.Profile,
        via: tuple[Span, ...],
        tree: _Tree,
        parent: _Parent | None,
    ) -> None:
        """Lower a profile and its children."""
        try:
            self._profile(profile, via, tree, parent)
        except Refused as refused:
            self._diagnostics.append(refused.diagnostic)

    def _profile(
        self,
        profile: ast.Profile,
        via: tuple[Span, ...],
        tree: _Tree,
        parent: _Parent | None,
    ) -> None:
        under = (self.features, self._aliases, self._release)
        context = Lowering(self._variables, *under, rule=profile.head)
        own = profile_name(profile, context)
        name, full = own, own
        if parent is not None:
            name, full = parent.name.child(own), parent.path.child(own)
        self._claim(own, profile, parent)
        attach, attach_text = attachment(profile, own, context)
        if name.local.startswith("//"):
            attach = None  # no kernel loads it: the parent would be a profile without a name
        named = identities(profile)
        scope = scoped(self._variables, builtins(full.local, attach_text))
        flag = flags(profile.flags, Lowering(scope, *under, rule=profile.head))
        is_hat = profile.keyword in ("hat", "^")
        uses, notes = self._uses(tree.body, scope)
        rules = [rule for use in uses for rule in use.unit.rules]
        hats = bool(tree.children) or is_hat
        implied = lower_implied(profile.head, rules, hats, context)
        if implied.rules:
            uses.append(Use(implied, via))
        self._check(notes, rules, name.local)
        self.identities.append((full.local, attach_text))
        self.profiles.append(
            Profile(
                name=name.local,
                origin=profile.head,
                namespace=name.namespace,
                parent=parent.name.local if parent is not None else "",
                is_hat=is_hat,
                mode=flag.mode,
                audit=flag.audit,
                attachment=attach,
                uses=tuple(uses),
                mediated=self._mediated,
                settings=(
                    *flag.settings,
                    *named,
                    ("abi", self.features.name),
                    ("target", self._release.target),
                ),
                rlimits=self._rlimits(tree.body),
            )
        )
        for inner, subtree in tree.dropped:
            self._dropped(inner, subtree)
        stem = name
        if GRANDCHILD.older(self._release):
            stem = ProfileName(name.namespace, own.local)
        for child, chain, subtree in tree.children:
            self.profile(child, chain, subtree, _Parent(stem, full, profile.head))

    def _dropped(self, profile: ast.Profile, tree: _Tree) -> None:
        """Check a profile that is dropped for what the compiler sees before it drops it."""
        context = Lowering(
            self._variables, self.features, self._aliases, self._release, rule=profile.head
        )
        try:
            identities(profile)
            flags(profile.flags, context)
        except Refused as refused:
            if refused.diagnostic.name not in AFTER_EXPANSION:
                self._diagnostics.append(refused.diagnostic)
        self._uses(tree.body, self._variables)
        self._rlimits(tree.body)
        for inner, subtree in (*((child, sub) for child, _, sub in tree.children), *tree.dropped):
            self._dropped(inner, subtree)

    def _claim(self, name: ProfileName, profile: ast.Profile, parent: _Parent | None) -> None:
        # the compiler does not compare a child with a profile that is written `parent//child`
        key = (name.namespace, parent.head if parent is not None else None, name.local)
        first = self._names.setdefault(key, profile.head)
        if first is not profile.head:
            raise refusal(
                "duplicate-profile" if parent is None else "duplicate-child",
                profile.head,
                f"profile `{to_display(name.local)}` is defined twice",
                "rename or remove one of them",
                (Label(first, "first defined here"),),
            )

    def _uses(self, body: Body, scope: Variables) -> tuple[list[Use], list[ExecNote]]:
        uses: list[Use] = []
        notes: list[ExecNote] = []
        under = Environment(scope, self.features, self._aliases, self._release)
        for fragment in body.fragments:
            lowered = self._lowerer.lower(fragment, under)
            self._diagnostics.extend(lowered.diagnostics)
            if lowered.shared.rules:
                uses.append(Use(lowered.shared, fragment.via))
            if lowered.own:
                uses.append(Use(Unit(lowered.own), fragment.via))
            notes.extend(lowered.notes)
            if lowered.altered:
                self.altered[fragment.key] = lowered.altered
        return uses, notes

    def _check(self, notes: Sequence[ExecNote], rules: Sequence[Rule], name: str) -> None:
        self._diagnostics.extend(self._conflicts.check(notes, name))
        clash = onexec_conflict(rules, name)
        if clash is not None:
            self._diagnostics.append(clash)
        targets: dict[tuple[str, str], Rule] = {}
        for note in notes:
            transition = note.rule.transition
            if transition is not None and transition.kind in _NAMED:
                targets.setdefault((transition.kind, transition.name), note.rule)
        if len(targets) > MAX_EXEC_TARGETS:
            last = list(targets.values())[MAX_EXEC_TARGETS]
            self._diagnostics.append(
                error(
                    "too-many-exec-targets",
                    last.origin,
                    f"profile `{to_display(name)}` names {len(targets)} exec targets, "
                    f"the kernel takes {MAX_EXEC_TARGETS}",
                )
            )

    def _rlimits(self, body: Body) -> tuple[tuple[str, int | None], ...]:
        limits: dict[str, int | None] = {}
        for rlimit, kept in body.rlimits:
            try:
                name, value = lower_rlimit(rlimit)
            except Refused as refused:
                self._diagnostics.append(refused.diagnostic)
                continue
            if kept:
                limits[name] = value
        return tuple(sorted(limits.items()))
