"""What AppArmor gives to tests of its policy."""

from __future__ import annotations

from collections.abc import Mapping

from lsmc.engine.answer import Lookup
from lsmc.engine.profiles import ProfileTables
from lsmc.engine.verdict import UNCONFINED
from lsmc.modules.apparmor.analysis.forbidden import apart, sought
from lsmc.modules.apparmor.analysis.mutations import brought, mutations
from lsmc.modules.apparmor.classes import BY_NAME, CHANGE_PROFILE, ONEXEC
from lsmc.modules.apparmor.decide.engine import NO_FIELDS, Engine, operation_named
from lsmc.modules.apparmor.decide.questions import alternatives, written
from lsmc.modules.apparmor.peers import PEER
from lsmc.modules.apparmor.requests.fields import named_fields, parts
from lsmc.modules.interface import Request
from lsmc.modules.parts import Tests

#: The field of a class that names another profile.
_LABEL = {
    **{name: BY_NAME[name].fields[index] for name, index in PEER.items()},
    **{cls.name: cls.main for cls in (CHANGE_PROFILE, ONEXEC)},
}
_WILDCARDS = frozenset("*?[{\\")


def _tables(engine: Engine) -> ProfileTables:
    return engine.tables


def _lookups(engine: Engine, request: Request) -> tuple[Lookup, ...]:
    each = alternatives(written(engine, request))
    return tuple(look for one in each for look in engine.ask(*one).lookups)


def _others(request: Request, globs: bool) -> Mapping[str, tuple[str, ...]]:
    """The profiles that a request names as the other side, or as what a change leads to."""
    texts = {key: str(value) for key, value in request.items() if key not in NO_FIELDS}
    obj = str(request.get("object", ""))
    found: dict[str, tuple[str, ...]] = {}
    for part in parts(operation_named(str(request["op"]), texts), obj, texts):
        named = named_fields(part.cls, part.object, part.fields)
        label = named.get(_LABEL.get(part.cls.name, ""), "")
        if label and not (globs and _WILDCARDS.intersection(label)):
            names = label.removeprefix("&").split("//&")
            key = next((key for key, text in texts.items() if text == label), "object")
            found[key] = tuple(name for name in names if name != UNCONFINED)
    return found


TESTS = Tests(
    tables=_tables,
    sought=sought,
    apart=apart,
    lookups=_lookups,
    varied=Engine.varied,
    mutations=mutations,
    brought=brought,
    others=_others,
)
