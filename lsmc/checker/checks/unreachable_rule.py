"""A rule whose every grant is taken away by other rules.

What it does: finds allow rules that never decide anything, because at each object that they match a
`deny` or a rule of higher priority decides instead.

Why is this bad: the author believes that the access is granted.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/secret r,  # found: the deny below takes it away
  deny /etc/** r,
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/secret r,
  deny /etc/ssl/** r,
}
```

How sure: exact.  Every object that the rule matches is considered; the witness is one of them.

How to fix: remove the rule, or narrow the rule that overrides it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis import Question
from lsmc.checker.model import Check, LintedProfile, Tree, request, rule_text
from lsmc.decide import ALLOW
from lsmc.diagnostics import Diagnostic, Label
from lsmc.evaluator import Node
from lsmc.ir.classes import BY_CODE


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each allow rule that decides nothing."""
    for profile in tree.profiles:
        for question in profile.questions():
            facts = question.rule.rule.facts
            if facts.effect == ALLOW and question.find(_decides(profile, question)) is None:
                yield from _report(tree, profile, question)


def _decides(profile: LintedProfile, question: Question):  # type: ignore[no-untyped-def]
    cls = BY_CODE[question.rule.rule.cls]
    number = question.rule.rule.facts.id

    def decides(node: Node) -> bool:
        return any(
            number == rule
            for owner in (True, False)
            for _, rule in profile.matcher.decide(node, cls, owner).winners
        )

    return decides


def _report(tree: Tree, profile: LintedProfile, question: Question) -> Iterator[Diagnostic]:
    key = question.example()
    if key is None:
        return  # a rule that matches nothing has a check of its own
    rule = question.rule.rule
    cls = BY_CODE[rule.cls]
    owner = bool(rule.facts.owner)
    decision = profile.matcher.decide(question.node(key), cls, owner)
    wanted = rule.facts.owner if owner else rule.facts.other
    stronger = [tree.origin(number) for mask, number in decision.winners if mask & wanted]
    yield CHECK.finding(
        tree.origin(rule.facts.id),
        f"`{rule_text(tree.origin(rule.facts.id))}` never grants anything",
        help="remove it, or narrow the rule that overrides it",
        profile=profile.name,
        witness=request(profile.name, rule.cls, key, owner, cls.names(wanted)),
        related=[Label(span, f"overridden by `{rule_text(span)}`") for span in stronger],
    )


CHECK = Check("LSM101", "unreachable-rule", "warning", run)
