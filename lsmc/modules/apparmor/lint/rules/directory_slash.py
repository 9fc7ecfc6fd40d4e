"""A rule for a directory without the slash, or for a file with one.

What it does: finds rules that can match only files but name a directory, because the policy itself
has rules for what lies below it or because it is a directory on every system; and the reverse.
With `pairs = true` in `[checks.directory-slash]` it also finds rules for all that lies below a
directory where no rule lets the directory be listed.

Why is this bad: the kernel gives directories a slash at the end.  `/etc/app r` lets nobody list the
directory `/etc/app/`.

Bad:

```apparmor
profile bad /bin/bad {
  /etc/app r,  # found
  /etc/app/*.conf r,
  /tmp rw,  # found
  /etc/passwd/ r,  # found
}
```

Good:

```apparmor
profile good /bin/good {
  /etc/app/ r,
  /etc/app/*.conf r,
  /srv/thing r,
  /srv/thing/ r,
  /srv/thing/** r,
}
```

How sure: exact for what the rule matches; that the name is a directory is taken from the other
rules, or from the list of names in this check.  A rule with exec permission is not found, nor one
whose directory some rule allows with the same permissions.

How to fix: add or remove the slash.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.redundancy.overlap_search import KeySearch, decision
from lsmc.analysis.redundancy.scopes import Scope, Scopes, SourceRule
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.base.text import displayed
from lsmc.ir.model import Effect
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.messages import labels, quoted, witness
from lsmc.modules.apparmor.lint.objects import no_directories
from lsmc.modules.apparmor.lint.tree import Tree

_PLAIN = FILE.mask("rw")
_OTHERS = FILE.mask("xmkl")
_READ = FILE.mask("r")
#: Directories of every system (Filesystem Hierarchy Standard 3.0 and the kernel's own).
_DIRECTORIES = frozenset(
    b"/ /bin /boot /dev /dev/pts /dev/shm /etc /etc/ssl /home /lib /media /mnt /opt /proc /proc/sys"
    b" /root /run /run/lock /run/user /sbin /srv /sys /sys/devices /sys/fs/cgroup /tmp /usr "
    b" /usr/bin"
    b" /usr/include /usr/lib /usr/local /usr/sbin /usr/share /usr/src /var /var/cache /var/lib"
    b" /var/log /var/mail /var/opt /var/spool /var/tmp".split()
)
#: Files of every system.
_FILES = frozenset(
    b"/etc/fstab /etc/group /etc/hostname /etc/hosts /etc/nsswitch.conf /etc/passwd "
    b" /etc/resolv.conf"
    b" /etc/shadow /dev/full /dev/null /dev/random /dev/tty /dev/urandom /dev/zero /proc/cmdline"
    b" /proc/cpuinfo /proc/filesystems /proc/loadavg /proc/meminfo /proc/mounts /proc/stat"
    b" /proc/uptime /proc/version".split()
)


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule with a slash too few or too many."""
    pairs = tree.setting(CHECK, "pairs")
    seen: set[Span] = set()
    scopes = tree.shared(Scopes)
    for scope in (*scopes.bodies, *scopes.included):
        below = _below(scope)
        for written in scope.own:
            if written.span in seen:
                continue
            for member in written.members:
                finding = _missing(scope, written, member, below) or _extra(scope, written, member)
                if finding is None and pairs:
                    finding = _unlisted(scope, written, member)
                if finding is not None:
                    seen.add(written.span)
                    yield finding
                    break
        scope.forget()


def _below(scope: Scope) -> dict[bytes, int]:
    """Directories under which the scope's own text has rules, each with one of them."""
    found: dict[bytes, int] = {}
    for written in scope.own:
        for member in written.members:
            if scope.policy.rules[member].cls is not FILE:
                continue
            language = scope.scopes.languages.of(member)
            keys = language.keys
            for head in keys if keys is not None else (language.prefix[1:],):
                at = head.rfind(b"/", 0, len(head) - 1 if keys is not None else len(head))
                if at > 0:
                    found.setdefault(head[:at], member)
    return found


def _missing(
    scope: Scope, written: SourceRule, member: int, below: dict[bytes, int]
) -> Diagnostic | None:
    """The finding for a directory without its slash."""
    rule = scope.policy.rules[member]
    if rule.cls is not FILE or rule.effect is not Effect.ALLOW:
        return None
    mask = rule.owner | rule.other
    keys = scope.scopes.languages.of(member).keys
    if not keys or not mask & _PLAIN or mask & _OTHERS or not no_directories(rule.fields[0]):
        return None
    if not all(key in _DIRECTORIES or key in below for key in keys):
        return None
    owner = bool(rule.owner)
    search = KeySearch(scope, member)
    for key in keys:
        granted = decision(scope, search.at(key + b"/"), FILE, owner).allow
        if granted & mask & _PLAIN:
            return None  # the directory is taken care of
    name = displayed(keys[0])
    proof = [scope.policy.origin(below[keys[0]])] if keys[0] in below else []
    return CHECK.finding(
        written.span,
        f"{quoted(written.span)} matches no directory, and `{name}/` is one",
        help=f"for the directory itself write `{name}/`",
        profile=scope.profile.name,
        witness=witness(scope, FILE, keys[0] + b"/", owner, mask & _PLAIN),
        related=labels(scope, proof, "speaks of what lies below"),
    )


def _extra(scope: Scope, written: SourceRule, member: int) -> Diagnostic | None:
    """The finding for a file with a slash."""
    rule = scope.policy.rules[member]
    keys = scope.scopes.languages.of(member).keys if rule.cls is FILE else None
    if not keys or not all(key[-1:] == b"/" and key[:-1] in _FILES for key in keys):
        return None
    name = displayed(keys[0][:-1])
    return CHECK.finding(
        written.span,
        f"{quoted(written.span)} matches only a directory, and `{name}` is a file",
        help="drop the slash at the end",
        profile=scope.profile.name,
        witness=witness(scope, FILE, keys[0][:-1], bool(rule.owner), rule.owner | rule.other),
    )


def _unlisted(scope: Scope, written: SourceRule, member: int) -> Diagnostic | None:
    """The finding for a tree whose top cannot be listed."""
    rule = scope.policy.rules[member]
    head = scope.scopes.languages.of(member).prefix[1:] if rule.cls is FILE else b""
    owner = bool(rule.owner)
    if rule.effect is not Effect.ALLOW or head[-1:] != b"/" or len(head) < 2:
        return None
    if not written.span.text.rstrip(", ").split()[0].endswith("/**"):
        return None
    search = KeySearch(scope, member)
    if not (rule.owner | rule.other) & _READ:
        return None
    if decision(scope, search.at(head), FILE, owner).allow & _READ:
        return None
    return CHECK.finding(
        written.span,
        f"{quoted(written.span)} reads all below a directory that no rule lets be listed",
        help="write `/{,**}` at the end, or add a rule for the directory",
        profile=scope.profile.name,
        witness=witness(scope, FILE, head, owner, _READ),
    )


CHECK = Check(
    "LSM112",
    "directory-slash",
    "warning",
    run,
    effect=True,
    table={"pairs": False},
    confidence="medium",
)
