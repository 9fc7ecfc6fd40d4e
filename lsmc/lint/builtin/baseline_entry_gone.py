"""An entry of the baseline whose finding is gone.

What it does: compares the baseline with what is found.  Only codes that ran and files that were
judged count; an entry with a count is reported when fewer findings are left.

Why is this bad: the entry would hide the fault when it comes back.

Bad:

```apparmor
# file: lsmc.toml
select = ["LSM101"]
baseline = "tests/baseline.json"
# file: tests/baseline.json
{"version": 1, "entries": [
{"code": "LSM101", "file": "../profile", "profile": "bad", "rule": "/etc/secret r,", "count": 1}
]}
# file: profile
profile bad /bin/bad {
  /etc/secret r,
}
```

Good:

```apparmor
# file: lsmc.toml
select = ["LSM101"]
baseline = "tests/baseline.json"
# file: tests/baseline.json
{"version": 1, "entries": [
{"code": "LSM101", "file": "../profile", "profile": "good", "rule": "/etc/secret r,", "count": 1}
]}
# file: profile
profile good /bin/good {
  /etc/secret r,
  deny /etc/** r,
}
```

How sure: exact.

How to fix: write the baseline anew with `--write-baseline`.
"""

from __future__ import annotations

from lsmc.lint.model import Check, Lintable, elsewhere

CHECK: Check[Lintable] = Check("LSM903", "baseline-entry-gone", "info", elsewhere)
