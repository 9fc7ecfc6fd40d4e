"""What workloads may do of many requests: of all names that a glob stands for, under each enforcer.

Of BPF an automaton of its decisions is searched, of AppArmor the AppArmor module's own search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from lsmc.analysis.access_search import Witness
from lsmc.analysis.permitted import Undecided
from lsmc.automata.algebra import intersection, shortest
from lsmc.automata.pattern import Pattern, union
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.modules.kubearmor.bpf.automaton import AllowedNames
from lsmc.modules.kubearmor.bpf.maps import Map
from lsmc.modules.kubearmor.engine import Engine
from lsmc.modules.kubearmor.evaluate import Confinement, judged
from lsmc.modules.kubearmor.globs import language
from lsmc.modules.kubearmor.names import CAPABILITIES, PROTOCOLS, TYPES
from lsmc.modules.kubearmor.questions import ENFORCERS, Asked, Enforcer, understood
from lsmc.modules.kubearmor.selectors import ALL
from lsmc.modules.parts import Search
from lsmc.modules.registry import module_named

#: The objects of operations whose objects are words.
_WORDS = {
    "capability": tuple(CAPABILITIES),
    "network": tuple(name.lower() for name in (*PROTOCOLS, *TYPES) if name != "STREAM"),
}
_ANYTHING = "/**"
#: What makes a text a glob.
_SPECIAL = frozenset("*?[{")


class Sought(NamedTuple):
    """Requests of one operation: what they have in common, and their objects.

    Attributes:
        request: operation and fields.
        globs: the globs over objects, of AppArmor's search.
        names: the language of objects that are paths, as BPF sees them; None for words.
        words: the objects that are words.
        owner: whether the subject owns the object.
        enforcers: under which it is searched.
    """

    request: Mapping[str, Any]
    globs: tuple[str, ...]
    names: Pattern | None
    words: tuple[str, ...]
    owner: bool
    enforcers: tuple[Enforcer, ...]


def search(engine: Engine) -> Search:
    """The search of an open bundle."""
    return Search(_sought, lambda names, sought: _witnesses(engine, names, sought))


def _sought(
    op: str, objects: Sequence[str], fields: Mapping[str, Sequence[str]], owner: bool | None
) -> tuple[Sought, ...]:
    request: dict[str, Any] = {"op": op}
    for name, texts in fields.items():
        if len(texts) != 1 or _SPECIAL & set(texts[0]):
            raise RequestError(f"`{name}` is one text here, and no glob", name)
        request[name] = texts[0]
    owners = (True, False) if owner is None else (owner,)
    asked = _understood({"subject": ALL, **request}, "/a")
    enforcers = ENFORCERS if asked.enforcer is None else (asked.enforcer,)
    known = _WORDS.get(asked.operation.cls)
    if asked.operation.cls == "domain":
        raise RequestError("a search needs objects that are paths, protocols or capabilities", op)
    globs = tuple(objects) or (_ANYTHING,)
    if known is None:
        names = union(language(_without_slash(glob)) for glob in globs)
        if intersection(names, AllowedNames(Map({}, {}, {}, ()), "", lambda _: True)) is None:
            told = ", ".join(f"`{glob}`" for glob in globs)
            raise RequestError(f"no kernel asks about anything that {told} matches")
        return tuple(Sought(request, globs, names, (), one, enforcers) for one in owners)
    words = tuple(
        word for word in known if not objects or any(fnmatchcase(word, glob) for glob in objects)
    )
    if not words:
        raise UnknownName("object", objects[0], known)
    return (Sought(request, globs, None, words, True, enforcers),)


def _without_slash(glob: str) -> str:
    """The glob as BPF sees names: a directory has no slash at its end."""
    return glob[:-1] if len(glob) > 1 and glob.endswith("/") else glob


def _understood(request: Mapping[str, Any], path: str) -> Asked:
    """A request with an object of its kind, to check its words."""
    try:
        return understood({**request, "object": path})
    except UnknownName as fault:
        if fault.what != "capability":
            raise
        return understood({**request, "object": "chown"})
    except RequestError:
        return understood({**request, "object": "tcp"})


def _witnesses(engine: Engine, names: Iterable[str], sought: Sequence[Sought]) -> Iterator[Witness]:
    for subject in names:
        found = (witness for one in sought for witness in _of(engine, subject, one))
        witness = next(found, None)
        if witness is not None:
            yield witness


def _of(engine: Engine, subject: str, sought: Sought) -> Iterator[Witness]:
    """A request of a subject that is let through under an enforcer, if there is one."""
    common = {"subject": subject, **sought.request}
    first = sought.words[0] if sought.names is None else _text(shortest(sought.names))
    if first is None:
        return
    probe = understood({**common, "object": first if sought.words else "/a"})
    confinement = engine.confinements.of(probe.workload, probe.posture)
    if not confinement.policies:
        request = {**common, "object": first}
        verdict = judged(confinement, understood(request))
        yield Witness(subject, "unconfined", request, verdict)
        return
    for enforcer in sought.enforcers:
        for obj in _objects(confinement, enforcer, common, sought):
            request = {**common, "object": obj, "owner": sought.owner, "enforcer": enforcer}
            verdict = confinement.answer(enforcer, understood(request))
            if verdict.allowed:
                yield Witness(subject, "rules", request, verdict)
                return
            if sought.names is not None:
                raise Undecided  # a name that is not seen whole


def _objects(
    confinement: Confinement, enforcer: Enforcer, common: Mapping[str, Any], sought: Sought
) -> Iterator[str]:
    """The object that is let through, if there is one; of words all that are sought."""
    if sought.names is None:
        yield from sought.words
        return
    found: str | None
    if enforcer == "bpf":
        found = _bpf(confinement, common, sought)
    else:
        found = _apparmor(confinement, common, sought)
    if found is not None:
        yield found


def _bpf(confinement: Confinement, common: Mapping[str, Any], sought: Sought) -> str | None:
    asked = understood({**common, "object": "/a", "owner": sought.owner})
    allowed = AllowedNames(
        confinement.bpf.map,
        asked.source,
        lambda name: confinement.bpf.decide(asked._replace(object=name)).allowed,
    )
    assert sought.names is not None
    return _text(intersection(sought.names, allowed))


def _apparmor(confinement: Confinement, common: Mapping[str, Any], sought: Sought) -> str | None:
    enforcer = confinement.apparmor
    asked = understood({**common, "object": "/a", "owner": sought.owner})
    enforcer.answer(asked)  # a profile that does not load is told
    subject = enforcer.profile.sources.get(asked.source, enforcer.name)
    module = module_named("apparmor")
    found = module.search(enforcer.engine, "a search")
    wanted = found.sought(asked.operation.name, sought.globs, {}, sought.owner)
    witness = next(iter(found.witnesses([subject], wanted)), None)
    return None if witness is None else str(witness.request["object"])


def _text(name: bytes | None) -> str | None:
    return None if name is None else name.decode("utf-8", "surrogateescape")
