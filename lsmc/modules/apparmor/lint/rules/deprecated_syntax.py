"""Old ways of writing that newer compilers warn about.

What it does: finds `#include`, `rewrite` for `alias`, `user` for `owner`, permission letters in
upper case, `@{a,b}` as an alternation, a profile that is named by its path without the keyword, a
limit of processor time without a unit, and a lone path of a mount rule that changes propagation.

Why is this bad: the old forms may go away, and some read as something else: `#include` looks like a
comment.

Bad:

```apparmor
include <tunables/global>
/usr/bin/tool {  # found
  #include <abstractions/base>  # found
  user /home/*/tool/** RW,  # found
}
```

Good:

```apparmor
include <tunables/global>
profile /usr/bin/tool {
  include <abstractions/base>
  owner /home/*/tool/** rw,
}
```

How sure: exact.  The new form means the same.

How to fix: the fix writes the new form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import walk

_PREFIX = re.compile(
    r"(?:(?:priority\s*=\s*[+-]?\d+|audit|allow|deny|prompt)\s+)*(?P<word>user)(?=[\s{])"
)
_OLD_ALTERNATION = re.compile(r"@\{([^{}@,]*,[^{}@]*)\}")
_PROPAGATION = re.compile(r"(?:make-)?r?(?:unbindable|private|slave|shared)\Z")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such place in the files of the tree."""
    for path in tree.texts:
        items = tree.library.file(path).tree.items
        for item in items:
            if isinstance(item, ast.Profile) and not item.keyword and item.name.text[:1] == "/":
                yield _named_by_path(item)
        for item in walk(items):
            yield from _item(item)


def _item(item: ast.Item) -> Iterator[Diagnostic]:
    match item:
        case ast.Include(pound=True):
            yield _word(item.span, "#include", "include")
        case ast.Alias() if item.span.text.startswith("rewrite"):
            yield _word(item.span, "rewrite", "alias")
        case ast.Rlimit():
            yield from _rlimit(item)
        case ast.Rule():
            yield from _rule(item)
        case ast.Block():
            yield from _user(item.span)
        case _:
            pass


def _word(span: Span, old: str, new: str) -> Diagnostic:
    """A keyword at the start of a span that has another name now."""
    place = span._replace(end=span.start + len(old))
    return _finding(
        place, f"`{old}` is written `{new}`", Fix(f"write `{new}`", (Edit(place, new),))
    )


def _finding(span: Span, message: str, fix: Fix | None) -> Diagnostic:
    return CHECK.finding(span, message, help=fix.title if fix is not None else "", fix=fix)


def _named_by_path(item: ast.Profile) -> Diagnostic:
    place = item.head._replace(end=item.head.start)
    return _finding(
        item.head,
        f"the profile `{item.name.text}` is named by a path without the word `profile`",
        Fix("write `profile` before it", (Edit(place, "profile "),)),
    )


def _user(span: Span) -> Iterator[Diagnostic]:
    match = _PREFIX.match(span.text)
    if match is not None:
        start = span.start + match.start("word")
        yield _word(Span(span.source, start, start + len("user")), "user", "owner")


def _rlimit(item: ast.Rlimit) -> Iterator[Diagnostic]:
    if item.name.text in ("cpu", "rttime") and item.unit is None and item.value.text.isdigit():
        unit = "s" if item.name.text == "cpu" else "us"
        end = item.value.span.end
        yield _finding(
            item.span,
            f"`{item.name.text}` is given without a unit, which means {unit}",
            Fix(
                f"write `{item.value.text}{unit}`",
                (Edit(item.span._replace(start=end, end=end), unit),),
            ),
        )


def _rule(rule: ast.Rule) -> Iterator[Diagnostic]:
    yield from _user(rule.span)
    body = rule.body
    if isinstance(body, ast.FileRule) and body.perms is not None:
        yield from _letters(body.perms)
    if isinstance(body, ast.FileRule | ast.LinkRule) and body.path is not None:
        yield from _alternation(body.path)
    if isinstance(body, ast.MountRule) and body.kind == "mount":
        yield from _mountpoint(rule, body)


def _letters(perms: ast.Word) -> Iterator[Diagnostic]:
    """`R W L M` and the `X` of an exec mode; the other letters of a mode mean something."""
    new = re.sub(r"[RWLMX]", lambda match: match.group().lower(), perms.text)
    new = re.sub(r"I(?=x)", "i", new)
    if new != perms.text and perms.span.text == perms.text:
        yield _finding(
            perms.span,
            f"permissions are written in lower case: `{new}`",
            Fix(f"write `{new}`", (Edit(perms.span, new),)),
        )


def _alternation(path: ast.Word) -> Iterator[Diagnostic]:
    match = _OLD_ALTERNATION.search(path.text)
    if match is not None:
        yield _finding(
            path.span,
            f"`{match.group()}` is not a variable: the compiler reads `@` and an alternation",
            None,
        )


def _mountpoint(rule: ast.Rule, body: ast.MountRule) -> Iterator[Diagnostic]:
    words = [
        w.text for c in body.conditions if c.name.text in ("options", "option") for w in c.values
    ]
    if body.source is None or body.mountpoint is not None:
        return
    if any(_PROPAGATION.match(word) for word in words):
        at = body.source.span.start
        yield _finding(
            rule.span,
            f"the path `{body.source.text}` is a mountpoint and stands where a source does",
            Fix("write `->` before it", (Edit(rule.span._replace(start=at, end=at), "-> "),)),
        )


CHECK = Check("LSM405", "deprecated-syntax", "info", run)
