"""An alias that changes nothing.

What it does: finds `alias` lines whose old path starts no path of a rule or attachment in any file
that has the alias, that are not absolute on both sides, or that replace a path by itself.

Why is this bad: the paths that it was written for are not covered.  An alias is a replacement of
text at the start of a path after variables are expanded: a missing `/` or a path that begins with
an alternation is enough for it to match nothing.

Bad:

```apparmor
alias /usr/ -> /mnt/usr/,
alias /usr/bin/ -> srv/bin/,  # found
alias /var/ -> /var/,  # found
alias /opt/ -> /mnt/opt/,  # found

profile bad /usr/bin/bad {
  /var/lib/bad r,
}
```

Good:

```apparmor
alias /usr/ -> /mnt/usr/,

profile good /usr/bin/good {
  /usr/share/good/** r,
}
```

How sure: exact for the files that were given: the compiler itself tells which aliases it used.  An
alias of an included file may be there for another profile beside the given ones or in the base
directory, so it is judged when there are none.  It is `info` since lists of aliases are written for
more programs than one tree has profiles for.

How to fix: correct the path, or remove the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.references import ProfileNames
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each alias without effect."""
    seen: dict[Span, ast.Alias] = {}
    matched: set[Span] = set()
    for file in tree.files:
        pairs = file.compiled.aliases.pairs
        hit = {pairs[number] for number in file.compiled.aliases.matched}
        for alias, _ in file.compiled.preamble.alias_lines:
            if not file.compiled.bodies:
                continue  # nothing to apply it to
            seen[alias.span] = alias
            if (alias.old.text, alias.new.text) in hit:
                matched.add(alias.span)
    given = {file.path for file in tree.files}
    others = tree.shared(ProfileNames).neighbours.names
    for span, alias in seen.items():
        old, new = to_display(alias.old.text), to_display(alias.new.text)
        if alias.old.text == alias.new.text:
            message = f"the alias replaces `{old}` by itself"
        elif not alias.old.text.startswith("/"):
            message = f"the alias of `{old}` matches nothing: it is not absolute"
        elif not alias.new.text.startswith("/"):
            message = f"the alias makes paths that begin with `{new}`: they match nothing"
        elif span not in matched and (span.source.path in given or not others):
            message = f"no text of a path begins with `{old}`: the alias to `{new}` does nothing"
        else:
            continue
        yield CHECK.finding(span, message, help=_HELP)


_HELP = "correct the path, or remove the alias; it replaces text and sees into no alternation"
CHECK = Check("LSM218", "dead-alias", "info", run)
