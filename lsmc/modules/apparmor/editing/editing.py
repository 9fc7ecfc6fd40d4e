"""What AppArmor gives to an editor: the one file that says which of its functions do what."""

from __future__ import annotations

from lsmc.modules.apparmor.editing.colours import tokens
from lsmc.modules.apparmor.editing.completing import complete
from lsmc.modules.apparmor.editing.hovering import hover
from lsmc.modules.apparmor.editing.navigation import definitions, links, occurrences, renamed
from lsmc.modules.apparmor.editing.outline import symbols, workspace
from lsmc.modules.apparmor.editing.remarks import hints, lenses
from lsmc.modules.apparmor.editing.snapshot import scope, snapshot, warm
from lsmc.modules.apparmor.editing.transitions import callees, incoming, outgoing
from lsmc.modules.apparmor.editing.tree_base import tree_base
from lsmc.modules.editing import Editing

EDITING = Editing(
    base=tree_base,
    snapshot=snapshot,
    scope=scope,
    hover=hover,
    complete=complete,
    definitions=definitions,
    occurrences=occurrences,
    renamed=renamed,
    symbols=symbols,
    workspace=workspace,
    links=links,
    lenses=lenses,
    hints=hints,
    tokens=tokens,
    callees=callees,
    incoming=incoming,
    outgoing=outgoing,
    warm=warm,
)
