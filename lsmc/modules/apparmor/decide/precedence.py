"""The precedence of rules: from the rules that match an object to what they grant together.

Matching and deciding are apart: automata say which rules match, this pure function says what
follows. For each permission only the rules of the highest rank count (`apparmor.d(5)`, "Rule
priority" and "Qualifiers"; the ranks are those of AppArmor's compiler):

    5 * priority + 4  deny
                 + 3  allow without wildcards, for the permissions where that is more specific
                 + 2  allow
                 + 1  prompt
                 + 0  what is weak

Rules of the same rank add up.  In compilers before 6.0 a rule without wildcards takes no more than
the transition from those of its priority: what they log stays (`Facts.adds_log`).  What 4.1 makes
of socket options beside their own rule is weak: it gives way to the rules of its priority alone.

Rejected: choosing one "best" rule for the whole request, which
cannot name the reason for each permission and gets audit flags wrong.
"""

from collections.abc import Sequence

from lsmc.ir.decision import ALLOW, DENY, NOTHING, PROMPT, Decision, Facts
from lsmc.ir.mediation import MediationClass


def rank(rule: Facts, specific: bool) -> int:
    """The rank of a rule for a permission; `specific` for one where rules without wildcards win."""
    if rule.weak:
        return 5 * rule.priority
    if rule.effect == DENY:
        return 5 * rule.priority + 4
    if rule.effect == ALLOW:
        return 5 * rule.priority + (3 if specific and rule.exact else 2)
    return 5 * rule.priority + 1


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
    settled = decided = above = 0
    level: int | None = None
    winners: list[tuple[int, int]] = []
    for at, bits, rule in ranked:
        if at != level:
            if level is None or at // 5 != level // 5:
                above = decided  # at higher priorities
            settled = decided
            level = at
        if rule.adds_log and rule.audit:
            audit |= bits & settled & outcome[ALLOW] & ~above
        elif rule.adds_log and rule.effect == DENY:
            quiet |= bits & settled & outcome[DENY] & ~above
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
    return _with_transition(decision, ranked, cls) if cls.implied else decision


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
