"""The automaton of an attachment that has conditions on extended attributes.

It is a chain of automata: that of paths, then one for each attribute.  From where one has matched a
step that no byte takes leads to the next (security/apparmor/domain.c, `aa_xattrs_match`).
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from lsmc.modules.apparmor.kernel.automata import Minimal
from lsmc.modules.apparmor.kernel.blob import Part
from lsmc.modules.apparmor.kernel.words import ATTACHED


class Chain(NamedTuple):
    """Parts of some automata as one, and the steps between them: where each state's leads to."""

    part: Part
    steps: Mapping[int, int]


def chained(minimal: Minimal, parts: Sequence[Part]) -> Chain:
    """The chain of some parts of automata; that of one part has no steps."""
    states, offsets, labels = array("I", [0]), array("I", [0, 0]), array("B")
    targets, defaults = array("I"), array("I", [0])
    steps: dict[int, int] = {}
    for number, part in enumerate(parts):
        shift, start = len(states) - 1, len(labels)
        states.extend(part.states[1:])
        offsets.extend(start + end for end in part.offsets[2:])
        labels.extend(part.labels)
        targets.extend(to and to + shift for to in part.targets)
        defaults.extend(to and to + shift for to in part.defaults[1:])
        if number < len(parts) - 1:
            for state, word_of in enumerate(part.states[1:], shift + 1):
                if minimal.words[minimal.word_of[word_of]].allow & ATTACHED:
                    steps[state] = len(states)
    return Chain(Part(states, offsets, labels, targets, defaults), steps)
