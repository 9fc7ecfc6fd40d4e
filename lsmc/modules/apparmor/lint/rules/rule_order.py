"""Rules of one paragraph that are not in the order of their classes.

What it does: finds paragraphs (rules on lines without a blank line or a comment between them) in
which a rule stands behind one of a later class.  The order is that of the guidelines of the project
apparmor.d: limits, user namespaces, capabilities, network, mounts, changes of profile, message
queues, io_uring, signal, ptrace, unix, dbus, files, links.  `order` in `[checks.rule-order]` is
another order, as a list of keywords; with `sort-paths = true` file rules are in order of path, too.

Why is this bad: what a profile may do is found faster when its rules are where one looks for them.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/bad r,
  capability chown,  # found
}
```

```apparmor
# file: lsmc.toml
[checks.rule-order]
sort-paths = true
# file: bad
profile bad /bin/bad {
  /etc/b r,
  /etc/a r,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  capability chown,
  /etc/b r,
  /etc/a r,

  # a paragraph of its own
  capability kill,
}
```

How sure: exact.  Rules keep their meaning in any order, so nothing else moves.

How to fix: `lsmc lint --fix` sorts the paragraph; rules of one class keep their order.  There is no
fix where the first rule would leave the comment above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lsmc.base.diagnostics import Diagnostic, Edit, Fix, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import rule_text
from lsmc.modules.apparmor.lint.source_files import given, own_line, texts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast
from lsmc.modules.apparmor.syntax.walk import every_body

ORDER = [
    *("all", "rlimit", "userns", "capability", "network", "mount", "remount", "umount"),
    *("pivot_root", "change_profile", "mqueue", "io_uring", "signal", "ptrace", "unix", "dbus"),
    *("file", "link"),
]
_NEXT_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?\r?\n[ \t]*\Z")
_LINE_END = re.compile(r"[ \t]*(?:#[^\n]*)?(?=\r?\n|\Z)")
_Item = ast.Rule | ast.Rlimit
_Key = tuple[int, str]


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each paragraph out of order."""
    order = texts(tree, CHECK, "order")
    paths = bool(tree.setting(CHECK, "sort-paths"))
    for file in given(tree):
        for body in every_body(file.tree.items):
            for paragraph in _paragraphs(body):
                keys = [_key(item, order, paths) for item in paragraph]
                if keys != sorted(keys):
                    yield _finding(paragraph, keys)


def _finding(paragraph: Sequence[_Item], keys: Sequence[_Key]) -> Diagnostic:
    late = next(n for n in range(1, len(keys)) if keys[n] < max(keys[:n]))
    before = next(n for n in range(late) if keys[n] > keys[late])
    sorted_numbers = sorted(range(len(keys)), key=lambda n: keys[n])
    places = [_lines(item.span) for item in paragraph]
    fix = None
    if sorted_numbers[0] == 0 or not _comment_above(places[0]):
        text = "\n".join(places[n].text for n in sorted_numbers)
        fix = Fix("sort the paragraph", (Edit(places[0].to(places[-1]), text),))
    span = paragraph[before].span
    return CHECK.finding(
        paragraph[late].span,
        f"`{rule_text(paragraph[late].span)}` belongs before `{rule_text(span)}`",
        related=[Label(span, "before this rule")],
        fix=fix,
    )


def _key(item: _Item, order: Sequence[str], paths: bool) -> _Key:
    kind = "rlimit" if isinstance(item, ast.Rlimit) else item.body.kind
    rank = order.index(kind) if kind in order else len(order)
    path = ""
    if paths and isinstance(item, ast.Rule) and isinstance(item.body, ast.FileRule):
        path = item.body.path.text if item.body.path is not None else ""
    return rank, path


def _paragraphs(body: Sequence[ast.Item]) -> Iterator[list[_Item]]:
    """Rules on lines of their own that follow one another."""
    current: list[_Item] = []
    for item in body:
        if not isinstance(item, ast.Rule | ast.Rlimit):
            yield from _whole(current)
            current = []
            continue
        text = item.span.source.text
        if not current or not _NEXT_LINE.match(text[current[-1].span.end : item.span.start]):
            yield from _whole(current)
            current = []
        current.append(item)
    yield from _whole(current)


def _whole(paragraph: list[_Item]) -> Iterator[list[_Item]]:
    """The paragraph, if it shares no line with anything else."""
    if len(paragraph) < 2:
        return
    end = paragraph[-1].span
    if own_line(paragraph[0].span) and _LINE_END.match(end.source.text, end.end):
        yield paragraph


def _lines(span: Span) -> Span:
    """The lines of a rule, with the comment behind it, without the last line end."""
    text = span.source.text
    end = _LINE_END.match(text, span.end)
    assert end is not None
    return Span(span.source, text.rfind("\n", 0, span.start) + 1, end.end())


def _comment_above(lines: Span) -> bool:
    text = lines.source.text
    above = text[text.rfind("\n", 0, max(lines.start - 1, 0)) + 1 : max(lines.start - 1, 0)]
    return above.lstrip(" \t").startswith("#")


CHECK = Check(
    "LSM502",
    "rule-order",
    "info",
    run,
    default=False,
    table={"order": ORDER, "sort-paths": False},
)
