"""What is known of rules that match, and what they decide together.

Matching and deciding are apart: automata say which rules match an object, and a pure function of
the security module says what follows.  These are the values that pass between them.
"""

from collections.abc import Container
from typing import NamedTuple

from lsmc.ir.mediation import Effect, Transition

PROMPT, ALLOW, DENY = int(Effect.PROMPT), int(Effect.ALLOW), int(Effect.DENY)


class Facts(NamedTuple):
    """What the precedence needs to know of a rule; `id` is the caller's name for it.

    A rule that `adds_log` logs, or silences, what it matches also where a stronger rule of its
    priority allows, or denies.  A `weak` rule gives way to every other of its priority.
    """

    id: int
    effect: int
    owner: int
    other: int
    audit: bool = False
    priority: int = 0
    exact: bool = False
    transition: Transition | None = None
    adds_log: bool = False
    weak: bool = False


class Decision(NamedTuple):
    """Permission bits after precedence, and the rules behind them.

    `allow`, `deny` and `prompt` are disjoint; `audit` is a part of `allow`, `quiet` of `deny`.
    `winners` are (bits, rule id) for each rule that decided something, strongest first.
    """

    allow: int = 0
    deny: int = 0
    prompt: int = 0
    audit: int = 0
    quiet: int = 0
    transition: Transition | None = None
    winners: tuple[tuple[int, int], ...] = ()

    def won_by(self, rules: Container[int]) -> int:
        """The permissions that some rules, by id, have a part in deciding."""
        bits = 0
        for mask, rule in self.winners:
            if rule in rules:
                bits |= mask
        return bits


NOTHING = Decision()
