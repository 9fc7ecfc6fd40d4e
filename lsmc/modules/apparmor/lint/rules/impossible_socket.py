"""A rule for a socket that cannot exist.

What it does: finds network and unix rules that name a family together with a type that the kernel
does not know for it.  The table is `lint/data/sockets.toml`.

Why is this bad: the rule never matches; another type was meant.

Bad:

```apparmor
profile tool /usr/bin/tool {
  network netlink stream,  # found
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  network netlink raw,
}
```

How sure: the table is made from the sources of the kernel; modules from elsewhere may add types.

How to fix: name a type that the family has, or none.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.text import listing
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_rules
from lsmc.modules.apparmor.names import FAMILIES, SOCKET_TYPES
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    known: dict[str, list[str]] = facts("sockets")["types"]
    for text, rule in written_rules(tree):
        family, kind = _socket(rule.body)
        if not kind or family not in known or kind in known[family]:
            continue
        for profile in text.profiles:
            yield CHECK.finding(
                rule.span,
                f"{quoted(rule.span)} never matches: the family {family} has no {kind} sockets",
                help=f"it has {listing(known[family])}",
                profile=profile.name,
                related=[Label(span, "included here") for span in text.fragment.via],
            )


def _socket(body: ast.RuleBody) -> tuple[str, str]:
    """The family and the type that a rule names, empty where it does not."""
    if not isinstance(body, ast.ClassRule):
        return "", ""
    if body.kind == "unix":
        kinds = (c.values[0].text for c in body.conditions if c.name.text == "type" and c.values)
        return "unix", next(kinds, "")
    if body.kind != "network":
        return "", ""
    words = [word.text for word in body.words]
    family = next((word for word in words if word in FAMILIES), "")
    rest = [word for word in words if word in SOCKET_TYPES and word != family]
    return family, rest[0] if rest else ""


CHECK = Check("LSM408", "impossible-socket", "warning", run)
