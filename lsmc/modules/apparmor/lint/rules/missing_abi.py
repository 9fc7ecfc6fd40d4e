"""A file without an `abi` line.

What it does: finds files with profiles for which no `abi` line is read, in them or in what they
include.

Why is this bad: what is mediated is then up to the compiler's default or to how the system pins
it, and changes with neither the file nor the profile.  Under the default user namespaces, message
queues, `io_uring` and the addresses of network rules are not mediated, so rules for them are
silently dropped.

Configuration may name the abi that the fix writes:

    [checks.missing-abi]
    abi = "abi/5.0"

Bad:

```apparmor
profile tool /usr/bin/tool {  # found
  /etc/tool.conf r,
}
```

Good:

```apparmor
abi <abi/4.0>,

profile tool /usr/bin/tool {
  /etc/tool.conf r,
}
```

How sure: exact.

How to fix: write the abi that the profile was tested with before everything else.  The fix
changes what is mediated, so it is not a safe one.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such file, at its first profile."""
    abi = tree.setting(CHECK, "abi")
    for file in tree.files:
        compiled = file.compiled
        refused = any(one.name in _REFUSED for one in compiled.diagnostics)
        if compiled.profiles and not compiled.preamble.abi_lines and not refused:
            first = compiled.bodies[0]
            yield CHECK.finding(
                first.ast.head,
                "no `abi` line: what is mediated is up to the compiler's default",
                help=f"write `abi <{abi}>,` before everything else",
                fix=_fix(tree, file, abi),
            )


def _fix(tree: Tree, file: LintedFile, abi: str) -> Fix | None:
    """The line before the first item, behind the comments at the top."""
    source = tree.library.sources.get(file.path)
    if source is None:
        return None
    items = tree.library.file(file.path).tree.items
    if not items:
        return None
    at = items[0].span.start
    return Fix(
        f"add `abi <{abi}>,`", (Edit(Span(source, at, at), f"abi <{abi}>,\n\n"),), safe=False
    )


#: Errors of an abi line that is there and cannot be used, or may stand in a missing file.
_REFUSED = frozenset(
    ("missing-abi-file", "abi-without-comma", "bad-features-file", "missing-include")
)
CHECK = Check("LSM401", "missing-abi", "warning", run, table={"abi": "abi/4.0"})
