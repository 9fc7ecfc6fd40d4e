"""A rule that opens nearly everything of its kind.

What it does: finds `all,`, `file,`, the rules `network,` `mount,` `ptrace,` `dbus,` `capability,`
and `change_profile,` without any condition, and file rules that open a large part of the file
system, such as `/** rw`.  For files it says how many objects of a small sample of a system
(`lint/data/path_corpus.toml`) the rule opens, after all denies.

Why is this bad: what the rule opens was not thought about, and includes what nobody wants the
program to have.

Configuration may set what a large part is, for writing and executing and for reading:

    [checks.too-broad]
    write-share = 0.5
    read-share = 0.9

Bad:

```apparmor
profile tool /usr/bin/tool {
  /** rw,  # found
  ptrace,  # found
}
```

Good:

```apparmor
profile tool /usr/bin/tool {
  owner /home/*/tool/** rw,
  ptrace read peer=tool,
}
```

How sure: the count is exact for the sample, and the object in the witness is opened.  Whether the
program needs it all is not known.

How to fix: name what the program needs.
"""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.analysis.profile_view import Grants, ProfileView, UnitRule, UnitView, halves
from lsmc.automata.prefixes import is_broad
from lsmc.base.diagnostics import Diagnostic
from lsmc.base.source import Span
from lsmc.ir.decision import ALLOW
from lsmc.lint.model import Check
from lsmc.modules.apparmor.classes import FILE
from lsmc.modules.apparmor.lint.data import facts
from lsmc.modules.apparmor.lint.file_rules import EXECUTE, READ, WRITE
from lsmc.modules.apparmor.lint.messages import rule_finding, shown, witness
from lsmc.modules.apparmor.lint.tree import Tree
from lsmc.modules.apparmor.lint.written_rules import bare_rules

#: What the rules that name nothing open.
_BARE = {
    "network": "every kind of socket",
    "mount": "every mount",
    "ptrace": "every process",
    "dbus": "every message on every bus",
    "capability": "every capability",
    "change_profile": "every profile",
}
#: One of the objects that each opens.
_EXAMPLES = {
    "network": {"family": b"inet", "type": b"stream", "protocol": b"tcp"},
    "mount": {"mountpoint": b"/mnt/", "source": b"/dev/sda1", "fstype": b"ext4"},
    "ptrace": {"peer": b"unconfined"},
    "dbus": {
        "bus": b"system",
        "name": b"org.freedesktop.systemd1",
        "label": b"unconfined",
        "path": b"/org/freedesktop/systemd1",
        "interface": b"org.freedesktop.systemd1.Manager",
        "member": b"StartUnit",
    },
    "capability": {"capability": b"sys_admin"},
    "change_profile": {"target": b"unconfined"},
}


def run(tree: Tree) -> Iterator[Diagnostic]:
    """Each such rule."""
    corpus = tuple(path.encode() for path in facts("path_corpus")["paths"].split())
    shares = {
        WRITE: tree.setting(CHECK, "write-share"),
        EXECUTE: tree.setting(CHECK, "write-share"),
        READ: tree.setting(CHECK, "read-share"),
    }
    bare = tree.shared(bare_rules)
    views = tree.shared(Grants)
    known = {id(unit): _candidates(unit, bare, corpus) for unit in views.units}
    for view in views.confined:
        seen: set[Span] = set()
        for use in view.uses:
            for held, kind, matched in known[id(use.unit)]:
                if held.rule.origin in seen:
                    continue
                if held.rule.cls is FILE:
                    finding = _files(view, held, matched, len(corpus), shares)
                else:
                    finding = _class(view, held, kind)
                if finding is not None:
                    seen.add(held.rule.origin)
                    yield finding


def _candidates(
    unit: UnitView, bare: dict[tuple[str, int], str], corpus: tuple[bytes, ...]
) -> list[tuple[UnitRule, str, list[bytes]]]:
    """The rules of a unit that may open nearly everything.

    Each comes with its keyword if it is bare, and the objects of the sample that it matches.
    """
    found = []
    code = bytes((FILE.code,))
    for held in unit.rules:
        rule = held.rule
        if held.facts.effect != ALLOW:
            continue
        kind = bare.get((rule.origin.source.path, rule.origin.start), "")
        if rule.cls is FILE:
            if is_broad(rule.fields[0]):
                matched = [path for path in corpus if held in unit.matching(code + path)]
                found.append((held, kind, matched))
        elif kind in _BARE and rule.cls.name == kind:
            found.append((held, kind, []))
    return found


def _class(view: ProfileView, held: UnitRule, kind: str) -> Diagnostic | None:
    cls = held.rule.cls
    if cls.name not in view.profile.record.mediated:
        return None
    examples = _EXAMPLES[kind]
    key = b"\0".join(examples.get(name, b"") for name in cls.fields)
    won = view.granted_by(held, key, cls.all)
    if not won:
        return None
    return rule_finding(
        CHECK,
        view,
        held,
        f"opens {_BARE[kind]}",
        help="name what the program needs",
        witness=witness(view, cls, key, True, won),
    )


def _files(
    view: ProfileView, held: UnitRule, matched: list[bytes], size: int, shares: dict[int, float]
) -> Diagnostic | None:
    for perms, share in shares.items():
        if len(matched) < share * size:
            continue
        for owner in halves(held.facts, perms):
            opened = [path for path in matched if view.granted_by(held, path, perms, owner)]
            if not opened or len(opened) < share * size:
                break
            verb = {WRITE: "writing", READ: "reading", EXECUTE: "executing"}[perms]
            worst = next((p for p in (b"/etc/shadow", b"/etc/passwd") if p in opened), opened[0])
            return rule_finding(
                CHECK,
                view,
                held,
                f"opens {len(opened)} of {size} objects of a sample of the "
                f"file system for {verb}, {shown(worst)} among them",
                help="name what the program needs",
                witness=witness(view, FILE, worst, owner, perms),
            )
    return None


CHECK = Check(
    "LSM301",
    "too-broad",
    "warning",
    run,
    table={"write-share": 0.5, "read-share": 0.9},
    confidence="medium",
)
