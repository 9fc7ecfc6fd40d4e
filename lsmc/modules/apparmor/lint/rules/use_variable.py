"""A path that spells out what a variable stands for.

What it does: finds paths of file and link rules that begin with a directory, or hold a pattern, for
which the file knows a variable: `/usr/bin/` and `@{bin}`, `/proc/` and `@{PROC}`, `/proc/[0-9]*/`
and `@{pid}`, `/home/*/` and `@{HOME}`.  The list is `lint/data/variables.toml`; `skip` in
`[checks.use-variable]` names variables to pass over.

Why is this bad: sites set tunables to say where things are; a rule that does not use them breaks
there.  Patterns for numbers match more than numbers: `[0-9]*` matches `1abc` as well.

Bad:

```apparmor
include <tunables/global>
profile bad /bin/bad {
  /proc/cpuinfo r,  # found
  /usr/bin/tool ix,  # found
}
```

Good:

```apparmor
include <tunables/global>
profile good /bin/good {
  @{PROC}/cpuinfo r,
  @{bin}/tool ix,
  /opt/tool ix,
}
```

```apparmor
profile knows-no-variable /bin/good {
  /proc/cpuinfo r,
}
```

How sure: the variable is one that the file may use.  Whether its author meant what it stands for is
not known.

How to fix: write the variable.  `lsmc lint --fix` does where it stands for just the text that it
replaces; where it stands for more, the rule would match more, and --unsafe-fixes is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from lsmc.base.diagnostics import Diagnostic, Edit, Fix
from lsmc.base.source import Span, to_display
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.source_files import given, rules, texts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.resolve.variables import ExpansionError, Variables
from lsmc.modules.apparmor.syntax import ast

_BRACES = re.compile(r"\{([^{}]*)\}")
_MANY = 256


def run(tree: Tree) -> Iterator[Diagnostic]:
    """The first part of each path that a variable stands for."""
    skip = set(texts(tree, CHECK, "skip"))
    for file in given(tree):
        variables = file.file.compiled.preamble.variables
        known = [pair for pair in _patterns() if pair[0] not in skip and variables.values(pair[0])]
        for rule in rules(file.tree) if known else ():
            if isinstance(rule.body, ast.FileRule | ast.LinkRule) and rule.body.path is not None:
                path = rule.body.path
                if path.text == path.span.text:  # neither quoted nor escaped
                    yield from _path(path, known, variables)


def _path(
    path: ast.Word, known: list[tuple[str, re.Pattern[str]]], variables: Variables
) -> Iterator[Diagnostic]:
    for name, pattern in known:
        found = pattern.match(path.text)
        if found is None:
            continue
        start, end = found.span("text")
        span = Span(path.span.source, path.span.start + start, path.span.start + end)
        safe = _equal(found["text"], name, variables)
        text = to_display(found["text"])
        beyond = "" if safe else ", which stands for something else here"
        yield CHECK.finding(
            span,
            f"`{text}` is usually written `@{{{name}}}`{beyond}",
            fix=Fix(f"write `@{{{name}}}`", (Edit(span, f"@{{{name}}}"),), safe),
        )
        return


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    """Each variable with the texts that it may replace."""
    return [
        (entry["name"], re.compile(rf"{entry.get('after', '')}(?P<text>{text})(?=/|\Z)"))
        for entry in facts("variables")["variable"]
        for text in ("|".join(map(re.escape, entry["texts"])),)
    ]


def _equal(text: str, name: str, variables: Variables) -> bool:
    """Whether a variable stands for just a text."""
    try:
        values = variables.flatten(name)
    except ExpansionError:
        return False
    stands = {one for value in values for one in _spellings(value.rstrip("/"))}
    return stands == _spellings(text)


def _spellings(text: str) -> set[str]:
    """The texts that an alternation stands for; the text itself where they are many."""
    done: set[str] = set()
    todo = [text]
    while todo:
        one = todo.pop()
        found = _BRACES.search(one)
        if found is None:
            done.add(one)
        else:
            todo += [one[: found.start()] + c + one[found.end() :] for c in found[1].split(",")]
        if len(done) + len(todo) > _MANY:
            return {text}
    return done


CHECK = Check(
    "LSM504", "use-variable", "info", run, default=False, table={"skip": []}, confidence="medium"
)
