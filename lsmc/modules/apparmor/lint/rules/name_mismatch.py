"""A file, a profile and an executable that do not share their name.

What it does: finds files none of whose profiles has to do with the file's name: the name is not
that of a profile, nor of an executable that a profile attaches to, nor its path written with dots
(`usr.bin.tool`).

Why is this bad: the profile is not found by whoever looks for it, and two packages may ship it
twice.

Bad:

```apparmor
profile tool /usr/bin/tool {  # found
  /x r,
}
```

Good:

```apparmor
# file: tool
profile tool /usr/lib/thing/tool {
  /x r,
}

# file: usr.bin.other
profile other /usr/bin/other {
  /x r,
}
```

How sure: exact, and a matter of convention: the check is off unless it is selected.

How to fix: rename the file or the profile.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.automata.pattern import literals
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree

_MANY = 256


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each file whose name none of its profiles explains."""
    for file in tree.files:
        own = [one for one in file.compiled.profiles if not one.parent]
        own = [one for one in own if one.origin.source.path == file.path]
        name = file.path.replace("\\", "/").rpartition("/")[2]
        if own and name.removesuffix(".apparmor") not in set(_names(file)):
            shown = to_display(own[0].full_name)
            yield CHECK.finding(
                own[0].origin,
                f"the file `{name}` holds the profile `{shown}`",
                help="rename one of them",
                profile=shown,
            )


def _names(file: LintedFile) -> Iterator[str]:
    """The file names that the profiles of a file would explain."""
    for profile in file.compiled.profiles:
        texts = [profile.name]
        for pattern in profile.attachment.patterns if profile.attachment is not None else ():
            texts += [text.decode("latin-1") for text in literals(pattern, _MANY) or ()]
        for text in map(to_display, texts):
            yield text
            yield text.lstrip("/").replace("/", ".")
            yield text.rpartition("/")[2]


CHECK = Check("LSM221", "name-mismatch", "info", run, default=False)
