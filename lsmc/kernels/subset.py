"""Subset construction: sets of positions become the states of a decision table.

Most states of a policy's automaton hold one or two positions and leave by one byte, so the cost of
a state is kept to its active positions: positions of one byte go straight to a small map from byte
to positions, and positions of several bytes are refined into atoms (classes of bytes that agree on
every set involved), once for each distinct combination of sets.  A loop over all classes for each
state was rejected: it costs the same for a trie's node as for the busiest loop.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]

_FEW = 8
#: The positions that states may hold on average.
_HELD = 64

Positions = tuple[int, ...]
# Atoms of a combination of sets: (places of the sets that hold it, its classes); then the classes
# outside all of the sets, and for each class the number of its atom or -1.
Atoms = tuple[list[tuple[Positions, list[int]]], list[int], list[int]]
# What positions of several bytes give a row: its default, its exceptions in order of class (classes
# and targets), for each class the number of its atom or -1, and the state behind each atom.
Wide = tuple[int, list[int], list[int], list[int], list[int]]
# Offsets, labels, targets and defaults of the rows; the states' positions.
Rows = tuple[list[int], list[int], list[int], list[int], list[Positions]]


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


@cython.locals(index="int", first="int", size="int", position="int", symbol="int", target="int")
@cython.locals(default="int", label="int", limit="int", n_classes="int", state="tuple")
@cython.locals(place="int", begin="int", held="long long", shared="object")
def subset(
    symbols: list[int],
    follows: list[Positions],
    start: Positions,
    sets: list[int],
    classes: bytes,
    n_classes: int,
    limit: int,
    more: Sequence[Positions] = (),
) -> Rows | None:
    """Determinize; None for more than `limit` states, or too many positions in them.

    A position's symbol is a byte, or 256 plus the number of one of the `sets` (bit masks of
    classes); a byte that is a symbol has a class of its own.  State 0 is dead, state 1 the start;
    behind it come `more` starts, which differ from it and from each other.
    """
    ids: dict[Positions, int] = {(): 0}
    states: list[Positions] = [(), start, *more]
    for index in range(1, len(states)):
        if states[index]:
            ids[states[index]] = index
    through = [-1] * len(symbols)  # the state reached through this position alone
    joined: dict[Positions, int] = {}  # that through several, beside those of a state before them
    refined: dict[Positions, Atoms] = {}
    known: dict[Positions, Wide] = {}
    offsets = [0, 0]
    labels: list[int] = []
    targets: list[int] = []
    defaults = [0]
    index = 1
    held = 0
    while index < len(states):
        state = states[index]
        index += 1
        size = len(state)
        held += size
        if len(states) > limit or held > _HELD * limit:
            return None
        first = 0
        while first < size and state[first] < 0:
            first += 1

        if size - first == 1 and symbols[state[first]] < 256:
            position = state[first]
            target = through[position]
            if target < 0:
                target = through[position] = _intern(follows[position], ids, states)
            labels.append(classes[symbols[position]])
            targets.append(target)
            defaults.append(0)
            offsets.append(len(labels))
            continue

        narrow: dict[int, list[int]] = {}
        wide: list[int] = []
        while first < size:
            shared = state[first]
            first += 1
            symbol = symbols[shared]
            if symbol >= 256:
                wide.append(shared)
                continue
            group = narrow.get(symbol)
            if group is None:
                narrow[symbol] = [shared]
            else:
                group.append(shared)

        if not wide:
            for symbol in sorted(narrow):
                labels.append(classes[symbol])
                targets.append(_through(narrow[symbol], 0, follows, through, joined, ids, states))
            defaults.append(0)
            offsets.append(len(labels))
            continue

        chosen = tuple(wide)
        found = known.get(chosen)
        if found is None:
            found = known[chosen] = _wide(
                wide, symbols, sets, n_classes, refined, follows, through, joined, ids, states
            )
        default, row_labels, row_targets, owner, after = found
        defaults.append(default)
        if narrow:
            exceptions: list[tuple[int, int]] = []
            for symbol, group in narrow.items():
                label = classes[symbol]
                beside = after[owner[label]] if owner[label] >= 0 else 0
                target = _through(group, beside, follows, through, joined, ids, states)
                exceptions.append((label, target))
            if len(exceptions) > 1:
                exceptions.sort()
            place = 0
            size = len(row_labels)
            for label, target in exceptions:
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
        offsets.append(len(labels))
    return offsets, labels, targets, defaults, states


@cython.cfunc
@cython.locals(default="int", target="int", count="int", most="int", number="int", position="int")
def _wide(
    wide: list[int],
    symbols: list[int],
    sets: list[int],
    n_classes: int,
    refined: dict[Positions, Atoms],
    follows: list[Positions],
    through: list[int],
    joined: dict[Positions, int],
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
@cython.locals(position="int", target="int", known="object")
def _through(
    held: list[int],
    beside: int,
    follows: list[Positions],
    through: list[int],
    joined: dict[Positions, int],
    ids: dict[Positions, int],
    states: list[Positions],
) -> int:
    """The state reached when these positions all match, beside a state that is reached anyway."""
    if len(held) == 1 and not beside:
        position = held[0]
        target = through[position]
        if target < 0:
            target = through[position] = _intern(follows[position], ids, states)
        return target
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
