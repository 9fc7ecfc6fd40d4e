"""What operations look up in a profile besides the key of their object.

A hard link asks for `l` on its name and compares the rights of both names, a change at the next
exec asks for the target, a stack as peer asks for its components.  Here are the automata that
follow these other look-ups while a key is read; what they find is judged in `evaluate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from lsmc.analysis.semantics import Besides
from lsmc.automata.alphabet import ALL, mask_of
from lsmc.engine.matcher import Matcher, Node
from lsmc.ir.mediation import MediationClass
from lsmc.modules.apparmor.classes import CHANGE_PROFILE, FILE, LINK, ONEXEC, PTRACE, SIGNAL

_NUL = 1
_SLASH, _AND = mask_of(b"/"), mask_of(b"&")

_FieldState: TypeAlias = "tuple[int, Node]"


class _Field:
    """One field of the keys of a class, looked up as an object of another class.

    A state is the number of the field that is read, and where the field led so far.
    """

    def __init__(self, matcher: Matcher, cls: MediationClass, number: int) -> None:
        self._matcher = matcher
        self._number = number
        self.start: _FieldState = (0, matcher.walk(bytes((cls.code,))))

    def edges(self, state: _FieldState) -> list[tuple[int, _FieldState]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        at, node = state
        behind = (_NUL, (at + 1, node))
        if at != self._number:
            return [(ALL & ~_NUL, state), behind]
        return [behind, *((mask, (at, to)) for mask, to in _live(self._matcher, node))]

    def accepts(self, state: _FieldState) -> tuple[int, ...]:
        """It matches nothing by itself."""
        del state
        return ()


class _Peer(NamedTuple):
    """Where a label is looked up: its component, and what all before it grant together.

    `back` are the nodes before the last slashes of the component, of which `//&` ends it.
    """

    at: int
    root: Node
    node: Node
    back: tuple[Node, ...] = ()
    grant: tuple[int, ...] = ()


class _Components:
    """The components of a stack as peer, each looked up by itself."""

    def __init__(self, matcher: Matcher, cls: MediationClass) -> None:
        self._matcher = matcher
        self._cls = cls
        self._number = cls.fields.index("peer")
        root = matcher.walk(bytes((cls.code,)))
        self.start = _Peer(0, root, root)

    def edges(self, state: _Peer) -> list[tuple[int, _Peer]]:
        """Disjoint sets of bytes, each with the state that it leads to."""
        if state.at < self._number:
            return [
                (mask, _Peer(state.at, to, to)) for mask, to in _live(self._matcher, state.node)
            ] + self._next(state)
        found: list[tuple[int, _Peer]] = []
        for mask, to in _live(self._matcher, state.node):
            if mask & _SLASH:
                found.append((_SLASH, state._replace(node=to, back=(*state.back, state.node)[-2:])))
            ends = len(state.back) == 2
            rest = mask & ~_SLASH & (~_AND if ends else ALL)
            if rest:
                found.append((rest, state._replace(node=to, back=())))
            if ends and mask & _AND:
                found.append((_AND, self._joined(state)))
        return found

    def _next(self, state: _Peer) -> list[tuple[int, _Peer]]:
        dead = self._matcher.node(())
        after = next((to for mask, to in self._matcher.edges(state.node) if mask & _NUL), dead)
        return [(_NUL, _Peer(state.at + 1, after, after))]

    def _joined(self, state: _Peer) -> _Peer:
        one = self._matcher.decide(state.back[0], self._cls, True)
        allow, quiet, *some = state.grant or (self._cls.all, self._cls.all, 0, 0, 0)
        audit, deny, prompt = some
        grant = (
            allow & one.allow,
            quiet & one.quiet,
            audit | one.audit,
            deny | one.deny,
            prompt | one.prompt,
        )
        return _Peer(state.at, state.root, state.root, (), grant)

    def accepts(self, state: _Peer) -> tuple[int, ...]:
        """It matches nothing by itself."""
        del state
        return ()


def _live(matcher: Matcher, node: Node) -> Iterator[tuple[int, Node]]:
    """Where a node leads within a field, by disjoint sets that cover every byte but NUL."""
    rest = ALL & ~_NUL
    for mask, to in matcher.edges(node):
        if mask & ~_NUL:
            yield mask & ~_NUL, to
        rest &= ~mask
    if rest:
        yield rest, matcher.node(())


def _names(matcher: Matcher) -> tuple[_Field, ...]:
    return _Field(matcher, FILE, 0), _Field(matcher, FILE, 1)


def _target(matcher: Matcher) -> tuple[_Field, ...]:
    return (_Field(matcher, CHANGE_PROFILE, 1),)


def _signalled(matcher: Matcher) -> tuple[_Components, ...]:
    return (_Components(matcher, SIGNAL),)


def _traced(matcher: Matcher) -> tuple[_Components, ...]:
    return (_Components(matcher, PTRACE),)


#: By class, what its operations look up besides.
BESIDES: Mapping[MediationClass, Besides] = {
    LINK: Besides(_names, (FILE,), where_refused=False),
    ONEXEC: Besides(_target, (CHANGE_PROFILE,), where_refused=False),
    SIGNAL: Besides(_signalled, (SIGNAL,), where_refused=True),
    PTRACE: Besides(_traced, (PTRACE,), where_refused=True),
}
#: Of a pair of names, `subset` only limits what `link` grants.
LIMITS: Mapping[MediationClass, int] = {LINK: LINK.mask(("subset",))}
