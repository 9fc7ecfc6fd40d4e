"""The precedence of rules: from the rules that match an object to what they grant together.

Matching and deciding are apart: automata say which rules match, this pure function says what
follows. For each permission only the rules of the highest rank count (`apparmor.d(5)`, "Rule
priority" and "Qualifiers"; the ranks are those of AppArmor's compiler):

    4 * priority + 3  deny
                 + 2  allow without wildcards, for the permissions where that is more specific
                 + 1  allow
                 + 0  prompt

Rules of the same rank add up.  Compilers before 6.0 go through the rules that match one by one, and
a rule without wildcards takes no more than the transition from those of its priority: what they log
stays.  4.1 is told apart by the order in which it goes, where that tells whether an inheriting rule
brings its second permission along.  `Facts.visit` says which of the three holds.

Rejected: choosing one "best" rule for the whole request, which
cannot name the reason for each permission and gets audit flags wrong.
"""

from collections.abc import Sequence

from lsmc.ir.decision import ALLOW, DENY, NOTHING, PROMPT, Decision, Facts
from lsmc.ir.mediation import MediationClass


def rank(rule: Facts, specific: bool) -> int:
    """The rank of a rule for a permission; `specific` for one where rules without wildcards win."""
    if rule.effect == DENY:
        return 4 * rule.priority + 3
    if rule.effect == ALLOW:
        return 4 * rule.priority + (2 if specific and rule.exact else 1)
    return 4 * rule.priority


def decide(matched: Sequence[Facts], cls: MediationClass, owner: bool) -> Decision:
    """What the matched rules of a class grant to the owner of the object, or to others."""
    if not matched:
        return NOTHING
    special = cls.specific_mask
    ranked: list[tuple[int, int, Facts]] = []
    for rule in matched:
        mask = rule.owner if owner else rule.other
        if mask & ~special:
            ranked.append((rank(rule, False), mask & ~special, rule))
        if mask & special:
            ranked.append((rank(rule, True), mask & special, rule))
    ranked.sort(key=lambda entry: -entry[0])

    outcome = [0, 0, 0]  # by effect: prompt, allow, deny
    audit = quiet = 0
    settled = decided = 0
    level: int | None = None
    exactly = 0  # what rules without wildcards decided at the rank above
    winners: list[tuple[int, int]] = []
    for at, bits, rule in ranked:
        if at != level:
            exactly = decided & ~settled if level == at + 1 and at % 4 == ALLOW else 0
            settled = decided
            level = at
        if rule.visit and rule.audit:
            audit |= bits & exactly
        mask = bits & ~settled
        if not mask:
            continue
        decided |= mask
        outcome[rule.effect] |= mask
        winners.append((mask, rule.id))
        if rule.effect == ALLOW and rule.audit:
            audit |= mask
        elif rule.effect == DENY and not rule.audit:
            quiet |= mask
    decision = Decision(
        outcome[ALLOW], outcome[DENY], outcome[PROMPT], audit, quiet, None, tuple(winners)
    )
    if not cls.implied:
        return decision
    if any(rule.visit > 1 for _, _, rule in ranked):
        return _visited(_with_transition(decision, ranked, cls), ranked, cls)
    return _with_transition(decision, ranked, cls)


def _with_transition(
    decision: Decision, ranked: list[tuple[int, int, Facts]], cls: MediationClass
) -> Decision:
    """Add the transition of the winning execute rule, and what an inheriting one implies."""
    assert cls.implied is not None
    execute, implied = (cls.mask((name,)) for name in cls.implied)
    if not decision.allow & execute:
        return decision
    level, winner = next((at, rule) for at, mask, rule in ranked if mask & execute)
    decision = decision._replace(transition=winner.transition)
    if winner.transition is None or not winner.transition.inherit:
        return decision
    best = max((at for at, mask, _ in ranked if mask & implied), default=level)
    if best > level or (decision.allow | decision.deny) & implied:
        return decision  # a denial of lower rank stays: the compiler adds the bit beside it
    return decision._replace(
        allow=decision.allow | implied,
        prompt=decision.prompt & ~implied,
        winners=(*decision.winners, (implied, winner.id)),
    )


class _Held:
    """What is held of the implied permission while rules are visited."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.allow = self.audit = self.deny = self.quiet = False
        self.givers: list[int] = []

    def give(self, rule: Facts) -> None:
        self.allow = True
        self.audit = self.audit or rule.audit
        self.givers.append(rule.id)

    def take(self, rule: Facts) -> None:
        self.clear_grant()
        self.deny = True
        self.quiet = self.quiet or not rule.audit
        self.givers.append(rule.id)

    def clear_grant(self) -> None:
        self.allow = self.audit = False
        self.givers = []


def _visited(
    decision: Decision, ranked: Sequence[tuple[int, int, Facts]], cls: MediationClass
) -> Decision:
    """The decision with the implied permission as 4.1 finds it, rule by rule.

    An inheriting rule speaks of the permission while its execution is looked at, and so not where a
    rule without wildcards came before it; one without wildcards sets aside what came before.
    """
    assert cls.implied is not None
    execute, implied = (cls.mask((name,)) for name in cls.implied)
    masks: dict[int, int] = {}
    rules: dict[int, Facts] = {}
    for _, mask, rule in ranked:
        masks[rule.id] = masks.get(rule.id, 0) | mask
        rules[rule.id] = rule
    held = _Held()
    exact = False
    executing: int | None = None
    mapping: int | None = None
    for rule in sorted(rules.values(), key=lambda rule: (rule.effect == DENY, rule.visit)):
        mask, priority = masks[rule.id], rule.priority
        inherits = rule.transition is not None and rule.transition.inherit
        brings = inherits and bool(mask & execute)
        if mask & execute and (executing is None or executing <= priority):
            if brings and (mapping is None or mapping < priority):
                mapping = priority
            if executing is None or executing < priority:
                executing, exact = priority, False
                if brings:
                    held.clear()
            if rule.effect != DENY and brings and rule.exact:
                held.clear_grant()
            if rule.effect != DENY and brings and (rule.exact or not exact):
                held.give(rule)
            exact = exact or (rule.effect != DENY and rule.exact)
        if mask & implied and not brings and (mapping is None or mapping <= priority):
            if mapping is None or mapping < priority:
                mapping = priority
                held.clear()
            (held.take if rule.effect == DENY else held.give)(rule)
    return _with_held(decision, held, implied)


def _with_held(decision: Decision, held: _Held, implied: int) -> Decision:
    """A decision in which one permission is as it was held."""
    allow = held.allow and not held.deny
    winners = [(bits & ~implied, number) for bits, number in decision.winners if bits & ~implied]
    winners += [(implied, number) for number in held.givers]

    def put(bits: int, holds: bool) -> int:
        return bits | implied if holds else bits & ~implied

    return decision._replace(
        allow=put(decision.allow, allow),
        deny=put(decision.deny, held.deny),
        audit=put(decision.audit, allow and held.audit),
        quiet=put(decision.quiet, held.deny and held.quiet),
        winners=tuple(winners),
    )
