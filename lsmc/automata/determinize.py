"""From patterns to their decision table, apart from the table: who reads one from a bundle makes
none.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import lru_cache

from lsmc.automata.alphabet import ALL, bytes_of
from lsmc.automata.dfa import MAX_STATES, Dfa, StateLimit
from lsmc.automata.nfa import Nfa, build_nfa
from lsmc.automata.pattern import Pattern
from lsmc.kernels.subset import subset


def determinize(patterns: Sequence[Pattern], limit: int = MAX_STATES) -> Dfa:
    """The decision table of numbered patterns; raises `StateLimit`."""
    return determinize_nfa(build_nfa(patterns), limit)


def determinize_nfa(nfa: Nfa, limit: int = MAX_STATES) -> Dfa:
    """The decision table of a position automaton; raises `StateLimit`."""
    classes, sets = classes_of(nfa.symbols, nfa.sets)
    n_classes = max(classes) + 1
    limit = min(limit, MAX_STATES)
    rows = subset(nfa.symbols, nfa.follows, nfa.start, sets, classes, n_classes, limit)
    if rows is None:
        raise StateLimit(limit)
    offsets, labels, targets, defaults, states = rows
    accepts, accept_offsets, accept_ids = _accepts(states)
    return Dfa(
        classes,
        array("I", offsets),
        array("B", labels),
        array("H", targets),
        array("H", defaults),
        accepts,
        accept_offsets,
        accept_ids,
    )


def classes_of(symbols: Sequence[int], sets: Sequence[int]) -> tuple[bytes, list[int]]:
    """The class of each byte, and sets of bytes as sets of classes.

    Bytes of one class are told apart by no position.
    """
    atoms = list(_atoms(tuple(sets)))
    for symbol in set(symbols):
        if symbol < 256:
            atoms[symbol] = -1 - symbol
    labels = {atom: label for label, atom in enumerate(dict.fromkeys(atoms))}
    classes = bytes([labels[atom] for atom in atoms])
    members = [classes.index(label) for label in range(len(labels))]
    return classes, [
        sum([1 << label for label, byte in enumerate(members) if mask >> byte & 1]) for mask in sets
    ]


@lru_cache(maxsize=4096)
def _atoms(sets: tuple[int, ...]) -> tuple[int, ...]:
    """A number for each byte, the same for bytes that no set tells apart."""
    atoms = [ALL]
    for mask in sets:
        atoms = [part for atom in atoms for part in (atom & mask, atom & ~mask) if part]
    numbers = {byte: number for number, atom in enumerate(atoms) for byte in bytes_of(atom)}
    return tuple([numbers[byte] for byte in range(256)])


def _accepts(
    states: Sequence[tuple[int, ...]],
) -> tuple[array[int], array[int], array[int]]:
    """The accept set of each state, and the sets."""
    known: dict[tuple[int, ...], int] = {(): 0}
    accepts = array("H", bytes(2 * len(states)))
    offsets = array("I", [0, 0])
    ids = array("I")
    accepting = [(n, state) for n, state in enumerate(states) if state and state[0] < 0]
    for state, positions in accepting:
        found = tuple([~position for position in reversed(positions) if position < 0])
        number = known.get(found)
        if number is None:
            number = known[found] = len(known)
            ids.extend(found)
            offsets.append(len(ids))
        accepts[state] = number
    return accepts, offsets, ids
