"""Subset construction: sets of positions become the states of a decision table.

Most states of a policy's automaton hold one or two positions and leave by one byte, so the cost of
a state is kept to its active positions: positions of one byte go straight to a small map from byte
to positions, and positions of several bytes are refined into atoms (classes of bytes that agree on
every set involved), once for each distinct combination of sets.  A loop over all classes for each
state was rejected: it costs the same for a trie's node as for the busiest loop.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

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
# and targets), for each class the number of its atom or -1, and what follows each atom.
Wide = tuple[int, list[int], list[int], list[int], list[Positions]]
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
@cython.locals(place="int", held="long long")
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
            position = state[first]
            first += 1
            symbol = symbols[position]
            if symbol >= 256:
                wide.append(position)
                continue
            group = narrow.get(symbol)
            if group is None:
                narrow[symbol] = [position]
            else:
                group.append(position)

        if not wide:
            for symbol in sorted(narrow):
                labels.append(classes[symbol])
                targets.append(_through(narrow[symbol], (), follows, through, ids, states))
            defaults.append(0)
            offsets.append(len(labels))
            continue

        chosen = tuple(wide)
        found = known.get(chosen)
        if found is None:
            found = known[chosen] = _wide(
                wide, symbols, sets, n_classes, refined, follows, through, ids, states
            )
        default, row_labels, row_targets, owner, after = found
        defaults.append(default)
        if narrow:
            exceptions: list[tuple[int, int]] = []
            for symbol, group in narrow.items():
                label = classes[symbol]
                beside = after[owner[label]] if owner[label] >= 0 else ()
                target = _through(group, beside, follows, through, ids, states)
                exceptions.append((label, target))
            if len(exceptions) > 1:
                exceptions.sort()
            place = 0
            size = len(row_labels)
            for label, target in exceptions:
                while place < size and row_labels[place] < label:
                    labels.append(row_labels[place])
                    targets.append(row_targets[place])
                    place += 1
                if place < size and row_labels[place] == label:
                    place += 1
                if target != default:
                    labels.append(label)
                    targets.append(target)
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
    after: list[Positions] = []
    for members, group in atoms:
        held = [position for place in members for position in active[place]]
        target = _through(held, (), follows, through, ids, states)
        reached.append(target)
        after.append(states[target])
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
    return default, row_labels, [row[label] for label in row_labels], owner, after


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
@cython.locals(position="int", target="int")
def _through(
    held: list[int],
    beside: Positions,
    follows: list[Positions],
    through: list[int],
    ids: dict[Positions, int],
    states: list[Positions],
) -> int:
    """The state reached when these positions all match, beside some that are reached anyway."""
    if len(held) == 1 and not beside:
        position = held[0]
        target = through[position]
        if target < 0:
            target = through[position] = _intern(follows[position], ids, states)
        return target
    if len(held) > _FEW:  # one by one, many would be copied many times
        merged = set(beside).union(*[follows[position] for position in held])
        return _intern(tuple(sorted(merged)), ids, states)
    for position in held:
        beside = _merge(beside, follows[position])
    return _intern(beside, ids, states)


@cython.cfunc
@cython.locals(i="int", j="int", m="int", n="int", x="int", y="int", one="tuple", other="tuple")
def _merge(one: Positions, other: Positions) -> Positions:
    """The members of two ascending tuples, ascending, each once."""
    if not one or one == other:
        return other
    if not other:
        return one
    merged: list[int] = []
    i = j = 0
    m, n = len(one), len(other)
    while i < m and j < n:
        x, y = one[i], other[j]
        if x <= y:
            merged.append(x)
            i += 1
            if x == y:
                j += 1
        else:
            merged.append(y)
            j += 1
    merged += one[i:] if i < m else other[j:]
    return tuple(merged)
