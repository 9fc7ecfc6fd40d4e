"""An optional that is off, with the name that it lacks.

What it does: finds `optional` blocks that are left out since nothing declares a name in them, and
names the first such name.

Why is this bad: it need not be, since optionals are for modules that may be missing.  But a
misspelt name turns an optional off without a word, and all rules in it with it.

Bad:

```cil
(type web_t)
(optional web_mail  ; found
  (allow web_t mial_t (file (read))))
```

Good:

```cil
(type web_t)
(type mail_t)
(optional web_mail
  (allow web_t mail_t (file (read))))
```

How sure: that it is off is exact; whether it should be on only you know.

How to fix: correct the name, or add the module that declares it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.selinux.lint.tree import Tree
from lsmc.modules.selinux.model import Disabled

#: Shorter names are near to many.
_LEAST = 8


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each optional that is off."""
    known = _known(tree)
    near: dict[tuple[str, str], str] = {}
    for one in tree.policy.disabled:
        key = (one.kind, one.missing)
        if key not in near:
            near[key] = _near(one, known.get(one.kind, {}))
        yield CHECK.finding(
            _head(tree, one),
            f"`{one.name}` is off: nothing declares the {one.kind} `{one.missing}`",
            help=near[key],
            related=[Label(tree.span(one.missing_place), "it is named here")],
        )


def _head(tree: Tree, one: Disabled) -> Span:
    """The beginning of a block: all of it would be many lines."""
    span = tree.span(one.place)
    end = span.source.text.find("\n", span.start, span.end)
    return span if end < 0 else span._replace(end=end)


def _known(tree: Tree) -> dict[str, dict[int, list[str]]]:
    """The names that there are, by kind and length."""
    policy = tree.policy
    names = {
        "type": [one.name for one in policy.types],
        "role": [one.name for one in policy.roles],
        "user": [one.name for one in policy.users],
        "boolean": [one.name for one in policy.booleans],
        "class": [one.name for one in policy.classes],
    }
    names["type"] += [one.name for one in policy.attributes]
    names["role"] += [one.name for one in policy.role_attributes]
    found: dict[str, dict[int, list[str]]] = {}
    for kind, some in names.items():
        by_length = found.setdefault(kind, {})
        for name in some:
            by_length.setdefault(len(name), []).append(name)
    return found


def _near(one: Disabled, known: dict[int, list[str]]) -> str:
    """A hint at a name that differs in one letter, or in two that changed places."""
    word = one.missing
    if len(word) < _LEAST:
        return ""
    near = [name for name in known.get(len(word), ()) if _differ_little(name, word)]
    return f"did you mean `{near[0]}`?" if near else ""


def _differ_little(name: str, other: str) -> bool:
    apart = [at for at, (a, b) in enumerate(zip(name, other, strict=True)) if a != b]
    if len(apart) == 2 and apart[1] == apart[0] + 1:
        return name[apart[0]] == other[apart[1]] and name[apart[1]] == other[apart[0]]
    return len(apart) == 1


CHECK = Check("LSM635", "disabled-optional", "info", run)
