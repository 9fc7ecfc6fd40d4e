"""A name that cannot be that of a directory, where only directories are asked, or the reverse.

What it does: finds `mkdir`, `rmdir`, `chroot` and `pivot_root` lines, and directories of `mount`
and `unmount` lines, whose path does not end in `/`; and `create`, `mkfifo`, `mksock`, `mkblock`
and `mkchar` lines whose path does.

Why is this bad: the kernel writes a `/` at the end of the name of each directory, and never
compares a pattern that ends in `/` with a name that does not.  Such a line grants nothing.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file mkdir /srv/\\* 0755  # found
file create /srv/a/ 0644  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file mkdir /srv/\\*/ 0755
file create /srv/a 0644
```

How sure: exact.

How to fix: add the `/`, or take it away.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Grant, Tree, word_span
from lsmc.modules.tomoyo.vocabulary import MOUNT

_DIRECTORIES = ("mkdir", "rmdir", "chroot", "pivot_root", "unmount")
_FILES = ("create", "mkfifo", "mksock", "mkblock", "mkchar")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each path of the wrong form."""
    for grant in tree.grants:
        permissions = grant.acl.permissions
        if grant.acl.kind is MOUNT:
            yield from _findings(grant, (1,), permissions, directory=True)
            continue
        places = tuple(range(2 if permissions == ("pivot_root",) else 1))
        if permissions and all(one in _DIRECTORIES for one in permissions):
            yield from _findings(grant, places, permissions, directory=True)
        elif permissions and all(one in _FILES for one in permissions):
            yield from _findings(grant, places, permissions, directory=False)


def _findings(
    grant: Grant, places: tuple[int, ...], permissions: tuple[str, ...], *, directory: bool
) -> Iterator[Diagnostic]:
    for place in places:
        path = grant.acl.arguments[place]
        if not isinstance(path, str) or path.endswith("/") == directory:
            continue
        word = grant.written.words[grant.skip + 2 + place]
        names = " and ".join(permissions)
        what = "a name that ends in `/`" if directory else "a name that does not end in `/`"
        yield CHECK.finding(
            word_span(grant.written, word),
            f"`{path}` matches nothing: {names} asks for {what}",
            help=f"write `{path}/`" if directory else f"write `{path.rstrip('/')}`",
            profile=grant.owner,
        )


CHECK = Check("LSM677", "directory-without-slash", "warning", run)
