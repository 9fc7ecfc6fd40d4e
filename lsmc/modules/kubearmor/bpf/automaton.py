"""The names at which the BPF enforcer lets an operation through, as an automaton.

A look-up reads a name from left to right: which key the name is, how far its directories are keys
(within the bytes that are scanned), and which last component it has are all that a decision follows
from.  A state is these three; what is decided there is what the enforcer itself decides for a name
that leads to it.

Names are taken to be seen whole.  The programs see the last 20 components and 199 bytes of a name,
so that of a longer one nothing is said here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from lsmc.modules.kubearmor.bpf.lookup import MAX_SCANNED
from lsmc.modules.kubearmor.bpf.maps import Map

_SLASH = ord("/")
_ALL = ((1 << 256) - 1) & ~1


class Chain(NamedTuple):
    """How far directories are keys: the last that is one, and whether a later one was none."""

    directory: bytes
    broken: bool


class State(NamedTuple):
    """What was read of a name.

    Attributes:
        text: all of it while it begins a key, None behind that.
        last: the last component while it begins the name of a program, None behind that.
        chains: of keys with the source, and without.
        length: how many bytes were read, as far as directories are sought.
        slash: whether a slash came last; none may follow, and only the root ends with one.
    """

    text: bytes | None
    last: bytes | None
    chains: tuple[Chain, Chain]
    length: int
    slash: bool


class AllowedNames:
    """The names that are let through, for `lsmc.automata.algebra`."""

    def __init__(self, map_: Map, source: str, allowed: Callable[[str], bool]) -> None:
        """`allowed` decides of a name for the operation that is asked about."""
        self._allowed = allowed
        keys = [
            (name.encode("utf-8", "surrogateescape"), origin)
            for name, origin in map_.keys
            if isinstance(name, str)
        ]
        paths = {name for name, _ in keys if name.startswith(b"/")}
        self._heads = {name[:end] for name in paths for end in range(len(name) + 1)}
        bare = {name for name, _ in keys if name and not name.startswith(b"/")}
        self._bare = {name[:end] for name in bare for end in range(len(name) + 1)}
        self._directories = tuple(
            {name for name, origin in keys if origin == wanted} for wanted in (source, "")
        )
        none = Chain(b"", broken=False)
        self.start = State(b"", None, (none, none), 0, slash=False)
        self._names: dict[State, bytes] = {self.start: b""}
        self._edges: dict[State, Sequence[tuple[int, State]]] = {}

    def edges(self, state: State) -> Sequence[tuple[int, State]]:
        """Disjoint sets of bytes, each with the live state that it leads to."""
        known = self._edges.get(state)
        if known is None:
            known = self._edges[state] = list(self._followers(state))
        return known

    def accepts(self, state: State) -> tuple[int, ...]:
        """(0,) where the name that was read is let through."""
        if not state.length or (state.slash and state.length > 1):
            return ()
        name = self._names[state].decode("utf-8", "surrogateescape")
        return (0,) if self._allowed(name) else ()

    def _followers(self, state: State) -> list[tuple[int, State]]:
        if not state.length:
            return [(1 << _SLASH, self._after(state, _SLASH))]
        named = {_SLASH} if not state.slash else set[int]()
        for text, heads in ((state.text, self._heads), (state.last, self._bare)):
            if text is not None:
                named |= {byte for byte in range(1, 256) if text + bytes((byte,)) in heads}
        if state.slash:
            named.discard(_SLASH)
        found: dict[State, int] = {}
        for byte in named:
            after = self._after(state, byte)
            found[after] = found.get(after, 0) | 1 << byte
        rest = _ALL & ~(1 << _SLASH)
        for byte in named:
            rest &= ~(1 << byte)
        if rest:
            after = self._after(state, (rest & -rest).bit_length() - 1)
            found[after] = found.get(after, 0) | rest
        return [(mask, after) for after, mask in found.items()]

    def _after(self, state: State, byte: int) -> State:
        text = _kept(state.text, byte, self._heads)
        if byte == _SLASH:
            chains = (self._chain(state, text, 0), self._chain(state, text, 1))
            after = State(text, b"", chains, _length(state), slash=True)
        else:
            last = _kept(state.last, byte, self._bare)
            after = State(text, last, state.chains, _length(state), slash=False)
        self._names.setdefault(after, self._names[state] + bytes((byte,)))
        return after

    def _chain(self, state: State, text: bytes | None, number: int) -> Chain:
        """A chain behind a slash; one beyond the bytes that are scanned changes nothing."""
        chain = state.chains[number]
        if chain.broken or state.length >= MAX_SCANNED:
            return chain
        if text is not None and text in self._directories[number]:
            return Chain(text, broken=False)
        return Chain(chain.directory, broken=True)


def _kept(text: bytes | None, byte: int, heads: set[bytes]) -> bytes | None:
    """A text with one more byte, None where that begins nothing any more."""
    longer = None if text is None else text + bytes((byte,))
    return longer if longer in heads else None


def _length(state: State) -> int:
    return min(state.length + 1, MAX_SCANNED)
