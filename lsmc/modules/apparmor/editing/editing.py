"""What AppArmor gives to an editor: the one file that says which of its functions do what."""

from __future__ import annotations

from lsmc.modules.apparmor.editing.tree_base import tree_base
from lsmc.modules.editing import Editing

EDITING = Editing(base=tree_base)
