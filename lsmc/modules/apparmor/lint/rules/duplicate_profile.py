"""A profile name that is defined twice.

What it does: finds two profiles of one full name in the files of the tree: in two files, or as a
child and as a profile that is written `parent//child`.

Why is this bad: one replaces the other when they are loaded, and which one stays depends on the
order.  Within one file `apparmor_parser` refuses most such policy; those errors have a code of
their own.

Bad:

```apparmor
profile tool /usr/bin/tool {
  /x r,
}

# file: second
profile tool /usr/sbin/tool {  # found
  /y r,
}
```

```apparmor
profile a /usr/bin/a {
  profile inner {
    /x r,
  }
}

profile a//inner {  # found
  /y r,
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  /x r,
}

# file: second
profile :container:tool /usr/bin/tool {
  /y r,
}
```

How sure: exact.  Of the two the first one takes part in all other findings and in `lsmc query`.

How to fix: rename or remove one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.compiler.linking import first_of_each
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile whose name another one has before it."""
    profiles = (profile for file in tree.files for profile in file.compiled.profiles)
    yield from first_of_each(profiles)[1]


CHECK = Check("LSM207", "duplicate-profile", "warning", run)
