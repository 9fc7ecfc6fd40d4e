"""A rule that opens much and does not say why.

What it does: finds rules without a comment behind them, or above them in the same paragraph, that
leave confinement, grant one of the widest capabilities, or are of a class that the configuration
names.  In `[checks.comment-required]`, `exec` lists exec modes, `capabilities` lists capabilities,
and `classes` lists keywords of rules, such as `mount`.

Why is this bad: whoever reviews the rule later can neither confirm it nor dare to remove it.

Bad:

```apparmor
profile bad /bin/bad {
  capability sys_admin,

  /bin/tool Ux,
}
```

```apparmor
# file: lsmc.toml
[checks.comment-required]
classes = ["mount"]
# file: bad
profile bad /bin/bad {
  mount,
}
```

Good:

```apparmor
profile good /bin/good {
  # namespaces for the workers
  capability sys_admin,

  /bin/tool Ux, # starts whatever the user asks for
  deny /bin/other x,
  capability chown,
}
```

How sure: exact.  What the comment says is not judged; one for lsmc alone does not count.

How to fix: say why the program needs the rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsmc.base.diagnostics import Diagnostic
from lsmc.lint.model import Check
from lsmc.modules.apparmor.lint.messages import rule_text
from lsmc.modules.apparmor.lint.source_files import given, own_line, rules, texts
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.syntax import ast

EXEC = ["ux", "Ux", "pux", "PUx", "cux", "CUx"]
CAPABILITIES = [
    *("bpf", "dac_override", "mac_admin", "mac_override", "sys_admin", "sys_module"),
    *("sys_ptrace", "sys_rawio"),
]
_MODE = re.compile(r"[PpCc][IiUu]?[Xx]|[IiUu][Xx]")
_OURS = re.compile(r"#+\s*lsmc\s*:")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that lacks a comment."""
    modes = set(texts(tree, CHECK, "exec"))
    capabilities = set(texts(tree, CHECK, "capabilities"))
    classes = set(texts(tree, CHECK, "classes"))
    for file in given(tree):
        comments = _Comments(file.tree)
        for rule in rules(file.tree):
            if rule.prefix.effect == "deny":
                continue
            reason = _reason(rule.body, modes, capabilities, classes)
            if reason and not comments.explain(rule):
                yield CHECK.finding(
                    rule.span, f"`{rule_text(rule.span)}` does not say why: {reason}"
                )


def _reason(body: ast.RuleBody, modes: set[str], capabilities: set[str], classes: set[str]) -> str:
    """Why a rule needs a comment; empty if it needs none."""
    match body:
        case ast.FileRule(perms=ast.Word() as perms):
            found = [mode for mode in _MODE.findall(perms.text) if mode in modes]
            if found:
                return f"`{found[0]}` leaves confinement"
        case ast.CapabilityRule(names):
            wide = [name.text for name in names if name.text in capabilities]
            if wide or (not names and capabilities):
                return (
                    f"capability `{wide[0]}` opens much" if wide else "it grants every capability"
                )
    return f"a comment is required for `{body.kind}`" if body.kind in classes else ""


class _Comments:
    """The comments of a file by line: those of their own, and all."""

    def __init__(self, tree: ast.File) -> None:
        self.any: set[int] = set()
        self.own: set[int] = set()
        for comment in tree.comments:
            text = comment.span.text
            if _OURS.match(text) or not text.strip("# \t\r"):
                continue
            line, _ = comment.span.source.position(comment.span.start)
            self.any.add(line)
            if own_line(comment.span):
                self.own.add(line)

    def explain(self, rule: ast.Rule) -> bool:
        """Whether a comment stands behind the rule, or above it in its paragraph."""
        location = rule.span.location()
        if any(line in self.any for line in range(location.line, location.end_line + 1)):
            return True
        for line in range(location.line - 1, 0, -1):
            if line in self.own:
                return True
            text = rule.span.source.line_text(line).strip()
            if not text or text.endswith("{") or text.startswith("}"):
                return False
        return False


CHECK = Check(
    "LSM506",
    "comment-required",
    "info",
    run,
    default=False,
    table={"exec": EXEC, "capabilities": CAPABILITIES, "classes": []},
)
