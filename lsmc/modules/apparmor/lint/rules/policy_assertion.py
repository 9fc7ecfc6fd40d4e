"""A profile that may do what the configuration says no profile may do.

What it does: holds every profile against the assertions in `lsmc.toml`, and finds for each
profile and assertion a request that breaks it, with the rule that allows it.  An assertion names
a class, permissions and objects, and the profiles to which it applies:

    [[assertions]]
    name = "only package managers write programs"
    except = ["apt*", "dpkg*"]
    class = "file"
    permissions = ["w"]
    object = ["/usr/bin/**", "/usr/sbin/**"]

`subjects` and `except` are shell globs over profile names, `object` is one or several globs as in
rules, `fields` gives globs for the other fields of the class (`fields = { family = "inet" }`),
`owner = true` or `false` speaks of one kind of object only.  Profiles that confine nothing count
with `unconfined = true`.

Why is this bad: somebody decided that this must not be, and wrote it down.

Bad:

```apparmor
profile tool /usr/bin/tool {
  /usr/** rw,  # found
}
# file: lsmc.toml
[[assertions]]
name = "only package managers write programs"
except = ["apt*", "dpkg*"]
class = "file"
permissions = ["w"]
object = ["/usr/bin/**", "/usr/sbin/**"]
```

Good:

```apparmor
profile tool /usr/bin/tool {
  /usr/** rw,
  deny /usr/{bin,sbin}/** w,
}
profile dpkg /usr/bin/dpkg {
  /usr/** rw,
}
# file: lsmc.toml
[[assertions]]
name = "only package managers write programs"
except = ["apt*", "dpkg*"]
class = "file"
permissions = ["w"]
object = ["/usr/bin/**", "/usr/sbin/**"]
```

How sure: exact, in both directions: a profile without a finding keeps the assertion.

How to fix: narrow the rule, deny the objects, or except the profile.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.permitted import Request, Sought, permitted
from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule, wins
from lsmc.automata.algebra import Lazy
from lsmc.automata.facts import samples
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.decide.subjects import FREE_MODES, mediates
from lsmc.modules.apparmor.lint.assertions import Assertion, read_assertions
from lsmc.modules.apparmor.lint.messages import chain, quoted, witness
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each profile that breaks an assertion, once an assertion."""
    assertions = read_assertions(tree.settings)
    if not assertions:
        return
    for view in tree.shared(Grants).profiles:
        free = view.profile.record.mode in FREE_MODES
        for assertion in assertions:
            if not assertion.concerns(view.name) or (free and not assertion.unconfined):
                continue
            if free or not mediates(view.profile.record, assertion.cls):
                yield _unmediated(view, assertion, free)
            else:
                yield from _broken(tree, view, assertion)


def _unmediated(view: ProfileView, assertion: Assertion, free: bool) -> Diagnostic:
    why = "it confines nothing" if free else f"its abi does not mediate {assertion.cls.name}"
    key = next(iter(samples(assertion.keys)), b"")
    return CHECK.finding(
        view.profile.ir.origin,
        f"profile `{view.name}` breaks the assertion `{assertion.name}`: {why}",
        help="except the profile if that is meant",
        profile=view.name,
        witness=witness(view, assertion.cls, key, True, assertion.perms),
    )


def _broken(tree: Tree, view: ProfileView, assertion: Assertion) -> Iterator[Diagnostic]:
    cls = assertion.cls
    if not any(
        held.facts.effect == ALLOW and (held.facts.owner | held.facts.other) & assertion.perms
        for held in view.rules(cls)
    ):
        return
    sides = (True, False) if assertion.owner is None else (assertion.owner,)
    bits = tuple(cls.mask((name,)) for name in cls.names(assertion.perms))
    sought = Sought(cls, (Lazy(assertion.keys),), bits, sides)

    def answered(request: Request) -> bool:
        """What is looked up besides the key counts; whether an executed profile exists does not."""
        if cls not in SEMANTICS.besides:
            return True
        asked = SEMANTICS.request_of(
            view.profile.record.full_name, cls, request.key, request.owner, cls.names(request.perms)
        )
        verdict = tree.answer(asked)
        return verdict is not None and verdict.decision == "allow"

    found = permitted(SEMANTICS, view.profile.matcher, sought, answered)
    if found is None:
        return
    perms = view.grants(cls, found.key, assertion.perms, found.owner) or found.perms
    held = _winner(view, assertion, found.key, found.owner, perms)
    span = held.rule.origin if held is not None else view.profile.ir.origin
    yield CHECK.finding(
        span,
        f"{quoted(span)} breaks the assertion `{assertion.name}`",
        help="narrow the rule, deny the objects, or except the profile",
        profile=view.name,
        witness=witness(view, cls, found.key, found.owner, perms),
        related=chain(view, held) if held is not None else (),
    )


def _winner(
    view: ProfileView, assertion: Assertion, key: bytes, owner: bool, perms: int
) -> UnitRule | None:
    decision = view.decide(assertion.cls, key, owner)
    for held in view.rules(assertion.cls):
        if wins(decision, held.facts, perms):
            return held
    return None


CHECK = Check("LSM316", "policy-assertion", "warning", run)
