"""An allow rule that is suggested, in both languages of policy."""

from __future__ import annotations

from typing import NamedTuple

from lsmc.modules.selinux.explain.hazards import hazards
from lsmc.modules.selinux.references import permissions_text


class AllowRule(NamedTuple):
    """A rule by names; `target` may be `self`."""

    source: str
    target: str
    cls: str
    permissions: tuple[str, ...]

    @property
    def cil(self) -> str:
        """The rule in CIL."""
        return f"(allow {self.source} {self.target} {permissions_text(self.cls, self.permissions)})"

    @property
    def hazards(self) -> tuple[str, ...]:
        """What is at stake with it: words of `lsmc.explain.hazards`."""
        return hazards(self.cls, self.permissions, self.target)

    @property
    def te(self) -> str:
        """The rule in the language of kernel policy, as a `.te` file has it."""
        names = self.permissions
        words = names[0] if len(names) == 1 else f"{{ {' '.join(names)} }}"
        return f"allow {self.source} {self.target}:{self.cls} {words};"
