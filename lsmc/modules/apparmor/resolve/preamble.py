"""The preamble of a policy file: what holds for all its profiles.

Items are taken in the order of the text, includes in place: assignments change the variable table
as they come, aliases and the first `abi` line are kept, and the profiles are gathered with the
chain of includes that led to them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span, to_display
from lsmc.compiler.errors import unreadable
from lsmc.compiler.inputs import FileQuery
from lsmc.modules.apparmor.resolve.conditions import evaluate
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.resolve.variables import Variables
from lsmc.modules.apparmor.syntax import ast

MAX_INCLUDE_DEPTH = 100


class Assigned(NamedTuple):
    """An assignment that was met: whether it changed anything, and the declaration before it."""

    item: ast.Assign | ast.AssignBool
    changed: bool
    before: Span | None = None


@dataclass(slots=True)
class Preamble:
    """The state after reading a file from its start: grows while items are taken."""

    variables: Variables = field(default_factory=Variables)
    aliases: list[tuple[str, str]] = field(default_factory=list)
    features: Features | None = None
    profiles: list[tuple[ast.Profile, tuple[Span, ...]]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    declared: dict[str, Span] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    reported: set[str] = field(default_factory=set)
    abi_lines: list[tuple[ast.Abi, Features]] = field(default_factory=list)
    assigned: list[Assigned] = field(default_factory=list)
    alias_lines: list[tuple[ast.Alias, tuple[Span, ...]]] = field(default_factory=list)

    def copy(self) -> Preamble:
        """A state that goes on from here without changing this one."""
        return Preamble(
            variables=Variables(self.variables),
            aliases=list(self.aliases),
            features=self.features,
            profiles=list(self.profiles),
            seen=set(self.seen),
            declared=dict(self.declared),
            diagnostics=list(self.diagnostics),
            reported=set(self.reported),
            abi_lines=list(self.abi_lines),
            assigned=list(self.assigned),
            alias_lines=list(self.alias_lines),
        )


def _ended(state: Preamble, rule: Span) -> tuple[Label, ...]:
    """Where the profile ends that stands before a rule outside of all."""
    last = state.profiles[-1][0] if state.profiles else None
    if last is None or last.span.source is not rule.source:
        return ()
    end = last.span._replace(start=last.span.end - 1)
    return (Label(end, f"profile `{to_display(last.name.text)}` ended here"),)


class PreambleReader:
    """Reads preambles; what a leading include leaves behind is worked out once for all files."""

    def __init__(self, library: Library, features: Features | None, defines: Preamble) -> None:
        self.library = library
        self.override = features
        self._start = defines
        self._after: dict[str, tuple[Preamble, frozenset[FileQuery]]] = {}

    def read(self, tree: ast.File, path: str) -> Preamble:
        """The preamble of a file whose items are those of `tree`.

        `features` stays None when neither the caller nor an `abi` line here names a set: a line in
        a profile's body may still do so.
        """
        state = self._start.copy()
        state.features = self.override
        state.seen.add(path)
        fresh = True
        for item in tree.items:
            if fresh and isinstance(item, ast.Include):
                state = self._after_include(state, item)
                fresh = False
                continue
            if not isinstance(item, ast.Abi):
                fresh = False
            self._item(state, item, ())
        return state

    def _after_include(self, state: Preamble, include: ast.Include) -> Preamble:
        """Take a first include: the outcome depends on nothing but the include itself."""
        found = self.library.find(include.path, include.magic)
        if found is None or len(found) != 1 or found[0] in state.seen or state.diagnostics:
            self._item(state, include, ())
            return state
        path = found[0]
        if path not in self._after:
            others = self.library.asked
            self.library.asked = set()
            base = self._start.copy()
            self._item(base, include, ())
            self._after[path] = base, frozenset(self.library.asked)
            self.library.asked = others
        base, asked = self._after[path]
        self.library.asked |= asked
        if base.profiles or base.diagnostics or (base.features and not state.features):
            self._item(state, include, ())
            return state
        result = base.copy()
        result.features = state.features
        result.abi_lines = [*state.abi_lines, *base.abi_lines]
        result.seen |= state.seen
        return result

    def _item(self, state: Preamble, item: ast.Item, via: tuple[Span, ...]) -> None:
        try:
            match item:
                case ast.Include():
                    self._include(state, item, via)
                case ast.Profile():
                    state.profiles.append((item, via))
                case ast.Abi():
                    self._before_profiles(state, item.span, "an `abi` line")
                    self.abi(state, item)
                case ast.Alias():
                    self._before_profiles(state, item.span, "an alias")
                    self._alias(state, item)
                    state.alias_lines.append((item, via))
                case ast.Assign() | ast.AssignBool():
                    self._before_profiles(state, item.span, "an assignment")
                    self._assigned(state, item)
                case _:
                    raise refusal(
                        "unexpected-text",
                        item.span,
                        "a rule stands outside of a profile",
                        "rules belong between the `{` and `}` of a profile",
                        _ended(state, item.span),
                    )
        except Refused as refused:
            state.diagnostics.append(refused.diagnostic)

    def _before_profiles(self, state: Preamble, span: Span, what: str) -> None:
        if state.profiles:
            raise refusal(
                "misplaced-preamble",
                span,
                f"{what} stands after a profile",
                "move it before the first profile of the file",
                (Label(state.profiles[0][0].head, "the first profile"),),
            )

    def _include(self, state: Preamble, include: ast.Include, via: tuple[Span, ...]) -> None:
        if len(via) >= MAX_INCLUDE_DEPTH:
            raise refusal("nested-too-deeply", include.span, "includes nested too deeply")
        for path in self.library.include(include):
            if path in state.seen:
                continue
            state.seen.add(path)
            try:
                parsed = self.library.file(path)
            except OSError as fault:
                raise Refused(unreadable(path, fault, include.path.span)) from None
            if path not in state.reported:
                state.reported.add(path)
                state.diagnostics.extend(parsed.diagnostics)
            for item in parsed.tree.items:
                self._item(state, item, (*via, include.span))

    def abi(self, state: Preamble, abi: ast.Abi) -> None:
        """Take an `abi` line: the first one counts, unless the caller gave a set."""
        if abi.magic and abi.path.text in ("kernel", "default"):
            features = DEFAULT
        else:
            features, faults = self.library.features(abi)
            state.diagnostics.extend(faults)
        state.abi_lines.append((abi, features))
        if state.features is None:
            state.features = features

    def _alias(self, state: Preamble, alias: ast.Alias) -> None:
        if alias.old.text.startswith("@{"):
            raise refusal(
                "misplaced-preamble", alias.old.span, "an alias takes a path, not a variable"
            )
        state.aliases.append((alias.old.text, alias.new.text))

    def _assigned(self, state: Preamble, item: ast.Assign | ast.AssignBool) -> None:
        name = item.name.text
        declared = state.declared.get(name)
        before = state.variables.values(name), state.variables.boolean(name)
        self._assign(state, item)
        after = state.variables.values(name), state.variables.boolean(name)
        state.assigned.append(Assigned(item, before != after, declared))

    def _assign(self, state: Preamble, item: ast.Assign | ast.AssignBool) -> None:
        name = item.name.text
        variables = state.variables
        is_set = variables.values(name) is not None
        is_bool = variables.boolean(name) is not None
        if item.op == "=" and (is_set or is_bool):
            preset = name in self._start.variables.sets or name in self._start.variables.bools
            if preset and name not in state.declared:
                return  # set by the caller, who overrides the file
            first = state.declared.get(name)
            raise refusal(
                "redeclared-variable",
                item.span,
                f"variable `{name}` is declared twice",
                "use `+=` to add values, or `:=` to replace them",
                (Label(first, "first declared here"),) if first is not None else (),
            )
        if item.op == "?=" and (is_set or is_bool):
            return
        if name in self._start.variables.sets and name not in state.declared:
            return
        if isinstance(item, ast.AssignBool):
            if item.op == "+=":
                raise refusal(
                    "append-to-boolean",
                    item.span,
                    f"`+=` cannot add to the boolean `{name}`",
                    "use `=` or `:=`",
                )
            if is_set:
                raise _both_kinds(item.span, name)
            variables.assign_bool(name, evaluate(item.value, variables))
        else:
            values = [value.text for value in item.values]
            if is_bool:
                kind = "append-to-boolean" if item.op == "+=" else "redeclared-variable"
                raise _both_kinds(item.span, name, kind)
            if item.op == "+=":
                before = variables.values(name)
                if before is None:
                    raise refusal(
                        "append-to-undeclared",
                        item.span,
                        f"`+=` adds to `@{{{name}}}`, which is not declared",
                        "declare it with `=` first, or include the tunable that does",
                    )
                values = [*before, *values]
            variables.assign(name, values)
        state.declared.setdefault(name, item.span)


def _both_kinds(span: Span, name: str, kind: str = "redeclared-variable") -> Refused:
    return refusal(
        kind,
        span,
        f"`{name}` is both a boolean and a set of values",
        "give one of them another name",
    )
