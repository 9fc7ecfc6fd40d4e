"""A rule that no real object can match.

What it does: finds rules whose pattern matches nothing at all, or only what does not exist: a
path that begins with `//` once its variables are expanded, that has a component `.` or `..`, or
that is not absolute; mount options that exclude each other; an address that the socket family
does not have.

Why is this bad: the rule looks as if it allowed or denied something, and does nothing.
`apparmor_parser` accepts it without a word.

Bad:

```apparmor
@{ROOT}=/srv/
profile bad /bin/bad {
  /@{ROOT}/data r,  # found
  /usr/lib/../share/x r,  # found
  deny /srv/./secret rw,  # found
  srv r,  # found
  mount options=(private, shared) -> /mnt/,  # found
}
```

Good:

```apparmor
@{ROOT}=/srv
profile good /bin/good {
  @{ROOT}/data r,
  /usr/share/x r,
  /srv/..data/x r,
}
```

How sure: exact.  All of the rule's language is compared with that of the paths that the kernel
builds; a rule of which a part can match is not found.

How to fix: write the path as the kernel sees it, absolute and without `//`, `/./` and `/../`.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.automata.pattern import example
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.model import Rule
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE, LINK
from lsmc.modules.apparmor.decide.subjects import mediates
from lsmc.modules.apparmor.lint.messages import quoted, witness
from lsmc.modules.apparmor.lint.objects import impossible
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.tables.groups import key_pattern


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each written rule whose every meaning is impossible."""
    known: dict[int, str] = {}
    reasons: dict[Span, str] = {}
    holders: dict[Span, tuple[LinkedProfile, Rule]] = {}
    possible: set[Span] = set()
    for profile in tree.profiles:
        for rule in profile.ir.rules:
            span = rule.origin
            if span in possible or not mediates(profile.record, rule.cls):
                continue
            if id(rule) not in known:  # profiles share units
                known[id(rule)] = impossible(rule)
            reason = known[id(rule)]
            if not reason:
                possible.add(span)
                reasons.pop(span, None)
            elif reasons.setdefault(span, reason) == reason:
                holders.setdefault(span, (profile, rule))
    for span, reason in reasons.items():
        profile, rule = holders[span]
        yield CHECK.finding(
            span,
            f"{quoted(span)} can match nothing: {reason}",
            help="write the path as the kernel sees it"
            if rule.cls in (FILE, LINK)
            else "correct the condition",
            profile=profile.name,
            witness=_witness(profile, rule),
        )


def _witness(profile: LinkedProfile, rule: Rule) -> dict[str, object] | None:
    """What the rule does match, impossible as it is; nothing for an empty language."""
    key = example(key_pattern(rule))
    if key is None:
        return None
    return witness(profile, rule.cls, key[1:], bool(rule.owner), rule.owner | rule.other)


CHECK = Check("LSM111", "never-matches", "warning", run, effect=True)
