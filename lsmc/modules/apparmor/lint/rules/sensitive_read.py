"""A rule that lets a program read secrets.

What it does: finds rules by which a profile may really read, after all denies, what is secret:
password hashes, private keys, tokens, the stores of browsers and wallets, raw disks, the memory
of the kernel and of other processes.  The list is `lint/data/sensitive.toml`; programs
whose job it is to read such an object are named there and passed over.  Configuration may pass
over more of them:

    [checks.sensitive-read]
    allow = { "password hashes" = ["my-login"] }

Why is this bad: whoever takes over the program has these secrets.

Bad:

```apparmor
profile report /usr/bin/report {
  /etc/** r,  # found
}
```

Good:

```apparmor
profile report /usr/bin/report {
  /etc/** r,
  deny /etc/{shadow,gshadow}{,-} r,
  deny /etc/security/opasswd r,
  deny /etc/{ssh,ssl/private,wireguard,letsencrypt}/** r,
  deny /etc/{ipsec.secrets,master.passwd,opasswd} r,
}
```

How sure: the object in the witness can be read.  An object that is neither named in the list as an
example nor named by a rule may be missed.

How to fix: name what the program needs, or deny what it does not need.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.profile_view import ProfileView
from lsmc.base.diagnostics import Diagnostic
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check, SettingError
from lsmc.lint.selection import close
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.file_rules import READ
from lsmc.modules.apparmor.lint.messages import rule_finding, shown, witness
from lsmc.modules.apparmor.lint.path_sets import Exposure, PathSets, names, opened
from lsmc.modules.apparmor.lint.tree import Tree


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each rule that opens a secret for reading, once a profile."""
    secrets = PathSets.read("sensitive")
    passed = {}
    for kind, profiles in tree.setting(CHECK, "allow").items():
        known = [one.name for one in secrets.sets]
        if kind not in known:
            what = f"no kind of secret `{kind}`{close(kind, known)}"
            raise SettingError(f"checks.{CHECK.name}.allow: {what}")
        passed[kind] = names(profiles)

    def counts(view: ProfileView, opening: Exposure) -> bool:
        allowed = passed.get(opening.kind.name)
        return allowed is None or not allowed.match(view.name)

    found = (pair for pair in secrets.openings(tree, ALLOW, READ) if counts(*pair))
    for rule in opened(found):
        first = rule.first
        yield rule_finding(
            CHECK,
            rule.view,
            rule.held,
            f"reads {rule.kinds()}: {shown(first.path)} for one",
            help="name what the program needs, or deny what it does not need",
            witness=witness(rule.view, FILE, first.path, first.owner, first.perms),
        )


CHECK = Check("LSM311", "sensitive-read", "warning", run, table={"allow": {}}, lists=True)
