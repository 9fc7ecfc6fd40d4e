"""What tests of the front end share: a small policy around a case, and what it comes to."""

from __future__ import annotations

from lsmc.base.diagnostics import Diagnostic, PolicyError
from lsmc.base.source import Source
from lsmc.modules.selinux.assertions.pairs import Members, bits
from lsmc.modules.selinux.front import resolved
from lsmc.modules.selinux.model import Policy

#: A complete policy: types `a b c d`, attributes `two` of a and b, `others` of c and d.
BASE = """\
(mls true) (handleunknown deny)
(common common_file (read write ioctl))
(class file (execute)) (classcommon file common_file)
(class dir (search)) (class process (fork signal transition))
(classorder (file dir process))
(sid kernel) (sidorder (kernel))
(sensitivity s0) (sensitivity s1) (sensitivityorder (s0 s1))
(category c0) (category c1) (category c2) (categoryorder (c0 c1 c2))
(sensitivitycategory s0 (c0 c1 c2)) (sensitivitycategory s1 (c0 c1 c2))
(level low (s0)) (level high (s1 (c0 c1 c2))) (levelrange full (low high))
(type a) (type b) (type c) (type d)
(typeattribute two) (typeattributeset two (a b))
(typeattribute others) (typeattributeset others (c d))
(role object_r) (role r) (role q) (roletype r two) (roletype object_r others)
(user u) (userrole u r) (userrole u object_r) (userlevel u low) (userrange u full)
(boolean on true) (boolean off false) (tunable yes true) (tunable no false)
(sidcontext kernel (u r a (low low)))
(allow a a (process (fork)))
"""
LINES = BASE.count("\n")
#: What BASE alone allows.
_BASE_GRANT = "a a process fork"


def policy(case: str, *, assertions: bool = True) -> Policy:
    """The policy of BASE and a case."""
    return resolved([Source("case.cil", BASE + case)], assertions=assertions)


def faults(case: str) -> tuple[Diagnostic, ...]:
    """What is wrong with BASE and a case, nothing if nothing is."""
    try:
        policy(case)
    except PolicyError as refusal:
        return refusal.diagnostics
    return ()


def told(case: str) -> list[str]:
    """What is wrong with a case: line (in the case) and column, then the message."""
    return [f"{(one.line or 0) - LINES}:{one.column} {one.message}" for one in faults(case)]


def grants(case: str) -> set[str]:
    """What a case allows beyond BASE, whatever its booleans: `SOURCE TARGET CLASS PERMISSION`."""
    found = policy(case, assertions=False)
    members = Members(found)
    allowed: set[str] = set()
    for kind in ("allow", "deny"):
        rules = found.rules[kind]  # type: ignore[index]  # the two kinds of rules that grants have
        for source, target, cls, permissions, _, _ in zip(*rules, strict=True):
            pairs = members.pairs(source, target)
            names = found.classes[cls]
            texts = {
                f"{found.types[one].name} {found.types[other].name} {names.name} "
                f"{names.permissions[bit]}"
                for one in bits(pairs.source)
                for other in bits(pairs.targets(one))
                for bit in bits(permissions)
            }
            allowed = allowed | texts if kind == "allow" else allowed - texts
    return allowed - {_BASE_GRANT}
