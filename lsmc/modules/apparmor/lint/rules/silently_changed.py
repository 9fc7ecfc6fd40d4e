"""A rule that the compiler accepts and then drops, widens or alters.

What it does: finds what `apparmor_parser` compiles without a word to something else than it says:

- in a `{ }` block all rules but file, link and change_profile are dropped, and so are profiles and
limits; limits in a branch of `if` too; - `owner` around `other` grants nothing; - mount flags that
the kind of mount does not keep are dropped: `ro` with `bind`; `remount` with a source or a type
grants a new mount; a lone path is a source, and makes a bind mount of `(remount,bind)`;
`umount` passes over options and types; `options in (rw)` allows `ro` too; - in
a class `[\\^a]` negates, `[\\,]` has a backslash in it, `*` and `?` end the class; - exec targets
are names, not patterns: `px -> @{X}` and `px -> a*` look for profiles of that very name; `ix -> x`
and `ux -> x` go to `x`; a target without exec or link permission does nothing; a child's `cx ->`
does not find its own children; `pUx` does not scrub the environment; - `change_profile EXEC -> T`
allows the direct change to T, and `change_profile -> /a` takes the place of `/a r`; - `/@{X}`
begins with two slashes when the value of `X` begins with one, and never matches, and so does
`@{X}/` before 6.0 when the value of `X` is `/`; - backslashes of the profile's name escape in
`@{profile_name}`, and its commas split `{@{profile_name},b}`; - `link subset` tests only files that
the task owns, and `deny link subset` denies as without `subset`; `deny a` leaves `w` as it is;
`deny all` denies files to their owner only; - `port=0` is every port, of several addresses or ports
the first one counts; unknown words of `io_uring (…)` are passed over; - coarse network rules hold
for all profiles of a file (`apparmor_parser` 6.0); - the log or the silence of
`unix (getopt)` goes for `setopt` too (4.1.0); - `defined $x` is always false (6.0), a limit of
`010` is 8, a later `abi` line is passed over.

Why is this bad: nobody is told, and the profile does something else than everybody reads.

Bad:

```apparmor
profile tool /usr/bin/tool {
  deny {
    signal,  # found
    /etc/secret r,
  }
  mount options=(bind,ro) /srv/ -> /mnt/,  # found
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  deny signal,
  deny /etc/secret r,
  mount options=bind /srv/ -> /mnt/,
  mount options=(remount,bind,ro) -> /mnt/,
}
```

How sure: exact; each was found by compiling.

How to fix: the help of each finding says what to write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsmc.analysis.profile_view import Grants, ProfileView
from lsmc.analysis.redundancy.overridden import partial_overrides
from lsmc.automata.facts import members, objects
from lsmc.base.diagnostics import Diagnostic, Label
from lsmc.ir.decision import ALLOW, DENY
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE, NETWORK
from lsmc.modules.apparmor.decide.subjects import FREE_MODES
from lsmc.modules.apparmor.lint.file_rules import WRITE
from lsmc.modules.apparmor.lint.messages import quoted, rule_finding, shown, witness
from lsmc.modules.apparmor.lint.quirks.glob import classes
from lsmc.modules.apparmor.lint.quirks.map import unsure_maps
from lsmc.modules.apparmor.lint.quirks.structure import (
    Leading,
    StructureFault,
    abi_lines,
    double_slash,
    heads,
    leading_variables,
    merged,
    naming_itself,
    own_name,
    structure,
)
from lsmc.modules.apparmor.lint.tree import LintedFile, Tree
from lsmc.modules.apparmor.lint.written_rules import Text, WrittenProfile, texts, written_profiles
from lsmc.modules.apparmor.lower.context import Altered
from lsmc.modules.apparmor.lower.units import KEPT_IN_BLOCKS
from lsmc.modules.apparmor.resolve.features import Features
from lsmc.modules.apparmor.syntax import ast


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Everything that becomes something else."""
    for text in tree.shared(texts):
        for change in text.altered:
            if not change.needs:
                yield from _altered(text, change)
        yield from _rules(tree, text)
    for profile in written_profiles(tree):
        for fault in (*heads(profile), *merged(profile)):
            yield _fault(fault, profile.name)
    for fault in (*structure(tree), *abi_lines(tree)):
        yield _fault(fault, None)
    yield from _append(tree)
    for unsure in unsure_maps(tree):
        yield CHECK.finding(
            unsure.loser,
            f"{quoted(unsure.loser)} may give `m` of {shown(unsure.path)} or not: 4.1.0 goes "
            "through rules in an order that differs from run to run",
            help=f"write a rule of its own for the `m` of {shown(unsure.path)}",
            profile=unsure.profile.name,
            related=[Label(unsure.winner, "this rule wins the execution")],
        )
    for file in tree.files:
        if _coarse(file.compiled.features) and len(file.compiled.profiles) > 1:
            yield from _shared_network(tree, file)


def _altered(text: Text, change: Altered) -> Iterator[Diagnostic]:
    related = [Label(span, "included here") for span in text.fragment.via]
    for profile in text.profiles:
        yield CHECK.finding(
            change.span,
            f"{quoted(change.rule)} {change.becomes}",
            help=change.help,
            profile=profile.name,
            related=related,
            fix=change.fix,
        )


def _rules(tree: Tree, text: Text) -> Iterator[Diagnostic]:
    """What becomes of the classes, variables and names in rules."""
    written = [(rule, leading_variables(rule), naming_itself(rule)) for rule in text.rules]
    begun = {match.groups(): (word, match) for _, some, _ in written for word, match in some}
    named = [word for _, _, words in written for word in words]
    told = [one for one in text.profiles if any(_names(tree, one, begun.values(), named))]
    for rule, leading, naming in written:
        if text.fragment.prefix is None or isinstance(rule.body, KEPT_IN_BLOCKS):
            for change in classes(rule):
                yield from _altered(text, change)
        for profile in told:
            for fault in _names(tree, profile, leading, naming):
                yield _fault(fault, profile.name)


def _names(
    tree: Tree, profile: WrittenProfile, leading: Iterable[Leading], naming: Iterable[ast.Word]
) -> Iterator[StructureFault]:
    """What is wrong in a profile with variables at the beginning of paths, and with its name."""
    yield from double_slash(leading, profile.file.compiled.preamble.variables)
    yield from own_name(naming, tree.by_name[profile.name].ir.name)


def _fault(fault: StructureFault, profile: str | None) -> Diagnostic:
    return CHECK.finding(fault.span, fault.message, help=fault.help, profile=profile)


def _append(tree: Tree) -> Iterator[Diagnostic]:
    """`deny a` where `w` is granted: the file is written all the same."""
    append = FILE.mask("a")
    for view in tree.shared(Grants).confined:
        for held in view.rules(FILE):
            mask = held.facts.owner | held.facts.other
            if held.facts.effect != DENY or not mask & append or mask & WRITE:
                continue
            for path in objects(held.rule.fields[0]):
                owner = bool(held.facts.owner & append)
                if view.grants(FILE, path, WRITE, owner):
                    yield rule_finding(
                        CHECK,
                        view,
                        held,
                        f"denies appending and leaves writing: {shown(path)} can be written",
                        help="deny `w`, which includes `a`",
                        witness=witness(view, FILE, path, owner, WRITE),
                    )
                    break


def _coarse(features: Features) -> bool:
    return "network" in features and not {"network_v8", "network_v9"} & features.paths


def _shared_network(tree: Tree, file: LintedFile) -> Iterator[Diagnostic]:
    """Coarse network rules that other profiles of the file get too."""
    views = [
        view
        for view in tree.shared(Grants).profiles
        if tree.file_of[view.name] is file and view.profile.record.mode not in FREE_MODES
    ]
    for view in views:
        for held in view.rules(NETWORK):
            if held.facts.effect != ALLOW:
                continue
            other = _without(views, view, held.rule.fields[:2])
            if other is not None:
                yield rule_finding(
                    CHECK,
                    view,
                    held,
                    f"holds for all profiles of the file, `{other.name}` among "
                    "them: coarse network rules are one table for a whole compilation",
                    help="name an abi with fine network rules, or put the profiles in files of "
                    "their own",
                )


def _without(
    views: list[ProfileView], view: ProfileView, socket: tuple[object, ...]
) -> ProfileView | None:
    """Another profile that is not granted such a socket."""
    families, types = (members(field) for field in socket)
    family, kind = (families or (b"inet",))[0], (types or (b"stream",))[0]
    key = b"\0".join((family, kind, *(b"",) * (len(NETWORK.fields) - 2)))
    for other in views:
        if other is not view and not other.decide(NETWORK, key).allow:
            return other
    return None


CHECK = Check("LSM409", "silently-changed", "warning", run, basis=partial_overrides)
