"""A check failed: a fault of lsmc, not of the policy.

What it does: reports an unexpected exception in a check.  The other checks go on; the run ends with
exit status 2.  It is kept apart from the findings in every format: a notification of the tool in
SARIF, an error and no failure in JUnit, a line of its own on standard error for people.

Why is this bad: what the check would have found is not known.

How sure: exact.

How to fix: report it, with the policy if you can.  Until then, `--ignore` the code that it names.
"""

from __future__ import annotations

from lsmc.lint.model import Check, Lintable, elsewhere

CHECK: Check[Lintable] = Check("LSM999", "internal-error", "warning", elsewhere)
