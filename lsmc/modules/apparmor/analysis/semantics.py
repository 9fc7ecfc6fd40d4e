"""What the analyses of `lsmc.analysis` need to know of AppArmor."""

from __future__ import annotations

from lsmc.analysis.semantics import Semantics
from lsmc.modules.apparmor.analysis.kernel_objects import is_requestable, requestable
from lsmc.modules.apparmor.analysis.look_ups import BESIDES, LIMITS
from lsmc.modules.apparmor.classes import BY_CODE, EXECUTE, FILE
from lsmc.modules.apparmor.decide.exec_transition import destination, looser, transition_text
from lsmc.modules.apparmor.decide.precedence import decide, rank
from lsmc.modules.apparmor.decide.subjects import FREE_MODES, mediates
from lsmc.modules.apparmor.lower.implied import brought
from lsmc.modules.apparmor.requests.fields import fields_of

SEMANTICS = Semantics(
    classes=BY_CODE,
    decide=decide,
    rank=rank,
    mediates=mediates,
    free_modes=FREE_MODES,
    logging_modes=("complain",),
    requestable=requestable,
    is_requestable=is_requestable,
    limits=LIMITS,
    besides=BESIDES,
    execution=(FILE, EXECUTE),
    destination=destination,
    looser=looser,
    transition_text=transition_text,
    brought=brought,
    adds_rules=True,
    fields_of=fields_of,
)
