"""Which of the remedies of a cause are taken, for a patch or as the answer in one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from lsmc.explain.diagnosis import Explained, Remedy

#: What is taken: the smallest rules, or rules for objects of their kind, as long as nothing is at
#: stake with them; or the smallest changes whatever is at stake.
Take = Literal["exact", "general", "all"]


class ChosenRemedies(NamedTuple):
    """The remedies that are taken, and those that are left as something is at stake with them."""

    taken: tuple[Remedy, ...]
    left: tuple[Remedy, ...]


class DenialRemedies(NamedTuple):
    """The remedies for one thing that was denied.

    Attributes:
        meant: rules that were meant to allow it, as they should have been written.
        yields: rules that refuse it and would have to give way.
        smallest: the smallest change beside that; None where nothing else is needed.
        wider: remedies for more than that.
    """

    meant: tuple[Remedy, ...] = ()
    yields: tuple[Remedy, ...] = ()
    smallest: Remedy | None = None
    wider: tuple[Remedy, ...] = ()

    def taken(self, *, wide: bool) -> tuple[Remedy, ...]:
        """What allows it: a rule that overrides those that refuse, or else these give way.

        With `wide` the rule is one for its kind, if that puts no more at stake than the smallest.
        """
        rule = self.smallest
        if self.meant and (rule is None or rule.kind == "advice"):
            return self.meant[:1]
        if rule is None or rule.overrides:
            return self.yields if rule is None else (rule,)
        stakes = set(rule.hazards)
        fit = (
            one for one in self.wider if one.kind == "general" and stakes.issuperset(one.hazards)
        )
        return (*self.yields, next(fit, rule) if wide else rule)

    @property
    def changes(self) -> bool:
        """Whether a change of policy allows it."""
        return any(one.kind != "advice" for one in self.taken(wide=False))

    def advised(self, *, wide: bool) -> tuple[Remedy, ...]:
        """What a person should do: mend what was meant, and take back what refuses."""
        return self.meant[:1] or self.yields or self.taken(wide=wide)


def choose(causes: Iterable[Explained], take: Take) -> ChosenRemedies:
    """The remedies that change policy for some causes, each once.

    The smallest rule allows the first record of a cause; where the objects of others differ, the
    rule for their kind is taken.
    """
    taken: dict[Remedy, None] = {}
    left: dict[Remedy, None] = {}
    for one in causes:
        wide = take == "general" or one.diagnosis.cause.varied
        for need in needs(one.remedies):
            some = [remedy for remedy in need.taken(wide=wide) if remedy.kind != "advice"]
            bold = take != "all" and any(remedy.bold for remedy in some)
            (left if bold else taken).update(dict.fromkeys(some))
    return ChosenRemedies(tuple(taken), tuple(left))


def needs(remedies: Iterable[Remedy]) -> Iterator[DenialRemedies]:
    """The remedies for each thing that was denied, in order."""
    need = DenialRemedies()
    for one in remedies:
        if one.kind in ("general", "abstraction"):
            need = need._replace(wider=(*need.wider, one))
            continue
        if need.smallest is not None or need.wider:
            yield need
            need = DenialRemedies()
        if one.kind == "mend":
            need = need._replace(meant=(*need.meant, one))
        elif one.kind == "deny":
            need = need._replace(yields=(*need.yields, one))
        else:
            need = need._replace(smallest=one)
    if need != DenialRemedies():
        yield need
