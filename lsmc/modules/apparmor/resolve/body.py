"""The body of a profile as fragments: includes followed, conditions decided, blocks opened.

A fragment is the rules that stand directly in one text (a body, an included file, a block) under
one prefix.  Fragments are what profiles share: the same included file gives the same fragment to
all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Source, Span
from lsmc.compiler.errors import unreadable
from lsmc.modules.apparmor.errors import error
from lsmc.modules.apparmor.releases import Release
from lsmc.modules.apparmor.resolve.conditions import evaluate
from lsmc.modules.apparmor.resolve.library import Library
from lsmc.modules.apparmor.resolve.preamble import MAX_INCLUDE_DEPTH
from lsmc.modules.apparmor.resolve.refused import Refused, refusal
from lsmc.modules.apparmor.resolve.variables import Variables
from lsmc.modules.apparmor.syntax import ast

MAX_NESTING = 100


#: The place of a text, the prefix it stands under, and whether it is taken, conditional and joined.
FragmentKey = tuple[Source, int, ast.Prefix | None, bool, bool, bool]


class Fragment(NamedTuple):
    """Rules of one text under one block prefix.

    `taken` is False for the branch of a condition that does not hold: its rules are checked, not
    used.  `conditional` is True for every branch, and for what it includes; `joined` for one whose
    network rules the first release adds to those before it.
    """

    rules: tuple[ast.Rule, ...]
    key: FragmentKey
    via: tuple[Span, ...]
    prefix: ast.Prefix | None = None
    taken: bool = True
    conditional: bool = False
    joined: bool = False


@dataclass(slots=True)
class Body:
    """What a profile's body holds after includes and conditions.

    `dropped` are the profiles in a block or in a branch that is not taken: they are checked alone.
    """

    fragments: list[Fragment] = field(default_factory=list)
    children: list[tuple[ast.Profile, tuple[Span, ...]]] = field(default_factory=list)
    dropped: list[tuple[ast.Profile, tuple[Span, ...]]] = field(default_factory=list)
    rlimits: list[tuple[ast.Rlimit, bool]] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


@dataclass(slots=True)
class _Networks:
    """The network rules of a body or a branch: whether one was met, and whether they count."""

    met: bool = False
    joined: bool = True


class _Place(NamedTuple):
    """Where the walk is: the chain of includes, the open blocks, and whether rules here count."""

    networks: _Networks
    via: tuple[Span, ...] = ()
    prefix: ast.Prefix | None = None
    taken: bool = True
    in_condition: bool = False
    depth: int = 0


class BodyReader:
    """Flattens bodies; `on_abi` is told of each `abi` line met on the way.

    `plain` are the files whose rules were taken as they stand; `changed` those that were included
    inside a block or a condition.  Conditions are those of a `release`.
    """

    def __init__(
        self,
        library: Library,
        variables: Variables,
        release: Release,
        on_abi: Callable[[ast.Abi], None],
    ) -> None:
        self.release = release
        self.library = library
        self.variables = variables
        self.on_abi = on_abi
        self.plain: set[str] = set()
        self.changed: set[str] = set()

    def read(self, profile: ast.Profile, via: tuple[Span, ...], taken: bool = True) -> Body:
        """The fragments, children and limits of a profile; one not `taken` gives no rules."""
        body = Body()
        self._walk(profile.body, profile.span, body, set(), _Place(_Networks(), via, taken=taken))
        return body

    def _walk(
        self, items: tuple[ast.Item, ...], span: Span, body: Body, seen: set[str], place: _Place
    ) -> None:
        if place.depth > MAX_NESTING:
            body.diagnostics.append(
                error("nested-too-deeply", span, "blocks and includes nested too deeply")
            )
            return
        rules = tuple([item for item in items if isinstance(item, ast.Rule)])
        if rules:
            held = place.taken, place.in_condition, place.in_condition and place.networks.joined
            key = (span.source, span.start, place.prefix, *held)
            body.fragments.append(Fragment(rules, key, place.via, place.prefix, *held))
        for item in items:
            if isinstance(item, ast.Rule):
                if not place.networks.met:
                    place.networks.met = is_network(item)
                continue
            try:
                self._item(item, body, seen, place)
            except Refused as refused:
                body.diagnostics.append(refused.diagnostic)

    def _item(self, item: ast.Item, body: Body, seen: set[str], place: _Place) -> None:
        match item:
            case ast.Include():
                self._include(item, body, seen, place)
            case ast.If():
                self._condition(item, body, seen, place)
            case ast.Block():
                prefix = _combine(place.prefix, item)
                networks = _Networks(joined=False)
                nested = place._replace(prefix=prefix, networks=networks, depth=place.depth + 1)
                self._walk(item.body, item.span, body, seen, nested)
            case ast.Profile():
                _check_child(item)
                # the compiler drops what blocks hold besides file rules
                kept = place.taken and place.prefix is None
                (body.children if kept else body.dropped).append((item, place.via))
            case ast.Rlimit():
                dropped = place.prefix is not None or place.in_condition
                body.rlimits.append((item, not dropped))
            case ast.Abi():
                self.on_abi(item)
            case _:
                what = "an alias" if isinstance(item, ast.Alias) else "an assignment"
                raise refusal(
                    "misplaced-preamble",
                    item.span,
                    f"{what} stands inside a profile",
                    "move it before the first profile of the file",
                )

    def _include(self, include: ast.Include, body: Body, seen: set[str], place: _Place) -> None:
        if len(place.via) >= MAX_INCLUDE_DEPTH:
            raise refusal("nested-too-deeply", include.span, "includes nested too deeply")
        for path in self.library.include(include):
            if path in seen:
                continue
            seen.add(path)
            try:
                parsed = self.library.file(path)
            except OSError as fault:
                raise Refused(unreadable(path, fault, include.path.span)) from None
            plain = not place.in_condition and place.prefix is None
            (self.plain if plain else self.changed).add(path)
            body.diagnostics.extend(parsed.diagnostics)
            inner = place._replace(via=(*place.via, include.span), depth=0)
            self._walk(parsed.tree.items, parsed.tree.span, body, seen, inner)

    def _condition(self, item: ast.If, body: Body, seen: set[str], place: _Place) -> None:
        holds = evaluate(item.condition, self.variables, self.release)
        for branch, chosen in ((item.body, holds), (item.orelse, not holds)):
            if branch:
                networks = _Networks(joined=place.networks.joined and place.networks.met)
                taken = place.taken and chosen
                inner = place._replace(
                    networks=networks, taken=taken, in_condition=True, depth=place.depth + 1
                )
                # the branches of one `if` share its span: the place of the first item tells them
                # apart
                first = branch[0].span
                self._walk(branch, first, body, seen, inner)


def is_network(rule: ast.Rule) -> bool:
    """Whether this is a `network` rule."""
    return rule.body.kind == "network"


def _combine(outer: ast.Prefix | None, block: ast.Block) -> ast.Prefix:
    """The prefix of a block inside another; raises `Refused` when the two contradict."""
    inner = block.prefix
    if inner.priority is not None:
        raise refusal(
            "priority-not-allowed",
            block.span._replace(end=block.span.start + 1),
            "a block takes no `priority=`",
            "write the priority on each rule",
        )
    if outer is None:
        return inner
    if outer.effect and inner.effect and outer.effect != inner.effect:
        raise conflicting_block(block.span, outer.effect, inner.effect)
    return merge(outer, inner)


def merge(outer: ast.Prefix, inner: ast.Prefix) -> ast.Prefix:
    """The prefix of something inside a block, given that their modes agree."""
    owner = inner.owner or outer.owner
    if outer.owner and outer.owner != owner:
        owner = "nobody"
    return ast.Prefix(
        inner.priority, outer.audit or inner.audit, inner.effect or outer.effect, owner
    )


def conflicting_block(span: Span, outer: str, inner: str) -> Refused:
    """The error for a rule or block whose mode differs from that of the block around it."""
    return refusal(
        "conflicting-block-prefix",
        span,
        f"`{inner}` stands inside a `{outer}` block",
        f"drop one of them, or move this out of the `{outer}` block",
    )


def _check_child(child: ast.Profile) -> None:
    if not child.keyword:
        raise refusal(
            "bare-profile-name",
            child.head,
            f"a profile inside a profile needs a keyword: `{child.name.text}`",
            "write `profile`, `hat` or `^` before its name",
        )
    if child.keyword in ("hat", "^") and child.has_xattrs:
        raise refusal("xattrs-on-hat", child.head, "a hat takes no `xattrs=`")
