"""Laws of the function that decides, without a policy round it; `test_decide` has the cases."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.ir.decision import Decision, Facts
from lsmc.ir.mediation import Effect, Transition
from lsmc.modules.apparmor.classes import FILE, PIVOT_ROOT, SIGNAL
from lsmc.modules.apparmor.decide.precedence import decide

PROMPT, ALLOW, DENY = (int(e) for e in (Effect.PROMPT, Effect.ALLOW, Effect.DENY))
EXECUTE, MAP = (FILE.mask((name,)) for name in "xm")


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    """A rule as the precedence sees it; execution always stays or always leaves, by exactness."""
    exact = draw(st.booleans())
    weak = draw(st.integers(0, 4)) == 0
    return Facts(
        draw(st.integers(0, 9)),
        DENY if weak else draw(st.sampled_from([PROMPT, ALLOW, DENY])),
        draw(st.integers(0, FILE.all)),
        draw(st.integers(0, FILE.all)),
        draw(st.booleans()),
        draw(st.integers(-1, 1)),
        exact,
        Transition("attach") if exact else Transition("inherit", inherit=True),
        adds_log=weak,
        weak=weak,
    )


def outcome(decision: Decision) -> tuple[object, ...]:
    """A decision without the rules behind it."""
    return decision[:6]


@settings(max_examples=100)
@given(rules=st.lists(facts(), max_size=4), owner=st.booleans())
def test_order_and_repetition_do_not_matter(rules: list[Facts], owner: bool) -> None:
    """Every order of the rules decides alike, and so does a rule given twice."""
    first = outcome(decide(rules, FILE, owner))
    for order in permutations(rules):
        assert outcome(decide(order, FILE, owner)) == first
    assert outcome(decide([*rules, *rules], FILE, owner)) == first


@settings(max_examples=200)
@given(rules=st.lists(facts(), max_size=5), owner=st.booleans())
def test_outcomes_are_disjoint(rules: list[Facts], owner: bool) -> None:
    """Grants, denials and prompts do not overlap; each decided bit has a rule behind it."""
    decision = decide(rules, FILE, owner)
    assert not decision.allow & decision.deny
    assert not (decision.allow | decision.deny) & decision.prompt
    assert not decision.audit & ~decision.allow
    assert not decision.quiet & ~decision.deny
    decided = decision.allow | decision.deny | decision.prompt
    behind = 0
    for bits, _ in decision.winners:
        behind |= bits
    assert behind == decided


def strength(rule: Facts, bit: int) -> tuple[int, int]:
    """How strong a rule is for one permission of a file, in the words of `apparmor.d(5)`."""
    if rule.weak:
        return rule.priority, -1
    exact = rule.effect == ALLOW and rule.exact and bit == EXECUTE
    return rule.priority, {PROMPT: 0, ALLOW: 1, DENY: 3}[rule.effect] + exact


def strongest(rules: list[Facts], bit: int, owner: bool) -> list[Facts]:
    """The rules that count for one permission of a file."""
    speaking = [rule for rule in rules if (rule.owner if owner else rule.other) & bit]
    best = max((strength(rule, bit) for rule in speaking), default=None)
    return [rule for rule in speaking if strength(rule, bit) == best]


@settings(max_examples=300)
@given(rules=st.lists(facts(), max_size=4), owner=st.booleans())
def test_each_permission_is_decided_by_its_strongest_rules(rules: list[Facts], owner: bool) -> None:
    """Bit by bit: the outcome, and the rules named for it."""
    decision = decide(rules, FILE, owner)
    executing = strongest(rules, EXECUTE, owner)
    allowed = executing and executing[0].effect == ALLOW
    assert decision.transition == (executing[0].transition if allowed else None)
    for bit in (1 << number for number in range(len(FILE.permissions))):
        counting = strongest(rules, bit, owner)
        effects = {rule.effect for rule in counting}
        names = [rule.id for rule in counting]
        if (
            bit == MAP
            and effects <= {PROMPT}  # a denial of lower rank stays
            and decision.transition
            and decision.transition.inherit
            and all(strength(r, MAP) <= strength(executing[0], EXECUTE) for r in counting)
        ):
            effects = {ALLOW}
            names.append(executing[0].id)
            counting = []
        assert [number for bits, number in decision.winners if bits & bit] == names
        assert bool(decision.allow & bit) == (effects == {ALLOW})
        assert bool(decision.deny & bit) == (effects == {DENY})
        assert bool(decision.prompt & bit) == (effects == {PROMPT})
        beside = [
            rule
            for rule in rules
            if counting and rule.weak and rule.priority == counting[0].priority
            if (rule.owner if owner else rule.other) & bit
        ]
        audited = [rule.audit for rule in (*counting, *beside)]
        assert bool(decision.audit & bit) == (effects == {ALLOW} and any(audited))
        assert bool(decision.quiet & bit) == (effects == {DENY} and not all(audited))
    assert all(bits for bits, _ in decision.winners)


def test_facts_say_little_by_default() -> None:
    """A rule is not audited, has priority 0, may have wildcards and leads nowhere."""
    plain = Facts(1, ALLOW, 1, 1)
    assert plain == Facts(1, ALLOW, 1, 1, audit=False, priority=0, exact=False, transition=None)
    assert Decision() == (0, 0, 0, 0, 0, None, ())


def test_an_execution_that_leads_nowhere_brings_nothing() -> None:
    """Permission to execute alone says neither where to nor that the file may be mapped."""
    assert decide([Facts(7, ALLOW, EXECUTE, 0)], FILE, owner=True) == Decision(
        EXECUTE, winners=((EXECUTE, 7),)
    )


def test_nothing_matches_nothing_granted() -> None:
    """Without rules nothing is granted."""
    assert decide([], SIGNAL, owner=True) == Decision()


def test_specific_permissions_are_those_of_the_class() -> None:
    """A rule without wildcards counts for more only where its class says so."""
    glob = Facts(1, ALLOW, 1, 1, audit=True)
    exact = Facts(2, ALLOW, 1, 1, exact=True)
    assert decide([glob, exact], PIVOT_ROOT, owner=True).audit == 0
    assert decide([glob, exact], SIGNAL, owner=True).audit == 1
