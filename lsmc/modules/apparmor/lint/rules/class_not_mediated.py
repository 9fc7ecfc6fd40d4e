"""A rule of a class that the chosen abi does not mediate.

What it does: finds rules whose class is not enforced under the file's feature set, such as
`userns` under abi 3.0.  The compiler drops them with a warning at most.

Why is this bad: what is not mediated is allowed.  A `deny` restricts nothing, and a narrow rule
restricts nothing either.

Bad:

```apparmor
profile tool /usr/bin/tool {
  deny userns,  # found
}
```

Good:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  deny userns,
}
```

How sure: exact, for the abi that the file names; the witness is allowed whatever the rule says.

How to fix: name an abi that mediates the class.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import BY_NAME
from lsmc.modules.apparmor.decide.subjects import FREE_MODES
from lsmc.modules.apparmor.lint.abi import abi_with, shown_abi
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_rules
from lsmc.modules.apparmor.resolve.enforced_classes import feature_of, mediated
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    for text, rule in written_rules(tree):
        name = "mount" if isinstance(rule.body, ast.MountRule) else rule.body.kind
        if name == "all" or name in mediated(text.features):
            continue
        if name == "unix" and "network" in mediated(text.features):
            continue  # becomes a network rule: LSM403
        cls = BY_NAME[name]
        newer = abi_with(tree, feature_of(name))
        for profile in text.profiles:
            record = tree.by_name[profile.name].record
            if record.mode in FREE_MODES:
                continue
            effect = "`deny` has no effect" if rule.prefix.effect == "deny" else "it has no effect"
            yield CHECK.finding(
                rule.span,
                f"{quoted(rule.span)}: {effect}, {name} is not mediated under "
                f"{shown_abi(text.features)} and so allowed",
                help=f"write `abi <{newer}>,`" if newer else "name an abi that mediates it",
                profile=profile.name,
                witness=SEMANTICS.request_of(
                    profile.name, cls, b"\0" * (len(cls.fields) - 1), True, cls.permissions
                ),
                related=[Label(span, "included here") for span in text.fragment.via],
            )


CHECK = Check("LSM402", "class-not-mediated", "warning", run)
