"""An execution that always fails, since its domain cannot be.

What it does: finds `file execute` lines that lead to a domain of another name space which the
policy does not define, and to one whose profile is not defined.

Why is this bad: the line grants the execution, and the kernel then refuses it (ENOMEM), in every
mode, with `ERROR: Domain '...' not ready.` in its log.  It makes missing domains in the same name
space only.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file execute /bin/b <web> /bin/b  # found
file execute /bin/c reset  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file execute /bin/b <kernel> /bin/b
file execute /bin/c child
```

How sure: exact.

How to fix: define the domain, with a profile of its name space.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.heirs import ways
from lsmc.modules.tomoyo.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line by which nobody comes anywhere."""
    engine = tree.engine
    told: set[int] = set()
    for name in engine.subjects:
        domain = engine.find(name)
        assert domain is not None
        for way in ways(engine, domain):
            written = tree.by_place.get((way.rule.record.file, way.rule.record.line))
            if way.next.ready or written is None or way.rule.number in told:
                continue
            told.add(way.rule.number)
            yield CHECK.finding(
                written.span,
                f"the domain `{way.next.name}` is not ready: it is not defined, or its profile is"
                " not, and the kernel makes none in another name space",
                help=f"define `{way.next.name}` with `use_profile`",
                profile=name,
            )


CHECK = Check("LSM682", "target-not-ready", "warning", run)
