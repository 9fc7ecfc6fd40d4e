"""Subset construction: sets of positions become the states of a decision table.

Most states of a policy's automaton hold one or two positions and leave by one byte, so the cost of
a state is kept to its active positions: positions of one byte go straight to a small map from byte
to positions, and positions of several bytes are refined into atoms (classes of bytes that agree on
every set involved), once for each distinct combination of sets.  A loop over all classes for each
state was rejected: it costs the same for a trie's node as for the busiest loop.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

_FEW = 8
#: Entries of rows that are gathered in lists before they go to arrays.
_GATHERED = 1 << 14
#: The positions that states may hold on average.
_HELD = 64

Positions = tuple[int, ...]
# Atoms of a combination of sets: (places of the sets that hold it, its classes); then the classes
# outside all of the sets, and for each class the number of its atom or -1.
Atoms = tuple[list[tuple[Positions, list[int]]], list[int], list[int]]
# What positions of several bytes give a row: its default, its exceptions in order of class (classes
# and targets), for each class the number of its atom or -1, and the state behind each atom.
Wide = tuple[int, list[int], list[int], list[int], list[int]]


@cython.locals(label="int", n_classes="int", place="int")
def refine(sets: list[int], chosen: Positions, n_classes: int) -> Atoms:
    """The atoms of some sets of classes (each a bit mask of classes)."""
    numbers: dict[Positions, int] = {}
    atoms: list[tuple[Positions, list[int]]] = []
    rest: list[int] = []
    owner: list[int] = []
    for label in range(n_classes):
        members = tuple([place for place in range(len(chosen)) if sets[chosen[place]] >> label & 1])
        if not members:
            rest.append(label)
            owner.append(-1)
            continue
        number = numbers.get(members)
        if number is None:
            number = numbers[members] = len(atoms)
            atoms.append((members, []))
        atoms[number][1].append(label)
        owner.append(number)
    return atoms, rest, owner


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(index="int", first="int", size="int", position="int", symbol="int", target="int")
@cython.locals(default="int", label="int", limit="int", n_classes="int", state="tuple")
@cython.locals(place="int", begin="int", number="int", beside="int", shared="object")
@cython.locals(
    held="long long",
    done="long long",
    kinds="int[::1]",
    reached="int[::1]",
    group="list",
    wide="list",
    seen="list",
)
def subset(
    symbols: list[int],
    follows: list[Positions],
    start: Positions,
    sets: list[int],
    classes: bytes,
    n_classes: int,
    limit: int,
    more: Sequence[Positions] = (),
) -> tuple[array[int], array[int], array[int], array[int], list[Positions]] | None:
    """Determinize; None for more than `limit` states, or too many positions in them.

    Returned are offsets, labels, targets and defaults of the rows, and the states' positions.

    A position's symbol is a byte, or 256 plus the number of one of the `sets` (bit masks of
    classes); a byte that is a symbol has a class of its own.  State 0 is dead, state 1 the start;
    behind it come `more` starts, which differ from it and from each other.
    """
    ids: dict[Positions, int] = {(): 0}
    states: list[Positions] = [(), start, *more]
    for index in range(1, len(states)):
        if states[index]:
            ids[states[index]] = index
    kinds = array("i", symbols)
    through = [-1] * len(symbols)  # the state reached through this position alone
    joined: dict[object, int] = {}  # that through several, beside those of a state before them
    refined: dict[Positions, Atoms] = {}
    known: dict[Positions, Wide] = {}
    narrow: list[list[int]] = [[] for _ in range(256)]  # positions by their byte
    reached = array("i", bytes(4 * 256))  # the states behind these
    offsets = array("I", [0])
    all_labels = array("B")
    all_targets = array("I")
    defaults = array("I")
    labels: list[int] = []
    targets: list[int] = []
    ends: list[int] = [0]
    row_defaults: list[int] = [0]
    # what lists gather goes to arrays, where a number takes less memory
    lists = ((ends, offsets), (targets, all_targets), (row_defaults, defaults))
    done = 0
    index = 1
    held = 0
    while index < len(states):
        if len(labels) + len(ends) > _GATHERED:
            done += len(labels)
            all_labels.frombytes(bytes(labels))
            labels.clear()
            for gathered, kept in lists:
                kept.extend(_numbers(gathered))
                gathered.clear()
        state = states[index]
        index += 1
        size = len(state)
        held += size
        if len(states) > limit or held > _HELD * limit:
            return None
        first = 0
        while first < size and state[first] < 0:
            first += 1

        position = state[first] if size - first == 1 else -1
        if position >= 0 and kinds[position] < 256:
            target = through[position]
            if target < 0:
                target = through[position] = _intern(follows[position], ids, states)
            labels.append(classes[kinds[position]])
            targets.append(target)
            row_defaults.append(0)
            ends.append(done + len(labels))
            continue

        seen: list[int] = []  # bytes of positions
        wide: list[int] = []
        while first < size:
            shared = state[first]
            position = shared
            first += 1
            symbol = kinds[position]
            if symbol >= 256:
                wide.append(shared)
                continue
            group = narrow[symbol]
            if not group:
                seen.append(symbol)
            group.append(shared)

        if not wide:
            seen.sort()
            for symbol in seen:
                group = narrow[symbol]
                labels.append(classes[symbol])
                targets.append(_through(group, 0, follows, through, joined, ids, states))
                group.clear()
            row_defaults.append(0)
            ends.append(done + len(labels))
            continue

        chosen = tuple(wide)
        found = known.get(chosen)
        if found is None:
            found = known[chosen] = _wide(
                wide, symbols, sets, n_classes, refined, follows, through, joined, ids, states
            )
        default, row_labels, row_targets, owner, after = found
        row_defaults.append(default)
        if seen:
            for symbol in seen:
                group = narrow[symbol]
                number = owner[classes[symbol]]
                beside = after[number] if number >= 0 else 0
                reached[symbol] = _through(group, beside, follows, through, joined, ids, states)
                group.clear()
            if len(seen) > 1:
                seen.sort()  # as the classes of these bytes do
            place = 0
            size = len(row_labels)
            for symbol in seen:
                label = classes[symbol]
                target = reached[symbol]
                begin = place
                place = bisect_left(row_labels, label, begin)
                if place > begin:
                    labels += row_labels[begin:place]
                    targets += row_targets[begin:place]
                if place < size and row_labels[place] == label:
                    place += 1
                if target != default:
                    labels.append(label)
                    targets.append(target)
            if place < size:
                labels += row_labels[place:]
                targets += row_targets[place:]
        else:
            labels += row_labels
            targets += row_targets
        ends.append(done + len(labels))
    all_labels.frombytes(bytes(labels))
    for gathered, kept in lists:
        kept.extend(_numbers(gathered))
    return offsets, all_labels, all_targets, defaults, states


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(gathered="list", view="unsigned int[::1]", place="Py_ssize_t")
def _numbers(gathered: list[int]) -> array[int]:
    """The array of some numbers."""
    if not cython.compiled:
        return array("I", gathered)
    found = array("I", bytes(4 * len(gathered)))
    view = found
    for place in range(len(gathered)):  # an array would parse each of them as an argument
        view[place] = gathered[place]
    return found


@cython.cfunc
@cython.locals(default="int", target="int", count="int", most="int", number="int", position="int")
@cython.returns("object")
def _wide(
    wide: list[int],
    symbols: list[int],
    sets: list[int],
    n_classes: int,
    refined: dict[Positions, Atoms],
    follows: list[Positions],
    through: list[int],
    joined: dict[object, int],
    ids: dict[Positions, int],
    states: list[Positions],
) -> Wide:
    """The row of a state that has these positions of several bytes, and no others."""
    by_symbol: dict[int, list[int]] = {}
    for position in wide:
        by_symbol.setdefault(symbols[position], []).append(position)
    chosen = tuple([symbol - 256 for symbol in sorted(by_symbol)])
    atoms_of = refined.get(chosen)
    if atoms_of is None:
        atoms_of = refined[chosen] = refine(sets, chosen, n_classes)
    atoms, rest, owner = atoms_of
    active = [by_symbol[symbol + 256] for symbol in chosen]
    counts = {0: len(rest)}
    reached: list[int] = []
    for members, group in atoms:
        held = [position for place in members for position in active[place]]
        target = _through(held, 0, follows, through, joined, ids, states)
        reached.append(target)
        counts[target] = counts.get(target, 0) + len(group)
    default, most = 0, -1
    for target, count in counts.items():
        if count > most:
            most = count
            default = target
    row: dict[int, int] = dict.fromkeys(rest, 0) if default else {}
    for number, target in enumerate(reached):
        if target != default:
            row.update(dict.fromkeys(atoms[number][1], target))
    row_labels = sorted(row)
    return default, row_labels, [row[label] for label in row_labels], owner, reached


@cython.cfunc
@cython.locals(found="object")
def _intern(key: Positions, ids: dict[Positions, int], states: list[Positions]) -> int:
    """The number of a state, new or known."""
    found = ids.get(key)
    if found is None:
        found = ids[key] = len(states)
        states.append(key)
    return found


@cython.cfunc
@cython.locals(position="long long", target="int", known="object", key="object")
def _through(
    held: list[int],
    beside: cython.longlong,
    follows: list[Positions],
    through: list[int],
    joined: dict[object, int],
    ids: dict[Positions, int],
    states: list[Positions],
) -> int:
    """The state reached when these positions all match, beside a state that is reached anyway."""
    position = held[0]
    if len(held) == 1 and not beside:
        target = through[position]
        if target < 0:
            target = through[position] = _intern(follows[position], ids, states)
        return target
    key: object
    if len(held) == 1:  # a number is made and found faster than a tuple
        key = beside * len(through) + position
    else:
        key = (beside, *held)
    known = joined.get(key)
    if known is None:
        if len(held) > _FEW:  # one by one, many would be copied many times
            many = set(states[beside]).union(*[follows[position] for position in held])
            merged = tuple(sorted(many))
        else:
            merged = states[beside]
            for position in held:
                merged = _merge(merged, follows[position])
        known = joined[key] = _intern(merged, ids, states)
    return known


@cython.cfunc
@cython.locals(i="int", j="int", m="int", n="int", x="int", y="int", one="tuple", other="tuple")
@cython.locals(ours="object", theirs="object")
@cython.returns("object")
def _merge(one: Positions, other: Positions) -> Positions:
    """The members of two ascending tuples, ascending, each once.

    They are the objects of the tuples, which all states share: a state takes 8 bytes a position.
    """
    if not one or one == other:
        return other
    if not other:
        return one
    merged: list[int] = []
    i = j = 0
    m, n = len(one), len(other)
    ours, theirs = one[0], other[0]
    x, y = ours, theirs
    while True:
        if x <= y:
            merged.append(ours)
            i += 1
            if x == y:
                j += 1
                if j < n:
                    theirs = other[j]
                    y = theirs
            if i == m:
                break
            ours = one[i]
            x = ours
        else:
            merged.append(theirs)
            j += 1
            if j < n:
                theirs = other[j]
                y = theirs
        if j == n:
            break
    merged += one[i:] if i < m else other[j:]
    return tuple(merged)
