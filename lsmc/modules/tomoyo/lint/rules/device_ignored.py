"""A mount line with a device that the kernel does not compare.

What it does: finds `file mount` lines that name a device for a type of mount where the kernel
grants any: file systems without a block device, remounts and changes of propagation.

Why is this bad: the line looks narrower than it is.

Bad:

```tomoyo
<kernel> /bin/a
use_profile 3
file mount /dev/tmp /mnt/ tmpfs 0  # found
```

Good:

```tomoyo
<kernel> /bin/a
use_profile 3
file mount any /mnt/ tmpfs 0
file mount /dev/sda1 /mnt/ ext4 0
file mount /srv/ /mnt/ --bind 0
```

How sure: exact for `--remount`, `--make-...` and the file systems of the kernel's own tree.

How to fix: write `any`, which says what the kernel does.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.tomoyo.lint.tree import Tree, word_span
from lsmc.modules.tomoyo.patterns import glob
from lsmc.modules.tomoyo.vocabulary import BLOCK_FILE_SYSTEMS, DIRECTORY_MOUNTS, MOUNT


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each line of one type whose device is a path."""
    for grant in tree.grants:
        if grant.acl.kind is not MOUNT:
            continue
        device, _, kind, _ = grant.acl.arguments
        if not isinstance(device, str) or not isinstance(kind, str) or glob(kind).patterned:
            continue
        if kind in (*DIRECTORY_MOUNTS, *BLOCK_FILE_SYSTEMS) or not device.startswith("/"):
            continue
        word = grant.written.words[grant.skip + 2]
        yield CHECK.finding(
            word_span(grant.written, word),
            f"the device is not compared for `{kind}`: any device is granted, not only `{device}`",
            help="write `any`",
            profile=grant.owner,
        )


CHECK = Check("LSM674", "device-ignored", "warning", run)
