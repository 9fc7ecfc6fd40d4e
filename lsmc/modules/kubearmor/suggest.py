"""The smallest entries that would let a refused access through, each tried before it is offered."""

from __future__ import annotations

from collections.abc import Iterator

from lsmc.engine.verdict import RequestError
from lsmc.explain.explanation import Suggestion
from lsmc.modules.kubearmor.evaluate import Confinement
from lsmc.modules.kubearmor.policy import ALLOW, BLOCK, Entry, Match, Policy, Section
from lsmc.modules.kubearmor.questions import ENFORCERS, Asked, Enforcer

#: The section and list of an entry for an operation of a class, and what it names.
_ENTRIES: dict[str, tuple[Section, str, Match]] = {
    "file": ("file", "matchPaths", "path"),
    "process": ("process", "matchPaths", "path"),
    "network": ("network", "matchProtocols", "protocol"),
    "capability": ("capabilities", "matchCapabilities", "capability"),
    "domain": ("network", "matchDNSQueries", "domain"),
}


def suggestions(confinement: Confinement, asked: Asked) -> Iterator[Suggestion]:
    """What would let an access through: an entry more, else an entry less."""
    enforcers = (asked.enforcer,) if asked.enforcer is not None else ENFORCERS
    added = _added(confinement, asked, enforcers)
    if added is not None:
        yield added
    else:
        yield from _removed(confinement, asked, enforcers)


def _allowed(confinement: Confinement, asked: Asked, enforcers: tuple[Enforcer, ...]) -> bool:
    try:
        return all(confinement.answer(one, asked).allowed for one in enforcers)
    except RequestError:  # the profile would not load
        return False


def _added(
    confinement: Confinement, asked: Asked, enforcers: tuple[Enforcer, ...]
) -> Suggestion | None:
    """An Allow entry, in the first policy that has one of its section already.

    Where there is none, an Allow would turn the section into a list of all that is allowed.
    """
    section, name, match = _ENTRIES[asked.operation.cls]
    value = asked.object
    if asked.socket is not None:
        value = asked.socket.type_name
    sources = (asked.source,) if asked.source else ()
    read_only = asked.operation.name == "open"
    entry = Entry(section, match, value, ALLOW, sources, read_only=read_only)
    for policy in confinement.policies:
        if not any(one.section == section and one.action == ALLOW for one in policy.entries):
            continue
        changed = policy._replace(entries=(*policy.entries, entry))
        if _allowed(_with(confinement, policy, changed), asked, enforcers):
            return Suggestion(
                f"{section}: {{{name}: [{_yaml(entry)}]}}",
                policy.title,
                policy.file,
                policy.place.line,
                (),
            )
    return None


def _removed(
    confinement: Confinement, asked: Asked, enforcers: tuple[Enforcer, ...]
) -> Iterator[Suggestion]:
    """Each Block entry without which the access is let through, else all that take part."""
    for policy in confinement.policies:
        for entry in policy.entries:
            if entry.action != BLOCK:
                continue
            rest = tuple(one for one in policy.entries if one is not entry)
            changed = policy._replace(entries=rest)
            if _allowed(_with(confinement, policy, changed), asked, enforcers):
                ref = policy.ref(entry)
                yield Suggestion(
                    "",
                    policy.title,
                    ref.file,
                    ref.line,
                    (),
                    says=f"remove the entry `{ref.text}`",
                    overrides=(ref,),
                    kind="deny",
                    replaces=ref,
                )


def _with(confinement: Confinement, old: Policy, new: Policy) -> Confinement:
    return confinement.with_policies(
        tuple(new if one is old else one for one in confinement.policies)
    )


def _yaml(entry: Entry) -> str:
    flags = ", readOnly: true" if entry.read_only else ""
    sources = f", fromSource: [{{path: {entry.sources[0]}}}]" if entry.sources else ""
    return f"{{{entry.match}: {entry.value}{flags}{sources}, action: {entry.action}}}"
