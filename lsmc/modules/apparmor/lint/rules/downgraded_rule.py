"""A rule of which the chosen abi keeps only a part.

What it does: finds rules that the compiler weakens because the feature set lacks what they need:
`unix` rules that become coarse `network unix` rules, network rules that lose addresses, ports,
labels, interface or permissions, and the capabilities `perfmon`, `bpf` and `checkpoint_restore`
that become `sys_admin`.

Why is this bad: the rule grants, or denies, more than it says.

Bad:

```apparmor
abi <abi/3.0>,
profile tool /usr/bin/tool {
  capability checkpoint_restore,  # found
}
# file: abi/3.0
caps {mask {sys_admin chown
}
}
```

Good:

```apparmor
abi <abi/4.0>,
profile tool /usr/bin/tool {
  capability checkpoint_restore,
}
```

How sure: exact, for the abi that the file names.

How to fix: name an abi that keeps the rule, or write what is left of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.abi import abi_with, shown_abi
from lsmc.modules.apparmor.lint.messages import quoted
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import texts


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    for text in tree.shared(texts):
        for lost in text.altered:
            if not lost.needs:
                continue
            newer = abi_with(tree, lost.needs)
            for profile in text.profiles:
                yield CHECK.finding(
                    lost.span,
                    f"under {shown_abi(text.features)} {quoted(lost.rule)} {lost.becomes}",
                    help=f"write `abi <{newer}>,`" if newer else lost.help,
                    profile=profile.name,
                    related=[Label(span, "included here") for span in text.fragment.via],
                )


CHECK = Check("LSM403", "downgraded-rule", "warning", run)
