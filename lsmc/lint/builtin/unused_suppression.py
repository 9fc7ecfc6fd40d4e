"""A comment that suppresses nothing.

What it does: finds `# lsmc: ignore[...]` comments that silence no finding, because the fault is
gone, because the comment stands where it has no effect, or because it names an error.  Codes that
did not run are not judged.

Why is this bad: the comment claims a fault that is not there, and would hide the next one.

Bad:

```apparmor
# file: lsmc.toml
select = ["LSM101"]
# file: profile
profile bad /bin/bad {
  /etc/secret r,  # lsmc: ignore[LSM101] it was denied once  # found
}
```

Good:

```apparmor
# file: lsmc.toml
select = ["LSM101"]
# file: profile
profile good /bin/good {
  /etc/secret r,  # lsmc: ignore[LSM101] kept until the next release
  deny /etc/** r,
}
```

How sure: exact.

How to fix: remove the comment (`--fix` does), or the code that is not needed from its list.
"""

from __future__ import annotations

from lsmc.lint.model import Check, Lintable, elsewhere

CHECK: Check[Lintable] = Check("LSM901", "unused-suppression", "warning", elsewhere)
