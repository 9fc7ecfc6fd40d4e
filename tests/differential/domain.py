"""What the kernel makes of loaded profiles: attachment, executions, hard links.

After `find_attach` and `profile_transition` of security/apparmor/domain.c, `aa_dfa_leftmatch` of
match.c, `profile_path_link` of file.c in Linux.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.differential.binary import (
    EXEC_MMAP,
    MAY_APPEND,
    MAY_EXEC,
    MAY_LINK,
    MAY_LOCK,
    MAY_READ,
    MAY_WRITE,
    X_CHILD,
    X_INDEX,
    X_INHERIT,
    X_NAME,
    X_TABLE,
    X_TYPE,
    X_UNCONFINED,
    X_UNSAFE,
    Automaton,
    Perms,
    Profile,
)

#: States that the kernel remembers when it looks for a loop.
_HISTORY = 32
_FILE = MAY_READ | MAY_WRITE | MAY_APPEND | MAY_LOCK | EXEC_MMAP | MAY_EXEC

Profiles = Mapping[str, Profile]


def left_match(automaton: Automaton, state: int, path: bytes) -> tuple[int, int]:
    """The state that a path leads to, and the bytes before a state is met again."""
    history: list[int] = []
    count = 0
    for at, byte in enumerate(path):
        history.append(state)
        state = automaton.step(state, byte)
        if history[-1] >= state:
            recent = history[-_HISTORY:][::-1]
            loop = state in recent
            if loop or len(recent) == _HISTORY:
                count -= recent.index(state) if loop else len(recent)
                return automaton.walk(state, path[at + 1 :]), max(count, 0)
        count += 1
    return state, count


def parent_and_leaf(name: str) -> tuple[str, str]:
    """`a//b` as (`a`, `b`); names are split from the left."""
    *above, leaf = name.split("//")
    return "//".join(above), leaf


def attach(profiles: Profiles, path: bytes, parent: str = "", namespace: str = "") -> str | None:
    """The full name of the profile for an executable, among all or among a profile's children."""
    best: Profile | None = None
    length, conflict = 0, False
    for profile in profiles.values():
        if profile.name.startswith("//"):
            continue  # no kernel loads it: the parent would be a profile without a name
        above, leaf = parent_and_leaf(profile.name)
        if (profile.namespace, above) != (namespace, parent):
            continue
        if profile.attachment is None:
            if leaf.encode("utf-8", "surrogateescape") == path:
                return profile.full_name
            continue
        automaton = profile.attachment.automaton
        state, count = left_match(automaton, profile.attachment.start, path)
        if not profile.attachment.perms(state).allow & MAY_EXEC or count < length:
            continue
        if count == length:
            conflict = True
        else:
            best, conflict = profile, False
            length = max(count, profile.attachment_length)
    return None if best is None or conflict else best.full_name


def after_exec(profiles: Profiles, profile: Profile, path: bytes, owner: bool) -> str | None:
    """The label that executing a path leads to, None when there is none."""
    if profile.mode == "unconfined":
        return attach(profiles, path) or profile.full_name
    perms = profile.file_perms(path, owner)
    if not perms.allow & MAY_EXEC:
        return None
    assert profile.file is not None
    index, kind = perms.xindex, perms.xindex & X_TYPE
    child = bool(index & X_CHILD)
    label: str | None = None
    added = ""
    if kind == X_TABLE:
        name = profile.file.names[index & X_INDEX].replace("\0", ":", 1)
        if name.startswith("&"):
            added = name[1:]
        else:
            label = named(profiles, f"{profile.name}//{name}" if child else name, profile)
    if kind == X_NAME or added:
        above = profile.name if child else ""
        label = attach(profiles, path, above, profile.namespace)
    if label is None and index & X_INHERIT:
        label = profile.full_name
    elif label is None and index & X_UNCONFINED:
        label = "unconfined"
    if not added or label is None:
        return label
    stacked = named(profiles, added, profile)
    return label if stacked == label else stacked and f"{label}//&{stacked}"


def named(profiles: Profiles, label: str, profile: Profile) -> str | None:
    """A label that rules name; every profile of a stack must be there."""
    parts = []
    for part in label.split("//&"):
        inside = f":{profile.namespace}://{part}"
        if part == "unconfined":
            parts.append(part)
        elif profile.namespace and not part.startswith(":"):
            if inside not in profiles:
                return None
            parts.append(inside)
        elif part in profiles:
            parts.append(part)
        else:
            return None
    return "//&".join(parts)


def may_link(profile: Profile, new: bytes, old: bytes, owner: bool) -> bool:
    """Whether the rules let a hard link be made."""
    if profile.mode == "unconfined":
        return True
    name = profile.file_perms(new, owner)
    pair = profile.file_perms(new + b"\0" + old, owner)
    if not name.allow & pair.allow & MAY_LINK:
        return False
    if not pair.allow & MAY_LOCK:  # the bit means the subset test in a pair
        return True
    target = profile.file_perms(old, owner)
    if name.allow & _FILE & ~target.allow:
        return False
    return not name.allow & MAY_EXEC or _no_wider(name, target)


def _no_wider(name: Perms, target: Perms) -> bool:
    """Whether executing the link does the same as executing its target."""
    one, other = name.xindex, target.xindex
    return one & ~X_UNSAFE == other & ~X_UNSAFE and not one & X_UNSAFE & ~other
