"""A profile flag that the chosen abi does not have.

What it does: finds flags (`kill.signal`, `error`, `interruptible`, `attach_disconnected.ipc`) and
xattr conditions that the compiler passes over, because the feature set of the file lacks them.

Why is this bad: the profile is loaded without what the flag asks for; without its xattr
conditions it attaches to more programs than it says.

Bad:

```apparmor
profile tool /usr/bin/tool flags=(kill.signal=usr1) {  # found
  /etc/tool.conf r,
}
```

Good:

```apparmor
profile tool /usr/bin/tool flags=(attach_disconnected) {
  /etc/tool.conf r,
}
```

How sure: exact, for the abi that the file names.

How to fix: name an abi that has the feature, or drop the flag.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.abi import abi_with, shown_abi
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_profiles

_XATTR = "domain/attach_conditions/xattr"


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such flag."""
    flags: dict[str, str] = facts("features")["flags"]
    for profile in written_profiles(tree):
        features = profile.file.compiled.features
        written = profile.flat.ast
        for word in written.flags:
            feature = flags.get(word.text.partition("=")[0])
            if feature is None or feature in features:
                continue
            newer = abi_with(tree, (feature,))
            yield CHECK.finding(
                word.span,
                f"the flag `{to_display(word.text)}` is passed over under {shown_abi(features)}, "
                f"which lacks `{feature}`",
                help=f"write `abi <{newer}>,`" if newer else "drop it, or name an abi that has it",
                profile=profile.name,
            )
        if written.has_xattrs and _XATTR not in features:
            yield CHECK.finding(
                written.head,
                f"the xattr conditions are passed over under {shown_abi(features)}: "
                "the profile attaches whatever the attributes",
                help="name an abi that has them",
                profile=profile.name,
            )


CHECK = Check("LSM404", "needs-newer-abi", "warning", run)
