"""Small policies for tests: one that is whole, and random ones."""

from __future__ import annotations

import random

import lsmc
from lsmc.base.source import Source
from lsmc.modules.selinux import model
from lsmc.modules.selinux.front import resolved
from lsmc.policy import Policy

#: What every policy here begins with: classes, roles, users, levels.
PRELUDE = """\
(handleunknown deny)
(mls true)
(class file (read write open execute entrypoint ioctl))
(class dir (search add_name))
(class process (transition dyntransition signal setexec fork))
(class tcp_socket (create name_connect))
(classorder (file dir process tcp_socket))
(sid kernel) (sid unlabeled) (sid port) (sidorder (kernel unlabeled port))
(sensitivity s0) (sensitivity s1) (sensitivityorder (s0 s1))
(category c0) (category c1) (category c2) (categoryorder (c0 c1 c2))
(sensitivitycategory s0 (c0 c1 c2)) (sensitivitycategory s1 (c0 c1 c2))
(role object_r) (role sys_r) (role web_r)
(user sys_u) (userrole sys_u sys_r) (userrole sys_u web_r) (userrole sys_u object_r)
(userlevel sys_u (s0)) (userrange sys_u ((s0) (s1 (c0 c1 c2))))
(user ann_u) (userrole ann_u web_r) (userrole ann_u object_r)
(userlevel ann_u (s0)) (userrange ann_u ((s0) (s0 (c0))))
(type base_t) (roletype sys_r base_t) (roletype object_r base_t)
(allow base_t base_t (process (fork)))
(sidcontext kernel (sys_u sys_r base_t ((s0) (s0))))
(sidcontext unlabeled (sys_u object_r base_t ((s0) (s0))))
(sidcontext port (sys_u object_r base_t ((s0) (s0))))
"""
TYPES = tuple(f"t{number}_t" for number in range(6))
ATTRIBUTES = ("all_a", "few_a", "odd_a")
BOOLEANS = ("on_b", "off_b")
_PERMISSIONS = {
    "file": ("read", "write", "open", "execute", "entrypoint", "ioctl"),
    "dir": ("search", "add_name"),
    "process": ("transition", "dyntransition", "signal"),
    "tcp_socket": ("create", "name_connect"),
}
_CONDITIONS = ("on_b", "(and on_b off_b)", "(xor on_b off_b)", "(not off_b)", "(eq on_b off_b)")


def compiled(text: str) -> Policy:
    """The policy of a text behind the prelude; bounds and neverallow are not checked."""
    settings = {"no-neverallow": "yes"}
    return lsmc.compile_text(PRELUDE + text, module="selinux", settings=settings)


def as_model(text: str) -> model.Policy:
    """The resolved policy of a text behind the prelude."""
    source = Source.from_bytes("<text>", (PRELUDE + text).encode())
    return resolved([source], assertions=False)


def random_policy(seed: int, *, bounds: bool = True) -> str:
    """Declarations and rules, behind the prelude."""
    rng = random.Random(seed)
    lines = [f"(type {name}) (roletype web_r {name}) (roletype object_r {name})" for name in TYPES]
    for name in ATTRIBUTES:
        sets = [_members(rng, name) for _ in range(rng.randrange(3))]
        lines.append(f"(typeattribute {name})")
        lines += [f"(typeattributeset {name} {members})" for members in sets]
    lines += [f"(boolean {name} {rng.choice(('true', 'false'))})" for name in BOOLEANS]
    lines += [_rule(rng) for _ in range(rng.randrange(1, 14))]
    for _ in range(rng.randrange(4)):
        inside = " ".join(_rule(rng, conditional=True) for _ in range(rng.randrange(1, 3)))
        branch = rng.choice(("true", "false"))
        lines.append(f"(booleanif {rng.choice(_CONDITIONS)} ({branch} {inside}))")
    if bounds and rng.random() < 0.4:
        children = rng.sample(range(1, len(TYPES)), rng.randrange(1, 3))
        lines += [f"(typebounds {TYPES[rng.randrange(one)]} {TYPES[one]})" for one in children]
    if rng.random() < 0.3:
        lines.append(f"(typepermissive {rng.choice(TYPES)})")
    return "\n".join(lines) + "\n"


def _members(rng: random.Random, own: str) -> str:
    names = rng.sample(TYPES, rng.randrange(1, 4))
    lower = ATTRIBUTES[: ATTRIBUTES.index(own)]
    if lower and rng.random() < 0.5:
        names.append(rng.choice(lower))
    text = f"({' '.join(names)})"
    return f"(not {text})" if rng.random() < 0.3 else text


def _rule(rng: random.Random, *, conditional: bool = False) -> str:
    kinds = ["allow"] * 6 + ["auditallow", "dontaudit"] + ([] if conditional else ["deny"])
    names = [*TYPES, *ATTRIBUTES]
    cls = rng.choice(list(_PERMISSIONS))
    known = _PERMISSIONS[cls]
    permissions = " ".join(rng.sample(known, rng.randrange(1, len(known) + 1)))
    target = rng.choice([*names, "self", "self", "notself", "other"])
    return f"({rng.choice(kinds)} {rng.choice(names)} {target} ({cls} ({permissions})))"
