"""A suppression that names no code, or a code that does not exist.

What it does: finds `# lsmc:` comments that lint cannot make sense of: an unknown code or name, no
code at all, another word than `ignore` and `ignore-file`.  Such a run ends with exit status 2.

Why is this bad: the author believes that a finding is silenced; a comment for everything would hide
faults that nobody has looked at.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/secret r,  # lsmc: ignore[LSM999999]  # found
  /etc/public r,  # lsmc: ignore  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/secret r,  # lsmc: ignore[unreachable-rule] kept until the next release
  deny /etc/** r,
}
```

How sure: exact.

How to fix: name the code; `lsmc rule --all` lists them.
"""

from __future__ import annotations

from lsmc.lint.model import Check, Lintable, elsewhere

CHECK: Check[Lintable] = Check("LSM902", "unknown-code-in-suppression", "warning", elsewhere)
