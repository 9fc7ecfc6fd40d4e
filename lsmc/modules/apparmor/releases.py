"""The releases of AppArmor's compiler that a profile can stand for, and where they differ.

What a kernel enforces is what the compiler in use wrote.  A profile is decided as the release that
its abi stands for, or as the one that the caller names.  Each difference between the releases is
one row here: lowering asks it what to do, lint and the tests name it, and the table in
`docs/compilers.md` is made of it (`scripts/check_docs.py` compares the two).

The file is long because it is that one table.

What the releases do was found by running 3.0.8 and 4.1.0; 6.0 is 6.0.0~alpha1 (commit bda75d45).
The releases between them were not run: each is taken to decide as its neighbour.  What a release
can be told (`priority=`, say) is a matter of its own: `suggest/compilers.py`.
"""

from __future__ import annotations

import posixpath
import re
from enum import IntEnum
from typing import NamedTuple

from lsmc.modules.apparmor.resolve.features import Features

_SAME = "`tests/modules/apparmor/test_compilers.py`"
_KNOWN = "`tests/differential/known.py`"
_HERE = "`tests/modules/apparmor/test_releases.py`"
_ATTACHED = "`tests/modules/apparmor/decide/test_attachment.py`"
_ABI = re.compile(r"(\d{1,3})\.\d{1,3}")


class Release(IntEnum):
    """A release of the compiler, oldest first."""

    V3_0 = 0
    V3_1 = 1
    V4_0 = 2
    V4_1 = 3
    V5_0 = 4
    V6_0 = 5

    @property
    def target(self) -> str:
        """The release as `--target` names it."""
        return ("3.0", "3.1", "4.0", "4.1", "5.0", "6.0")[self]

    @property
    def neighbour(self) -> Release:
        """The release that was run of those that are taken to decide alike."""
        return MEASURED[_STANDS_FOR[self]]

    @property
    def version(self) -> str:
        """The version whose behaviour is meant."""
        return {Release.V3_0: "3.0.8", Release.V4_1: "4.1.0"}.get(self.neighbour, "6.0")


#: The releases that were run; 3.1 is taken to decide as 3.0 does, 4.0 as 4.1, 5.0 as 6.0.
MEASURED = (Release.V3_0, Release.V4_1, Release.V6_0)
#: By release, the place of its neighbour among them.
_STANDS_FOR = (0, 0, 1, 1, 2, 2)
NEWEST = Release.V6_0
TARGETS = tuple(release.target for release in Release)


def release_named(target: str) -> Release:
    """The release that `--target` names; ValueError for any other text."""
    try:
        return Release(TARGETS.index(target))
    except ValueError:
        known = ", ".join(TARGETS)
        raise ValueError(f"no target `{target}`: the targets are {known}") from None


def release_of(features: Features) -> Release:
    """The release that an abi stands for: the first one with that abi, the newest for any other.

    An abi file is known by its name (`abi/3.0`), as `abi` lines and `--features` give it.
    """
    match = _ABI.fullmatch(posixpath.basename(features.name))
    if match is None:
        return NEWEST
    major = int(match[1])
    if major <= 3:
        return Release.V3_0
    return Release.V4_1 if major == 4 else Release.V6_0


class ReleaseDifference(NamedTuple):
    """What the releases do with one thing that policy can say.

    `topic` is that thing; `does` are what 3.0.8, 4.1.0 and 6.0 do with it, and `lsmc` is what is
    decided here when that is not what the release does.  `checked` names what tests it.  In the
    `random` releases the outcome differs from run to run.
    """

    name: str
    topic: str
    does: tuple[str, str, str]
    checked: str
    lsmc: str = "as the target"
    random: tuple[Release, ...] = ()

    def of(self, release: Release) -> str:
        """What a release does."""
        return self.does[_STANDS_FOR[release]]

    def older(self, release: Release) -> bool:
        """Whether a release does something else than the newest one."""
        return self.does[_STANDS_FOR[release]] != self.does[-1]

    def unsure(self, release: Release) -> bool:
        """Whether a release does one thing in some of its runs and another in others."""
        return release.neighbour in self.random


#: Where the lsmc column of the table says nothing else, what the target does is decided.
IMPLIED_MAP = ReleaseDifference(
    "implied-map",
    "`m` implied by `ix` where another rule wins the `x`",
    ("kept", "kept", "dropped"),
    _HERE,
)
IMPLIED_MAP_LOGGED = ReleaseDifference(
    "implied-map-logged",
    "`m` implied by `audit ... ix`",
    ("not logged", "logged", "not logged"),
    _HERE,
)
IMPLIED_MAP_DENIED = ReleaseDifference(
    "implied-map-denied",
    "`deny /a m` of lower priority beside `/a ix`",
    ("no priorities", "`m` allowed", "`m` denied"),
    _HERE,
)
MAP_BESIDE_EXACT = ReleaseDifference(
    "map-beside-exact",
    "`m` of a rule with `ix` (`/bin/* mix`) where one without wildcards or of higher priority wins "
    "the `x` (`/bin/a px`)",
    (
        "kept",
        "kept or dropped, by the addresses of the rules in memory: it differs from run to run",
        "kept where it is written",
    ),
    f"{_HERE}, `tests/modules/apparmor/lint/test_abi.py`",
    "kept for 3.0 and 4.1, for 6.0 where it is written",
    random=(Release.V4_1,),
)
LOSER_LOGS = ReleaseDifference(
    "loser-logs",
    "`audit /bin/* px` where `/bin/a ix` wins; pivot_root alike",
    ("logged", "logged", "not logged"),
    _HERE,
)
PLAIN_NAME = ReleaseDifference(
    "plain-name",
    "`/bin/a { }` beside another profile that attaches to `/bin/a`",
    ("`/bin/a` is taken", "`/bin/a` is taken", "the ranks of both are compared"),
    _HERE,
)
GRANDCHILD = ReleaseDifference(
    "grandchild",
    "name of `g` in `profile p { profile c { profile g` (`cx -> g` leads to `c//g` in all three)",
    ("`c//g`; its `@{profile_name}` is `p//c//g`", "`p//c//g`", "`p//c//g`"),
    _HERE,
)
TRAILING_TARGET = ReleaseDifference(
    "trailing-target",
    "`/a l -> /b`",
    ("the target is ignored", "the target is ignored", "the target of the link"),
    _HERE,
)
SINGLE_VALUE = ReleaseDifference(
    "single-value",
    "`@{V}/b` with the one value `/` of `@{V}`, and other slashes beside a variable of one value",
    (
        *("both are kept (`//b`); a value that is repeated counts as several",) * 2,
        "one is dropped, save at the beginning",
    ),
    _HERE,
)
NEWER_CLASSES = ReleaseDifference(
    "newer-classes",
    "user namespaces, message queues and io_uring, whatever the abi has",
    ("not mediated", "as the abi says", "as the abi says"),
    _HERE,
)
RULES_IN_CONDITION = ReleaseDifference(
    "rules-in-condition",
    "rules other than file, link, change_profile and capability in `if` and `else`",
    ("dropped, save network rules behind other network rules", "kept", "kept"),
    _HERE,
)
DEFINED_BOOLEAN = ReleaseDifference(
    "defined-boolean",
    "`defined $boolean`",
    ("the truth", "the value of the boolean", "always false"),
    f"{_HERE}, `python -m tests.conformance` (spec)",
)
DEFINED_VARIABLE = ReleaseDifference(
    "defined-variable",
    "`defined @{V}` where a value of `@{V}` leads to an undeclared variable or back to `@{V}`",
    ("refused", "refused", "true"),
    _HERE,
)
ONE_OPTION = ReleaseDifference(
    "one-option",
    "setopt beside `deny unix (getopt)` or `audit unix (getopt)`, and the reverse",
    (
        "by its own rules",
        (
            "logged or silent as getopt; rules of lower priority do not grant it, those of the "
            "denial's own do or not, by the addresses of the rules in memory"
        ),
        "by its own rules",
    ),
    f"{_HERE}, {_KNOWN}",
    "as the target; rules of the same priority grant it",
    random=(Release.V4_1,),
)
OLD_MOUNT = ReleaseDifference(
    "mount-kinds",
    "a mount rule whose options name a kind (`bind`) and other flags (`ro`)",
    (
        "the kind without the flags, and a new mount with them",
        "the kind, with the flags that it has",
        "the kind, with the flags that it has",
    ),
    _HERE,
)

QUEUE_LABEL = ReleaseDifference(
    "queue-label",
    "`mqueue create label=x`",
    ("refused", "queues of that label", "queues of that label, and making any queue"),
    _HERE,
)

CHANGE_PRIORITY = ReleaseDifference(
    "change-priority",
    "`priority=` of a change_profile rule",
    ("refused", "passed over", "compared"),
    _HERE,
)

CLASS_IS_EXACT = ReleaseDifference(
    "class-is-exact",
    "exact beats glob for exec: `[ab]`",
    ("a glob", "exact", "exact"),
    _HERE,
)

#: Every difference, in the order of the table: in decisions first, then in what is accepted.
DIFFERENCES = (
    IMPLIED_MAP,
    IMPLIED_MAP_LOGGED,
    IMPLIED_MAP_DENIED,
    MAP_BESIDE_EXACT,
    LOSER_LOGS,
    PLAIN_NAME,
    GRANDCHILD,
    TRAILING_TARGET,
    SINGLE_VALUE,
    NEWER_CLASSES,
    RULES_IN_CONDITION,
    DEFINED_BOOLEAN,
    DEFINED_VARIABLE,
    QUEUE_LABEL,
    CHANGE_PRIORITY,
    ONE_OPTION,
    ReleaseDifference(
        "denied-class",
        "`audit deny umount,` as the only mount rule of a profile",
        ("mount is not mediated at all", "denied", "denied"),
        _KNOWN,
        "denied",
    ),
    ReleaseDifference(
        "namespace-target",
        "`px -> :ns:p` for kernels with tables of permissions",
        ("`:ns:p`", "`:ns`, which no kernel loads", "`:ns:p`"),
        _KNOWN,
        "`:ns:p`",
    ),
    ReleaseDifference(
        "nul-in-address",
        "an abstract socket address with NUL or control bytes",
        ("may pass for other fields", "may pass for other fields", "may pass for other fields"),
        _KNOWN,
        "each field is one",
    ),
    OLD_MOUNT,
    ReleaseDifference(
        "mount-without-options",
        "`mount -> /a,` without options",
        (
            "any kind, any flags",
            "any kind, the flags that it has",
            "any kind, the flags that it has",
        ),
        _HERE,
    ),
    ReleaseDifference(
        "remount-without-options",
        "`remount /a,` without options",
        ("no flags", "any flags", "any flags"),
        _HERE,
    ),
    CLASS_IS_EXACT,
    ReleaseDifference(
        "coarse-network",
        "coarse network rules under an abi without `network_v8`",
        (
            "each profile its own",
            "shared by the profiles of a file",
            "shared by the profiles of a file",
        ),
        "`tests/differential`",
        "each profile its own",
    ),
    ReleaseDifference(
        "rooted-variable",
        "`/@{V}` with several values that begin with `/`",
        (
            "the slash of the value is dropped",
            "the slash of the value is dropped",
            "not tried; one value keeps it (`//`)",
        ),
        "`tests/modules/apparmor/resolve/test_expansion.py`",
        "dropped; one value keeps it",
    ),
    ReleaseDifference(
        "empty-variable",
        "`/a/@{E}@{V}` where `@{E}` is empty and several values of `@{V}` begin with `/`",
        ("the slash of the value is dropped", "the slash of the value is dropped", "it stays"),
        "`tests/modules/apparmor/resolve/test_expansion.py`",
        "dropped",
    ),
    ReleaseDifference(
        "newer-syntax",
        "`priority=`, `prompt`, `all`, `userns`, `mqueue`, `io_uring`",
        ("refused", "accepted", "accepted"),
        "`tests/modules/apparmor/lower/test_rules.py`, `python -m tests.conformance`",
        "accepted",
    ),
    ReleaseDifference(
        "newest-syntax",
        "`?=`, `:=`, comparisons in `if`",
        ("refused", "refused", "accepted"),
        "`python -m tests.conformance`",
        "accepted",
    ),
    ReleaseDifference(
        "clash-under-stronger",
        "a clash of exec modes under a stronger rule",
        ("always refused", "depends on the order of visiting", "depends on the order of visiting"),
        "`python -m tests.conformance` (accept)",
        "as 6.0",
    ),
    ReleaseDifference(
        "contrary-options",
        "`options=(ro,rw)` in a mount rule",
        ("accepted", "refused", "refused"),
        "`tests/modules/apparmor/test_error_catalogue.py`",
        "refused",
    ),
    ReleaseDifference(
        "propagation-path",
        "`mount options=make-private /a`",
        ("refused", "accepted", "accepted"),
        "`tests/differential/known.py`",
        "accepted",
    ),
    ReleaseDifference(
        "class-rules-in-block",
        "rules other than file, link and change_profile in a `{ }` block",
        ("dropped", "dropped", "dropped"),
        "`python -m tests.conformance` (spec)",
        "dropped",
    ),
    ReleaseDifference(
        "rlimit-in-if",
        "`set rlimit` inside `if`",
        ("dropped", "dropped", "dropped"),
        "`python -m tests.conformance` (spec)",
        "dropped",
    ),
    ReleaseDifference(
        "variable-as-target",
        "exec target `-> @{X}`",
        ("taken as written", "taken as written", "taken as written"),
        "`python -m tests.conformance` (spec)",
        "taken as written",
    ),
    ReleaseDifference(
        "escaped-comma",
        "`[\\,]` in a glob",
        ("a backslash or a comma", "a backslash or a comma", "never ends"),
        _SAME,
        "a backslash or a comma",
    ),
    ReleaseDifference(
        "escaped-caret",
        "`[\\^a]`, a class that begins with an escaped `^`",
        ("any byte but `a`", "any byte but `a`", "any byte but `a`"),
        _SAME,
        "any byte but `a`",
    ),
    ReleaseDifference(
        "class-of-bracket",
        "`[]a[b]`, a class whose first byte is `]`",
        ("a class that ends at the second `]`",) * 3,
        "`tests/modules/apparmor/lower/test_aare.py`",
        "refused: an empty class",
    ),
    ReleaseDifference(
        "clearing-option",
        "`options in (rw)`, and other words that clear a flag",
        ("the flag may be set or not",) * 3,
        _SAME,
        "the flag may be set or not",
    ),
    ReleaseDifference(
        "norelatime",
        "the mount option `norelatime`",
        ("no flag; `options=norelatime` is any flags", "no flag", "no flag"),
        f"{_SAME}, {_HERE}",
    ),
    ReleaseDifference(
        "nouser",
        "the mount option `nouser`",
        ("a flag that no kernel asks for", "no flag", "no flag"),
        f"{_SAME}, {_HERE}",
    ),
    ReleaseDifference(
        "alias-of-slashes",
        "`alias /a -> /b/,` and `/a/c`",
        ("`/b/c`: aliases rewrite texts, then runs of slashes become one",) * 3,
        _SAME,
        "`/b/c`",
    ),
    ReleaseDifference(
        "alias-of-implied-rules",
        "an alias for `/proc/` or `/sys/`",
        ("rewrites the rules that hats and change_profile are given, too",) * 3,
        _SAME,
        "rewrites them",
    ),
    ReleaseDifference(
        "slashes-of-executable",
        "`change_profile /x//a -> q`",
        ("`/x//a`, which no kernel asks about",) * 3,
        _SAME,
        "`/x//a`",
    ),
    ReleaseDifference(
        "own-name",
        "`@{profile_name}` of a profile whose name has a comma or a backslash",
        ("a glob in which they are bare: `{@{profile_name},c}` splits at the comma",) * 3,
        _SAME,
        "such a glob",
    ),
    ReleaseDifference(
        "name-of-paths",
        "`profile {/,b}c { }`, a name that matches paths and does not begin with `/`",
        ("attaches to them",) * 3,
        _ATTACHED,
        "attaches to them",
    ),
    ReleaseDifference(
        "name-of-child",
        "`/a///b { }` beside `/a { }`",
        ("a child of `/a` that attaches to `/b`",) * 3,
        _ATTACHED,
        "such a child",
    ),
    ReleaseDifference(
        "question-mark-behind-variable",
        "`@{V}?/ r` (a `?` behind a variable; `@{V}?? r` is accepted by all three)",
        ("accepted", "accepted", "refused"),
        _SAME,
        "accepted",
    ),
    ReleaseDifference(
        "subset-of-alias",
        "the copy that an alias makes of `link subset /a -> /b`",
        ("a link without `subset`",) * 3,
        _SAME,
        "without `subset`",
    ),
    ReleaseDifference(
        "address-of-value",
        "`unix addr=@{V}` where the value of `@{V}` does not begin with `@`",
        ("the first letter of the value is dropped",) * 3,
        _SAME,
        "dropped",
    ),
    ReleaseDifference(
        "empty-address",
        "`unix addr=@{V}` where the value of `@{V}` is empty",
        ("an address of random bytes: the compiler reads behind the value",) * 3,
        "`tests/modules/apparmor/test_releases.py`",
        "no address",
    ),
    ReleaseDifference(
        "nul-in-class",
        "`/a[^b]c l` and `change_profile -> /a[^b]c`, where `[^b]` matches NUL",
        ("stands for the pair of `/a` and `c`, too",) * 3,
        "not modelled: only odd pairs are opened, and the name itself needs a rule",
        "the path alone",
    ),
    ReleaseDifference(
        "file-rule-beside-change",
        "`/a r` beside `change_profile -> /a`, letter for letter the same path",
        ("the file rule is lost", "the file rule is lost", "not tried"),
        "`tests/modules/apparmor/lint/test_abi.py`",
        "kept; LSM409 tells",
    ),
    ReleaseDifference(
        "map-by-address",
        "the log or the denial of `m` (`audit /a* m`, `deny /a* m`) beside a rule with `ix`, and "
        "the log of an `audit ... ix` of lower priority",
        (
            "by its own rules",
            "taken or lost, by the addresses of the rules in memory",
            "by its own rules",
        ),
        _KNOWN,
        "by its own rules",
    ),
    ReleaseDifference(
        "chosen-address",
        "`audit unix (bind) addr=auto`",
        ("each bind to `@` and five hex digits is logged, too", *("that bind is logged",) * 2),
        _KNOWN,
        "that bind is logged",
    ),
    ReleaseDifference(
        "mount-without-kind",
        "`mount fstype=ext4 options in (move)`, a kind behind `in` that does not go with the rest",
        ("refused", "a new mount", "a new mount"),
        "`tests/differential/refused.py`",
        "a new mount",
    ),
    ReleaseDifference(
        "network-before-condition",
        "`if` behind a network rule, without a network rule in its branch",
        ("the compiler crashes", "accepted", "accepted"),
        "`tests/differential/refused.py`",
        "accepted",
    ),
    ReleaseDifference(
        "endless-merging",
        "some sets of change_profile rules beside file rules",
        ("the compiler never ends", "accepted", "accepted"),
        "`tests/differential/refused.py`",
        "accepted",
    ),
    ReleaseDifference(
        "log-of-glob",
        "`audit /a* px` beside `/ab px` (and `audit pivot_root` beside a rule without wildcards)",
        ("`/ab` is logged", "`/ab` is logged", "`/ab` is not logged"),
        "`tests/cases/decisions/files.md`",
        "not logged",
    ),
    ReleaseDifference(
        "circular-variable",
        "a variable that refers to itself",
        ("refused", "refused", "may crash"),
        "`tests/modules/apparmor/test_error_catalogue.py`",
        "refused",
    ),
    ReleaseDifference(
        "include-in-rule",
        "`include` in the middle of a rule",
        ("accepted", "accepted", "accepted"),
        "not supported; no real file has one",
        "refused",
    ),
    ReleaseDifference(
        "comment-at-end",
        "a comment after an assignment on the last line without a line end",
        ("accepted", "accepted", "refused"),
        "`tests/modules/apparmor/syntax/test_lexer.py`",
        "accepted",
    ),
)
