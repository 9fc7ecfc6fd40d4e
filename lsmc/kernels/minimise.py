"""Which states of a large automaton are equal: the hot loops of its minimisation.

Each state has a colour of 64 bits, at first that of its decision.  In each round a state gets the
colour of its old one and of those that its row leads to, so that after enough rounds colours differ
just where states do (Moore's refinement, with hashes in place of splitting).  A row counts as the
sum over the classes of bytes of a weight times the colour behind it, which does not depend on which
of its targets is the default.  `agree` compares the rows themselves, so that no answer hangs on a
hash.

The source is compiled by Cython where it can be; uncompiled it runs as it stands.
"""

from __future__ import annotations

from array import array

from lsmc.kernels import _nocython as cython

if cython.compiled:
    import cython  # type: ignore[no-redef]


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    targets="unsigned int[::1]",
    defaults="unsigned int[::1]",
    weights="unsigned long long[::1]",
    colours="unsigned long long[::1]",
    mixed="unsigned long long[::1]",
    states="long long",
    state="long long",
    at="long long",
    whole="unsigned long long",
    total="unsigned long long",
    base="unsigned long long",
    full="unsigned long long",
    odd="unsigned long long",
)
def refine(
    offsets: array[int],
    labels: array[int],
    targets: array[int],
    defaults: array[int],
    weights: array[int],
    colours: array[int],
    mixed: array[int],
    rounds: int,
) -> None:
    """Refine colours in place by some rounds.

    Row `state` has the exceptions from `offsets[state]` to `offsets[state + 1]`, each a class and a
    target, and a default.  `weights` are odd numbers, one a class; `mixed` is room for as many
    numbers as there are states.
    """
    full = 0xFFFFFFFFFFFFFFFF  # a number of C, where a literal in an expression would be Python's
    odd = 0x9E3779B97F4A7C15
    states = len(defaults)
    whole = 0
    for at in range(len(weights)):
        whole = (whole + weights[at]) & full
    for _ in range(rounds):
        for state in range(states):
            mixed[state] = _mixed(colours[state])
        for state in range(states):
            base = mixed[defaults[state]]
            total = (whole * base) & full
            for at in range(offsets[state], offsets[state + 1]):
                total = (total + weights[labels[at]] * (mixed[targets[at]] - base)) & full
            colours[state] = (colours[state] * odd + total) & full


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    targets="unsigned int[::1]",
    defaults="unsigned int[::1]",
    blocks="unsigned int[::1]",
    first="unsigned int[::1]",
    row="unsigned int[::1]",
    seen="unsigned int[::1]",
    states="long long",
    state="long long",
    other="long long",
    at="long long",
    label="long long",
    stamp="unsigned int",
    default="unsigned int",
    wanted="unsigned int",
    classes="long long",
)
def agree(
    offsets: array[int],
    labels: array[int],
    targets: array[int],
    defaults: array[int],
    blocks: array[int],
    first: array[int],
    classes: int,
) -> bool:
    """Whether the row of each state leads to the same blocks as that of the first of its block.

    `blocks` is the block of each state, `first` the first state of each block.
    """
    row = array("I", bytes(4 * classes))
    seen = array("I", bytes(4 * classes))
    states = len(defaults)
    stamp = 0
    for state in range(states):
        other = first[blocks[state]]
        if other == state:
            continue
        stamp += 1
        default = blocks[defaults[other]]
        for at in range(offsets[other], offsets[other + 1]):
            row[labels[at]] = blocks[targets[at]]
            seen[labels[at]] = stamp
        wanted = blocks[defaults[state]]
        for at in range(offsets[state], offsets[state + 1]):
            label = labels[at]
            if (row[label] if seen[label] == stamp else default) != blocks[targets[at]]:
                return False
            seen[label] = stamp
            row[label] = wanted
        if default != wanted:
            for label in range(classes):
                if seen[label] != stamp:
                    return False
        for at in range(offsets[other], offsets[other + 1]):
            if row[labels[at]] != wanted:
                return False
    return True


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    targets="unsigned int[::1]",
    defaults="unsigned int[::1]",
    blocks="unsigned int[::1]",
    first="unsigned int[::1]",
    members="unsigned char[::1]",
    row="unsigned int[::1]",
    count="unsigned int[::1]",
    sizes="unsigned int[::1]",
    bytes_of="unsigned char[::1]",
    to_offsets="unsigned int[::1]",
    to_labels="unsigned char[::1]",
    to_targets="unsigned int[::1]",
    to_defaults="unsigned int[::1]",
    block="long long",
    state="long long",
    at="long long",
    byte="long long",
    label="long long",
    end="long long",
    target="unsigned int",
    default="unsigned int",
    classes="long long",
    single="bint",
)
def rows(
    offsets: array[int],
    labels: array[int],
    targets: array[int],
    defaults: array[int],
    blocks: array[int],
    first: array[int],
    members: array[int],
) -> tuple[array[int], array[int], array[int], array[int]]:
    """The rows of the blocks, by bytes: offsets, bytes, targets and defaults.

    `members` is the class of each byte; classes are numbered in the order of their first bytes.
    The default is the target of most bytes, of several that of the first byte.
    """
    classes = max(members) + 1
    row = array("I", bytes(4 * classes))
    count = array("I", bytes(4 * len(first)))
    sizes = array("I", bytes(4 * classes))
    bytes_of = array("B", bytes(classes))
    for byte in range(255, -1, -1):
        sizes[members[byte]] += 1
        bytes_of[members[byte]] = byte
    found_offsets = array("I", bytes(4 * (len(first) + 1)))
    found_labels = array("B", bytes(1024))
    found_targets = array("I", bytes(4 * 1024))
    found_defaults = array("I", bytes(4 * len(first)))
    to_offsets = found_offsets
    to_labels = found_labels
    to_targets = found_targets
    to_defaults = found_defaults
    end = 0
    for block in range(len(first)):
        if end + 256 > len(to_labels):
            found_labels = array("B", bytes(found_labels) + bytes(len(found_labels)))
            found_targets = array("I", bytes(found_targets) + bytes(4 * len(found_targets)))
            to_labels = found_labels
            to_targets = found_targets
        state = first[block]
        default = blocks[defaults[state]]
        single = default == 0 and offsets[state + 1] - offsets[state] < 3
        for at in range(offsets[state], offsets[state + 1]):
            single = single and sizes[labels[at]] == 1
        if single:
            for at in range(offsets[state], offsets[state + 1]):
                target = blocks[targets[at]]
                if target:
                    to_labels[end] = bytes_of[labels[at]]
                    to_targets[end] = target
                    end += 1
        else:
            for label in range(classes):
                row[label] = default
            for at in range(offsets[state], offsets[state + 1]):
                row[labels[at]] = blocks[targets[at]]
            for label in range(classes):
                count[row[label]] = 0
            for label in range(classes):
                count[row[label]] += sizes[label]
            default = row[0]
            for label in range(classes):
                target = row[label]
                if count[target] > count[default]:
                    default = target
            for byte in range(256):
                target = row[members[byte]]
                if target != default:
                    to_labels[end] = byte
                    to_targets[end] = target
                    end += 1
        to_defaults[block] = default
        to_offsets[block + 1] = end
    return found_offsets, found_labels[:end], found_targets[:end], found_defaults


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    targets="unsigned int[::1]",
    defaults="unsigned int[::1]",
    heads="unsigned int[::1]",
    into="unsigned int[::1]",
    state="long long",
    at="long long",
    states="long long",
    place="unsigned int",
)
def sources(
    offsets: array[int], targets: array[int], defaults: array[int]
) -> tuple[array[int], array[int]]:
    """The states that lead to each state: where those of each begin, and the states."""
    states = len(defaults)
    begins = array("I", bytes(4 * (states + 2)))
    found = array("I", bytes(4 * (states + len(targets))))
    heads = begins
    into = found
    for state in range(states):
        heads[defaults[state] + 2] += 1
    for at in range(len(targets)):
        heads[targets[at] + 2] += 1
    for state in range(2, states + 2):
        heads[state] += heads[state - 1]
    for state in range(states):
        place = heads[defaults[state] + 1]
        into[place] = state
        heads[defaults[state] + 1] = place + 1
        for at in range(offsets[state], offsets[state + 1]):
            place = heads[targets[at] + 1]
            into[place] = state
            heads[targets[at] + 1] = place + 1
    return begins, found


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    offsets="unsigned int[::1]",
    labels="unsigned char[::1]",
    targets="unsigned int[::1]",
    defaults="unsigned int[::1]",
    weights="unsigned long long[::1]",
    heads="unsigned int[::1]",
    into="unsigned int[::1]",
    blocks="unsigned int[::1]",
    stamps="unsigned int[::1]",
    sizes="list",
    stamp="unsigned int",
    whole="unsigned long long",
    total="unsigned long long",
    base="unsigned long long",
    x="unsigned long long",
    full="unsigned long long",
    state="long long",
    source="long long",
    at="long long",
    block="long long",
)
def split(
    offsets: array[int],
    labels: array[int],
    targets: array[int],
    defaults: array[int],
    weights: array[int],
    heads: array[int],
    into: array[int],
    blocks: array[int],
    sizes: list[int],
) -> None:
    """Split blocks in place until the states of each lead to the same blocks.

    `heads` and `into` are those of `sources`, `blocks` the block of each state, `sizes` how many
    states each block has; both are changed.
    """
    full = 0xFFFFFFFFFFFFFFFF
    whole = 0
    for at in range(len(weights)):
        whole = (whole + weights[at]) & full
    room = array("I", bytes(4 * len(defaults)))
    stamps = room
    stamp = 1
    # a block of one state cannot be split, and most are after the refinement
    affected = [state for state in range(len(defaults)) if sizes[blocks[state]] > 1]
    while affected:
        groups: dict[int, dict[int, list[int]]] = {}
        for state in affected:
            x = _mixed(blocks[defaults[state]])
            base = x
            total = (whole * x) & full
            for at in range(offsets[state], offsets[state + 1]):
                x = _mixed(blocks[targets[at]])
                total = (total + weights[labels[at]] * (x - base)) & full
            block = blocks[state]
            of_block = groups.get(block)
            if of_block is None:
                groups[block] = {total: [state]}
                continue
            members = of_block.get(total)
            if members is None:
                of_block[total] = [state]
            else:
                members.append(state)
        moved: list[int] = []
        for block, of_block in groups.items():
            if len(of_block) == 1 and sizes[block] == _count(of_block):
                continue
            parts = sorted(of_block.values(), key=len)
            if _count(of_block) == sizes[block]:
                parts.pop()  # the largest stays; where others stay, all that were looked at differ
            for members in parts:
                for state in members:
                    blocks[state] = len(sizes)
                sizes[block] -= len(members)
                sizes.append(len(members))
                moved += members
        stamp += 1
        affected = []
        for state in moved:
            for at in range(heads[state], heads[state + 1]):
                source = into[at]
                if stamps[source] != stamp:
                    stamps[source] = stamp
                    if sizes[blocks[source]] > 1:
                        affected.append(source)


@cython.boundscheck(False)
@cython.wraparound(False)
@cython.locals(
    blocks="unsigned int[::1]",
    number_of="unsigned int[::1]",
    firsts="unsigned int[::1]",
    state="long long",
    block="unsigned int",
    known="long long",
)
def numbered(blocks: array[int], count: int) -> array[int]:
    """Number blocks in the order of their first states, in place; the first state of each.

    `blocks` is the block of each state, `count` how many there are.
    """
    room = array("I", bytes(4 * count))  # the new number of each, plus one
    first = array("I", bytes(4 * count))
    number_of = room
    firsts = first
    known = 0
    for state in range(len(blocks)):
        block = blocks[state]
        if not number_of[block]:
            firsts[known] = state
            known += 1
            number_of[block] = known
        blocks[state] = number_of[block] - 1
    return first


def _count(groups: dict[int, list[int]]) -> int:
    return sum([len(members) for members in groups.values()])


@cython.cfunc
@cython.returns("unsigned long long")
@cython.locals(x="unsigned long long", full="unsigned long long")
@cython.locals(first="unsigned long long", second="unsigned long long", third="unsigned long long")
def _mixed(x: cython.ulonglong) -> int:
    """A hash of a number (the finalizer of splitmix64)."""
    full = 0xFFFFFFFFFFFFFFFF
    first, second, third = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
    x = (x + 1) * first & full
    x = (x ^ (x >> 30)) * second & full
    x = (x ^ (x >> 27)) * third & full
    return x ^ (x >> 31)
