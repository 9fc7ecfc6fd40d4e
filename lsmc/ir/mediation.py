"""The part of the IR that answering needs: effects, mediation classes and transitions.

Apart from `lsmc.ir.model`, and without dataclasses: building those classes takes longer than
answering a question from a bundle.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class Effect(IntEnum):
    """What a rule does with its permissions, weakest first."""

    PROMPT = 0
    ALLOW = 1
    DENY = 2


class MediationClass(NamedTuple):
    """A kind of object: the fields a request has and the permissions it may ask for.

    `permissions` are in bit order.  `specific` are the permissions for which a rule without
    wildcards beats one with them.  `implied` is a pair of permissions: the first, granted with a
    transition that stays in the current profile, brings the second along.  `main` is the field
    that the object of a question fills.
    """

    name: str
    code: int
    fields: tuple[str, ...]
    permissions: tuple[str, ...]
    specific: frozenset[str] = frozenset()
    implied: tuple[str, str] | None = None
    main: str = ""

    def mask(self, names: Iterable[str]) -> int:
        """The permission bits of some names; KeyError for an unknown one."""
        bits = 0
        for name in names:
            try:
                bits |= 1 << self.permissions.index(name)
            except ValueError:
                raise KeyError(name) from None
        return bits

    def names(self, mask: int) -> tuple[str, ...]:
        """The names of the set bits, in bit order."""
        return tuple(p for i, p in enumerate(self.permissions) if mask >> i & 1)

    @property
    def all(self) -> int:
        """Every permission bit."""
        return (1 << len(self.permissions)) - 1

    @property
    def specific_mask(self) -> int:
        """The bits of `specific`."""
        return self.mask(self.specific)


class Transition(NamedTuple):
    """What an allowed execution does with the subject's profile.

    `kind` names the first choice in a word of the module; `name` is the named profile (for `child`,
    relative to the current profile).  When the choice does not exist, `inherit` stays in the
    current profile, `unconfined` leaves confinement, neither refuses.  `unsafe` keeps the
    environment.
    """

    kind: str
    name: str = ""
    inherit: bool = False
    unconfined: bool = False
    unsafe: bool = False
