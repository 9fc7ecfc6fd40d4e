"""A profile that an administrator cannot extend without editing it.

What it does: finds profiles of the given files without an `include if exists <local/...>` line.

Why is this bad: local additions have to be made in the packaged file, and every update conflicts
with them.

Bad:

```apparmor
profile bad /bin/bad {  # found
  /x r,
}
```

Good:

```apparmor
profile good /bin/good {
  /x r,
  include if exists <local/good>
}
```

How sure: exact, and a matter of convention: the check is off unless it is selected.  Children and
hats are not asked for a line of their own.

How to fix: add the line; the fix writes `local/` and the file's name.  It is safe as long as
there is no such file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span, from_display, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.source_index import Syntax
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast

#: What no name has that an include has as it is.
_SPECIAL = re.compile(r"[\s\"'\\<>#,@${}\[\]*?^]")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile without a line for local additions."""
    syntax = tree.shared(Syntax)
    for file in tree.files:
        name = file.path.rpartition("/")[2]
        sites = syntax.sites(file.path) if file.path in syntax.files else ()
        for profile, via in file.compiled.preamble.profiles:
            lines = [site.include for site in sites if site.profile is profile]
            if via or any(line.path.text.startswith("local/") for line in lines):
                continue
            found = f"profile `{to_display(profile.name.text)}` has no place for local additions"
            if not name.isprintable() or _SPECIAL.search(name):
                yield CHECK.finding(
                    profile.head, found, help="rename the file: an include cannot name it as it is"
                )
                continue
            text = f"local/{from_display(name)}"
            there = tree.library.find(ast.Word(text, profile.head), True) is not None
            yield CHECK.finding(
                profile.head,
                found,
                help=f"add `include if exists <local/{name}>`",
                fix=_fix(profile, text, safe=not there),
            )


def _fix(profile: ast.Profile, text: str, *, safe: bool) -> Fix:
    """The line before the closing brace."""
    source = profile.span.source
    brace = source.text.rfind("}", profile.span.start, profile.span.end)
    before = source.text[:brace]
    start = "" if before.rstrip(" \t").endswith("\n") else "\n"
    at = Span(source, brace, brace)
    return Fix(
        "add a place for local additions",
        (Edit(at, f"{start}  include if exists <{text}>\n"),),
        safe=safe,
    )


CHECK = Check("LSM219", "missing-local-include", "info", run, default=False)
