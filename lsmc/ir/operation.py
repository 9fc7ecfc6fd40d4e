"""Operations and look-ups: what is asked, in the words of people and in those of the tables."""

from collections.abc import Mapping
from typing import NamedTuple

from lsmc.ir.mediation import MediationClass


class Operation(NamedTuple):
    """What people and audit logs call an access.

    `perms` are permission names of the class `cls`, `hook` is the LSM hook where the kernel asks,
    and `audit` are the names under which records show it.  `errno` is what a refusal gives, where
    the order of the operation does not say it.
    """

    name: str
    cls: str
    perms: tuple[str, ...]
    hook: str
    audit: tuple[str, ...] = ()
    summary: str = ""
    errno: str = ""


class AccessCheck(NamedTuple):
    """One look-up that an operation asks for: a class, its object, the wanted bits, fields."""

    cls: MediationClass
    object: str
    wanted: int
    fields: Mapping[str, str]
