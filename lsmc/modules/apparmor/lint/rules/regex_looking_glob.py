"""A glob that looks like a regular expression.

What it does: finds patterns with marks of regular expressions that mean something else in a glob:
`(a|b)`, a class followed by `+`, escapes such as `\\d`, an escaped dot, `^` at the start or `$`
at the end.  In a pattern with such a mark `.*` and `.+` are named too; alone they are good globs
(hidden files, names with an ending) and are not found.

Why is this bad: the marks are taken literally, so the rule matches something else, mostly nothing.

Bad:

```apparmor
profile bad /bin/bad {
  /usr/bin/(foo|bar) r,  # found
  /var/log/app[0-9]+.log w,  # found
  /var/lib/x/.*\\.db r,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /usr/bin/{foo,bar} r,
  /var/log/app[0-9]*.log w,
  /home/*/.* r,
  /usr/lib/g++/** r,
}
```

How sure: a guess, from marks that hardly ever stand in real names.

How to fix: write `{a,b}` for `(a|b)`, `*` for `.*`, `?` for `.`, and drop the backslash before a
dot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import written_rules
from lsmc.modules.apparmor.syntax import ast

_MARKS = (
    (re.compile(r"\([^()/|]*\|[^()/]*\)"), "`(a|b)` is written `{a,b}` in a glob"),
    (
        re.compile(r"\[[^\[\]/]+\]\+"),
        "`+` means itself in a glob: `[0-9]*` is one digit and anything",
    ),
    (re.compile(r"\\[dDwWsSbB](?![0-9])"), "`\\d` and its like do not exist: write `[0-9]`"),
    (re.compile(r"\\\."), "a dot means itself in a glob and needs no backslash"),
    (re.compile(r"\A\^/"), "a pattern matches the whole path, `^` means itself"),
    (re.compile(r"[^$]\$\Z"), "a pattern matches the whole path, `$` means itself"),
    (re.compile(r"\(\?[:=!]"), "groups do not exist in globs"),
)
_LOOSE = re.compile(r"\.[*+]")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each pattern with a mark of a regular expression."""
    seen: set[Span] = set()
    for text, rule in written_rules(tree):
        for word in _patterns(rule.body):
            if word.span in seen:
                continue
            seen.add(word.span)
            found = [said for mark, said in _MARKS if mark.search(word.text)]
            if not found:
                continue
            if _LOOSE.search(word.text):
                found.append("`.*` is a dot and anything: write `*`")
            yield CHECK.finding(
                word.span,
                f"`{to_display(word.text)}` looks like a regular expression, it is a glob",
                help="; ".join(found),
                profile=text.profiles[0].name,
            )


def _patterns(body: ast.RuleBody) -> Iterator[ast.Word]:
    """The words of a rule that are globs."""
    match body:
        case ast.FileRule(path=path) if path is not None:
            yield path
        case ast.LinkRule():
            yield body.path
            yield body.target
        case ast.MountRule():
            yield from (word for word in (body.source, body.mountpoint) if word is not None)
        case ast.PivotRootRule(newroot=newroot) if newroot is not None:
            yield newroot
        case ast.ChangeProfileRule():
            yield from (word for word in (body.exec, body.target) if word is not None)
        case ast.ClassRule():
            for condition in (*body.conditions, *(body.peer or ())):
                yield from condition.values


CHECK = Check("LSM115", "regex-looking-glob", "warning", run, effect=True, confidence="low")
