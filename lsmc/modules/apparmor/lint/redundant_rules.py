"""What the checks of rules that may go have in common: which rules, and the finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lsmc.analysis.redundancy.overlap_search import KeySearch
from lsmc.analysis.redundancy.redundant import Judgement, Redundancy, judgements, smallest_cover
from lsmc.analysis.redundancy.removal import Comparison, won_at
from lsmc.analysis.redundancy.scopes import SourceRule
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.model import MediationClass
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.kernel_objects import is_requestable
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.messages import help_text, labels, where, witness
from lsmc.modules.apparmor.lint.quirks.altered import altered_rules
from lsmc.modules.apparmor.lint.removing import without
from lsmc.modules.apparmor.lint.tree import Tree


def judged(tree: Tree, fate: Redundancy) -> Iterator[Judgement]:
    """The rules that may go for one reason.

    A rule that others cover is left out where this may be so only since the compiler dropped words
    of one of them: that is the mistake, and another check reports it.
    """
    altered = tree.shared(altered_rules)
    for one in judgements(tree):
        span = one.written.span
        if one.kind is fate and (
            not one.cover
            or altered.isdisjoint((span, *one.cover))
            or (fate is Redundancy.DUPLICATE and same_text(span, one.cover[0]))
        ):
            yield one


def same_text(one: Span, other: Span) -> bool:
    """Whether two rules are written alike, white space aside."""
    return one.text.split() == other.text.split()


def report(
    tree: Tree,
    check: Check[Tree],
    judgement: Judgement,
    message: str,
    help: str,
    others: Sequence[Span],
    label: str,
) -> Diagnostic:
    """The finding about a rule that may go; `label` says what the other rules do.

    The fix takes the rule out, unless that may be right only since the compiler dropped words.
    """
    span = judgement.written.span
    sure = judgement.kind is Redundancy.DUPLICATE or tree.shared(altered_rules).isdisjoint(
        (span, *others)
    )
    return check.finding(
        span,
        message,
        help=help_text(help, where(judgement.profiles, span)),
        profile=judgement.scope.profile.name,
        witness=witness_of(judgement),
        related=labels(judgement.scope, others, label),
        fix=without(span, "remove the rule") if sure else None,
    )


def stronger(judgement: Judgement) -> tuple[Span, ...]:
    """A smallest set of the rules that decide in a rule's stead."""
    origin = judgement.scope.policy.origin
    needs = [
        frozenset(origin(number) for number in numbers) for numbers in judgement.removal.beaten
    ]
    return smallest_cover(needs, lambda span: (span.source.path, span.start))


def witness_of(judgement: Judgement) -> dict[str, Any] | None:
    """A request at which a rule that may go has a part in the decision, or else matches."""
    written, proof = judgement.written, judgement.removal
    classes = {rule.cls for rule in written.rules}  # not those of what it takes along
    seen = best(one for one in proof.won or proof.beaten.values() if one.cls in classes)
    if seen is not None and is_requestable(seen.cls, seen.key or b""):
        bits = seen.won
        if seen.cls is FILE and seen.with_it.allow & bits:
            bits &= seen.with_it.allow
        return witness(written.scope, seen.cls, seen.key or b"", seen.owner, bits)
    found = (
        won_at(written, lambda decision: decision.won_by(written.numbers))
        if proof.won
        else _matching(written)
    )
    return witness(written.scope, *found) if found is not None else None


def best(seen: Iterable[Comparison]) -> Comparison | None:
    """The best example: an object that there is, then a short one, then one of the owner."""

    def cost(one: Comparison) -> tuple[bool, int, bool]:
        key = one.key or b""
        return not is_requestable(one.cls, key), len(key), not one.owner

    return min((one for one in seen if one.key is not None), key=cost, default=None)


def _matching(written: SourceRule) -> tuple[MediationClass, bytes, bool, int] | None:
    """A key that a rule matches, the owner side and the bits, wherever it is decided."""
    for rule, member in zip(written.rules, written.members, strict=True):
        key = KeySearch(written.scope, member).example()
        if key is not None:
            return rule.cls, key, bool(rule.owner), rule.owner or rule.other
    return None
