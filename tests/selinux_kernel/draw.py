"""Random policies in CIL: every statement that has a meaning when the kernel decides.

A drawn policy is whole: it declares the kernel's initial labels, and a label for selinuxfs without
which Linux 6.12 refuses a policy with booleans.
"""

from __future__ import annotations

from random import Random

from tests.selinux_kernel.expressions import condition, constraint, members

#: The kernel's initial labels, in its order.
INITIAL = (
    "kernel",
    "security",
    "unlabeled",
    "fs",
    "file",
    "file_labels",
    "init",
    "any_socket",
    "port",
    "netif",
    "netmsg",
    "node",
    "igmp_packet",
    "icmp_socket",
    "tcp_socket",
    "sysctl_modprobe",
    "sysctl",
    "sysctl_fs",
    "sysctl_kernel",
    "sysctl_net",
    "sysctl_net_unix",
    "sysctl_vm",
    "sysctl_dev",
    "kmod",
    "policy",
    "scmp_packet",
    "devnull",
)
_COMMON = ("read", "write", "create", "getattr", "open", "append", "relabelto")
#: Permissions by class, those of the common set first.
CLASSES: dict[str, tuple[str, ...]] = {
    "file": (*_COMMON, "entrypoint", "execute"),
    "dir": (*_COMMON, "search", "add_name", "rmdir"),
    "lnk_file": _COMMON,
    "process": ("fork", "transition", "dyntransition", "signal", "setexec"),
    "tcp_socket": ("create", "bind", "name_connect"),
    "unix_dgram_socket": ("create", "sendto"),
    "capability": ("chown", "kill", "setuid"),
    "security": ("load_policy", "compute_av"),
    "window": ("show", "hide", "move"),
}
_WITH_COMMON = ("file", "dir", "lnk_file")
SENSITIVITIES = ("s0", "s1", "s2")
CATEGORIES = ("c0", "c1", "c2", "c3", "c4", "c5")
TYPES = tuple(f"d{number}_t" for number in range(9))
ATTRIBUTES = tuple(f"d{number}_a" for number in range(4))
ROLES = ("one_r", "two_r", "three_r")
USERS = ("one_u", "two_u", "three_u")
NAMES = ("etc", "my file", "a+b", "x-y.conf")
#: What constraints may name: users, roles, types.
_NAMED = (USERS, ROLES, (*TYPES, *ATTRIBUTES))
_ANY_LEVEL = f"((s0) (s2 ({' '.join(CATEGORIES)})))"
_RULES = ("allow", "allow", "allow", "allow", "auditallow", "dontaudit")
_SIDES = ("source", "target")
_PARTS = ("low", "high", "low-high")


def policy_text(rng: Random, number: int) -> str:
    """A whole policy; its booleans have names with the number, as a kernel keeps their values."""
    booleans = [f"b{number}_{one}" for one in range(3)]
    lines = [*_classes(rng), *_levels(), *_types(rng), *_roles(rng), *_users(rng)]
    lines += [f"(boolean {name} {rng.choice(('true', 'false'))})" for name in booleans]
    lines += [_rule(rng) for _ in range(rng.randrange(40, 80))]
    for _ in range(rng.randrange(2, 6)):
        branches = rng.sample(("true", "false"), rng.choice((1, 2)))
        inside = [_branch(rng, which) for which in branches]
        lines.append(f"(booleanif {condition(rng, booleans)} {' '.join(inside)})")
    lines += _typical(rng)
    lines += _transitions(rng, booleans)
    lines += _defaults(rng)
    lines += _constraints(rng)
    lines += [f"(sidcontext {name} (one_u object_r d0_t ((s0) (s0))))" for name in INITIAL]
    lines.append('(genfscon selinuxfs "/" (one_u object_r d0_t ((s0) (s0))))')
    return "\n".join(lines) + "\n"


def _classes(rng: Random) -> list[str]:
    lines = [f"(handleunknown {rng.choice(('allow', 'deny'))})", "(mls true)"]
    lines.append(f"(common node ({' '.join(_COMMON)}))")
    for name, permissions in CLASSES.items():
        own = permissions[len(_COMMON) :] if name in _WITH_COMMON else permissions
        lines.append(f"(class {name} ({' '.join(own)}))")
        if name in _WITH_COMMON:
            lines.append(f"(classcommon {name} node)")
    lines.append(f"(classorder ({' '.join(rng.sample(list(CLASSES), len(CLASSES)))}))")
    lines += [f"(sid {name})" for name in INITIAL]
    lines.append(f"(sidorder ({' '.join(INITIAL)}))")
    return lines


def _levels() -> list[str]:
    lines = [f"(sensitivity {name})" for name in SENSITIVITIES]
    lines.append(f"(sensitivityorder ({' '.join(SENSITIVITIES)}))")
    lines += [f"(category {name})" for name in CATEGORIES]
    lines.append(f"(categoryorder ({' '.join(CATEGORIES)}))")
    lines.append("(sensitivitycategory s0 (range c0 c5))")
    lines.append("(sensitivitycategory s1 (range c0 c3))")
    lines.append("(sensitivitycategory s2 (range c0 c5))")
    lines.append("(sensitivityalias plain)(sensitivityaliasactual plain s0)")
    lines.append("(categoryalias green)(categoryaliasactual green c2)")
    return lines


def _types(rng: Random) -> list[str]:
    lines = [f"(type {name})" for name in TYPES]
    lines.append(f"(typealias other_t)(typealiasactual other_t {rng.choice(TYPES)})")
    for number, name in enumerate(ATTRIBUTES):
        lines.append(f"(typeattribute {name})")
        for _ in range(rng.choice((0, 1, 1, 2))):
            expression = members(rng, [*TYPES, *ATTRIBUTES[:number]], 2)
            lines.append(f"(typeattributeset {name} {expression})")
    if rng.random() < 0.7:
        children = rng.sample(range(1, len(TYPES)), rng.randrange(1, 5))
        lines += [f"(typebounds {TYPES[rng.randrange(one)]} {TYPES[one]})" for one in children]
    lines += [f"(typepermissive {name})" for name in rng.sample(TYPES, rng.randrange(3))]
    return lines


def _roles(rng: Random) -> list[str]:
    lines = ["(role object_r)", *(f"(role {name})" for name in ROLES)]
    lines += [f"(roletype object_r {name})" for name in TYPES]
    for name in ROLES:
        held = rng.sample(TYPES, rng.randrange(4, len(TYPES)))
        lines += [f"(roletype {name} {one})" for one in held]
    lines.append(f"(roleattribute two_a)(roleattributeset two_a {members(rng, [*ROLES], 1)})")
    lines.append(f"(roletype two_a {rng.choice([*TYPES, *ATTRIBUTES])})")
    pairs = [(one, other) for one in ROLES for other in ROLES if one != other]
    lines += [f"(roleallow {one} {other})" for one, other in rng.sample(pairs, rng.randrange(5))]
    return lines


def _users(rng: Random) -> list[str]:
    lines = []
    for name in USERS:
        lines.append(f"(user {name})(userrole {name} object_r)(userlevel {name} (s0))")
        held = rng.sample(ROLES, rng.randrange(1, len(ROLES) + 1))
        lines += [f"(userrole {name} {role})" for role in held]
    ranges = (_ANY_LEVEL, _ANY_LEVEL, rng.choice((_ANY_LEVEL, "((s0) (s1 (c0 c1 c2)))")))
    lines += [f"(userrange {name} {span})" for name, span in zip(USERS, ranges, strict=True)]
    return lines


def _permissions(rng: Random, cls: str) -> str:
    known = CLASSES[cls]
    some = " ".join(rng.sample(known, rng.randrange(1, len(known) + 1)))
    few = " ".join(rng.sample(known, rng.randrange(1, len(known))))
    return rng.choice((f"({some})",) * 4 + ("(all)", f"(not ({few}))", f"(and ({some}) ({few}))"))


def _rule(rng: Random) -> str:
    cls = rng.choice(list(CLASSES))
    source = rng.choice([*TYPES, *ATTRIBUTES, *ATTRIBUTES, "other_t"])
    target = rng.choice([*TYPES, *ATTRIBUTES, *ATTRIBUTES, "self", "self"])
    return f"({rng.choice(_RULES)} {source} {target} ({cls} {_permissions(rng, cls)}))"


def _branch(rng: Random, which: str) -> str:
    rules = [_rule(rng) for _ in range(rng.randrange(1, 4))]
    return f"({which} {' '.join(rules)})"


def _typical(rng: Random) -> list[str]:
    """Statements that stand for others: macros, maps, optional parts, blocks."""
    one, two = rng.choice(TYPES), rng.choice(ATTRIBUTES)
    lines = [f"(macro gives ((type a) (type b)) {_rule(rng)} (allow a b (dir (search read))))"]
    lines.append(f"(call gives ({one} {two}))")
    lines.append("(classmap maps (some))")
    lines.append(f"(classmapping maps some (file {_permissions(rng, 'file')}))")
    lines.append(f"(classmapping maps some (window {_permissions(rng, 'window')}))")
    lines.append(f"(allow {two} {one} (maps (some)))")
    missing = rng.choice(("absent_t", one))
    lines.append(f"(optional maybe {_rule(rng)} (allow {missing} {two} (file (read))))")
    lines.append(f"(block service (type x)(roletype object_r x)(allow {two} x (file (all))))")
    lines.append("(block heir (blockinherit service))")
    return lines


def _transitions(rng: Random, booleans: list[str]) -> list[str]:
    """Rules about labels of new objects; no two of a kind for the same types and class."""
    found: dict[tuple[str, ...], str] = {}
    for _ in range(rng.randrange(14, 30)):
        kind = rng.choice(("typetransition", "typetransition", "typemember", "typechange"))
        source, target, result = rng.choice(TYPES), rng.choice(TYPES), rng.choice(TYPES)
        cls = rng.choice(list(CLASSES))
        name = rng.choice(NAMES) if kind == "typetransition" and rng.random() < 0.5 else ""
        said = f' "{name}"' if name else ""
        rule = f"({kind} {source} {target} {cls}{said} {result})"
        if not name and rng.random() < 0.2:
            rule = f"(booleanif {rng.choice(booleans)} (true {rule}))"
        found[kind, source, target, cls, name] = rule
    for _ in range(rng.randrange(2, 7)):
        source, target = rng.choice(TYPES), rng.choice(TYPES)
        cls = rng.choice(list(CLASSES))
        rule = f"(rangetransition {source} {target} {cls} {_range(rng)})"
        found["rangetransition", source, target, cls] = rule
    for _ in range(rng.randrange(4)):
        role, target, result = rng.choice(ROLES), rng.choice(TYPES), rng.choice(ROLES)
        cls = rng.choice(("process", "process", "file", "tcp_socket"))
        rule = f"(roletransition {role} {target} {cls} {result})"
        found["roletransition", role, target, cls] = rule
    return list(found.values())


def _range(rng: Random) -> str:
    low = sorted(rng.sample(CATEGORIES[:4], rng.randrange(3)))
    high = sorted({*low, *rng.sample(CATEGORIES[:4], rng.randrange(3))})
    return f"({_level(rng.choice(SENSITIVITIES[:2]), low)} {_level('s2', high)})"


def _level(sensitivity: str, categories: list[str]) -> str:
    return f"({sensitivity} ({' '.join(categories)}))" if categories else f"({sensitivity})"


def _defaults(rng: Random) -> list[str]:
    lines = []
    for what in ("user", "role", "type"):
        some = rng.sample(list(CLASSES), rng.randrange(3))
        lines += [f"(default{what} {cls} {rng.choice(_SIDES)})" for cls in some]
    for cls in rng.sample(list(CLASSES), rng.randrange(1, 6)):
        span = f"{rng.choice(_SIDES)} {rng.choice(_PARTS)}"
        lines.append(f"(defaultrange {cls} {rng.choice((span, span, 'glblub'))})")
    return lines


def _constraints(rng: Random) -> list[str]:
    lines = []
    for _ in range(rng.randrange(2, 8)):
        mls = rng.random() < 0.5
        expression = constraint(rng, _NAMED, levels=mls)
        cls = rng.choice(list(CLASSES))
        keyword = "mlsconstrain" if mls else "constrain"
        lines.append(f"({keyword} ({cls} {_permissions(rng, cls)}) {expression})")
    for _ in range(rng.randrange(2, 8)):
        mls = rng.random() < 0.5
        expression = constraint(rng, _NAMED, levels=mls, task=True)
        keyword = "mlsvalidatetrans" if mls else "validatetrans"
        lines.append(f"({keyword} {rng.choice(list(CLASSES))} {expression})")
    return lines
