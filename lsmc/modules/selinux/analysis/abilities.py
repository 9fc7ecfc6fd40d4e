"""All that a type may do, by what people look for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsmc.engine.verdict import UnknownName
from lsmc.explain.abilities import Abilities, Ability, Section
from lsmc.modules.selinux.analysis.targets import Targets, numbers
from lsmc.modules.selinux.engine import Engine
from lsmc.modules.selinux.explain.hazards import hazards
from lsmc.modules.selinux.tables.layout import DENY, NOTHING

_STAKE = "What is at stake"
_CAPABILITIES = frozenset(("capability", "capability2", "cap_userns", "cap2_userns"))
_FILES = frozenset(
    ("file", "dir", "lnk_file", "chr_file", "blk_file", "sock_file", "fifo_file", "anon_inode")
)
_CHANGES = frozenset(
    (
        *("write", "append", "create", "unlink", "link", "rename", "setattr", "add_name"),
        *("remove_name", "reparent", "rmdir", "relabelfrom", "relabelto", "mounton"),
    )
)
_EXECUTES = frozenset(("execute", "execute_no_trans", "entrypoint", "execmod"))
_NETWORK = frozenset(("node", "netif", "peer", "packet", "association"))
_PROGRAMS = frozenset(
    (
        *("process", "process2", "fd", "dbus", "unix_stream_socket", "unix_dgram_socket", "key"),
        *("sem", "shm", "msg", "msgq", "ipc", "binder", "service", "passwd", "nscd"),
    )
)
#: Sections in the order in which they are shown.
_TITLES = (
    _STAKE,
    "What it changes",
    "What it executes",
    "The network",
    "Capabilities",
    "Other programs",
    "What it reads",
    "Everything else",
)


def abilities(engine: Engine, subject: str, classes: Sequence[str]) -> Abilities:
    """All that a type may do with the booleans as they are; `UnknownName`.

    `classes` are those that are shown, all where there are none.
    """
    names = engine.tables.names
    for name in classes:
        if name not in names.class_numbers:
            raise UnknownName("class", name, names.classes)
    number = engine.party(subject).type
    sections: dict[str, list[Ability]] = {title: [] for title in _TITLES}
    for title, ability in _abilities(engine, number, frozenset(classes)):
        sections[title].append(ability)
    permissive = number in engine.tables.permissive and not engine.enforce
    return Abilities(
        names.types[number],
        "permissive" if permissive else "",
        False,
        (),
        tuple(Section(title, tuple(found)) for title, found in sections.items() if found),
    )


def _abilities(
    engine: Engine, number: int, classes: frozenset[str]
) -> Iterator[tuple[str, Ability]]:
    tables, targets = engine.tables, Targets(engine)
    names = tables.names
    bounded = tables.bounds[number] != NOTHING
    for cls, name in enumerate(names.classes):
        if classes and name not in classes:
            continue
        denies = any(targets.entries(number, cls, DENY))
        for entry in targets.entries(number, cls):
            objects = targets.of_entry(number, entry)
            if not objects:
                continue
            target = next(numbers(objects))
            mask = entry.mask
            if bounded or denies:
                mask &= engine.vectors.of_types(engine.default_state, number, target, cls).allow
            granted = names.permission_names(cls, mask)
            refs = list(engine.references.entry(entry, number, target))
            if not refs or not granted:
                continue
            label = names.types[target]
            stakes = hazards(name, granted, tables.label_name(entry.target))
            ability = Ability(
                name,
                refs[0],
                granted,
                "all",
                {
                    "subject": names.types[number],
                    "op": f"{name}:{','.join(granted)}",
                    "object": label,
                },
                hazards=stakes,
            )
            yield _title(name, frozenset(granted), bool(stakes)), ability


def _title(cls: str, granted: frozenset[str], stakes: bool) -> str:
    """The section that an ability stands in."""
    if stakes:
        return _STAKE
    if cls in _CAPABILITIES:
        return "Capabilities"
    if cls in _FILES or cls == "filesystem":
        if granted & _CHANGES:
            return "What it changes"
        if granted & _EXECUTES:
            return "What it executes"
        return "What it reads" if cls in _FILES else "Everything else"
    if cls in _PROGRAMS:
        return "Other programs"
    return "The network" if cls.endswith("socket") or cls in _NETWORK else "Everything else"
