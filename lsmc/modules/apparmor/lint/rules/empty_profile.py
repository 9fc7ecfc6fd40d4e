"""A profile, an abstraction or a policy file with nothing in it.

What it does: finds profiles without a single rule, child or limit, included files of a profile's
body that hold nothing but comments, and given files that define no profile.

Why is this bad: a profile without rules denies everything, an abstraction without rules gives
nothing, and a file without a profile is not loaded at all.  Mostly something was left unfinished.

Bad:

```apparmor
profile bad /bin/bad {  # found
  # to be written
}

# file: unfinished
# nothing here yet  # found
```

```apparmor
profile user /bin/user {
  include <abstractions/nothing>
  /x r,
}

# file: abstractions/nothing
# reserved  # found
```

Good:

```apparmor
profile good /bin/good {
  /x r,
}

profile stub /bin/stub flags=(unconfined) {
  include if exists <local/stub>
}

profile parent /bin/parent {
  ^hat {
    /y r,
  }
}
```

Profiles in the modes `unconfined` and `default_allow` need no rules.  Files of an `include if
exists`, and those in directories whose name ends in `.d` or that are called `local`, are hooks and
may be empty.

How sure: exact.

How to fix: write the rules, or remove the text and the includes of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.linked_policy import LinkedProfile
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.base.source import Span
from lsmc.lint.model import Check
from lsmc.modules.apparmor.decide.subjects import FREE_MODES
from lsmc.modules.apparmor.lint.source_index import Syntax, is_under
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree

_PARTS = ("abstractions", "tunables", "local", "abi", "disable", "force-complain")


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each text without content."""
    parents = {profile.record.parent for profile in tree.profiles}
    for profile in tree.profiles:
        if _is_empty(profile) and profile.record.name not in parents:
            yield CHECK.finding(
                profile.ir.origin,
                f"profile `{profile.name}` has no rules: it denies everything",
                help="write its rules, or remove it",
                profile=profile.name,
            )
    yield from _abstractions(tree)
    for file in tree.files:
        if not _defines(file) and not is_under(file.path, *_PARTS):
            yield CHECK.finding(
                _first(tree.shared(Syntax).files[file.path].tree.span),
                "the file defines no profile",
                help="it is not loaded; a file to be included belongs below `abstractions/`",
            )


def _is_empty(profile: LinkedProfile) -> bool:
    one = profile.ir
    if profile.record.mode in FREE_MODES or one.rlimits:
        return False
    # what the compiler adds for hats stands at the profile's head
    return all(rule.origin == one.origin for rule in one.rules)


def _abstractions(tree: Tree) -> Iterator[Diagnostic]:
    syntax = tree.shared(Syntax)
    for path, site in sorted(syntax.in_bodies.items()):
        if syntax.files[path].tree.items or _is_hook(path):
            continue
        lines = [
            one.include
            for name in sorted(syntax.files)
            for one in syntax.sites(name)
            if path in one.targets
        ]
        if any(line.if_exists for line in lines):
            continue
        yield CHECK.finding(
            _first(syntax.files[path].tree.span),
            "the file is included and holds no rules",
            help="write its rules, or remove the includes of it",
            related=[Label(site.include.span, "included here")],
        )


def _is_hook(path: str) -> bool:
    return is_under(path, "local") or any(
        part.endswith(".d") for part in path.split("/")[:-1] if part != "apparmor.d"
    )


def _defines(file: LintedFile) -> bool:
    return bool(file.compiled.preamble.profiles) or any(
        one.severity == "error" for one in file.compiled.diagnostics
    )


def _first(span: Span) -> Span:
    """The first line of a text."""
    end = span.source.text.find("\n")
    return Span(span.source, 0, end if end >= 0 else len(span.source.text))


CHECK = Check("LSM210", "empty-profile", "warning", run)
