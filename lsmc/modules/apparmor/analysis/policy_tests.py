"""What AppArmor gives to tests of its policy."""

from __future__ import annotations

from lsmc.engine.answer import Lookup
from lsmc.engine.profiles import ProfileTables
from lsmc.modules.apparmor.analysis.forbidden import apart, sought
from lsmc.modules.apparmor.analysis.mutations import brought, mutations
from lsmc.modules.apparmor.decide.engine import Engine
from lsmc.modules.apparmor.requests.questions import alternatives, written
from lsmc.modules.interface import Request
from lsmc.modules.parts import Tests


def _tables(engine: Engine) -> ProfileTables:
    return engine.tables


def _lookups(engine: Engine, request: Request) -> tuple[Lookup, ...]:
    each = alternatives(written(engine, request))
    return tuple(look for one in each for look in engine.ask(*one).lookups)


TESTS = Tests(
    tables=_tables,
    sought=sought,
    apart=apart,
    lookups=_lookups,
    varied=Engine.varied,
    mutations=mutations,
    brought=brought,
)
