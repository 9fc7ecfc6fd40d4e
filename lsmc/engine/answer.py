"""Answers: a verdict together with the look-ups that it follows from."""

from typing import NamedTuple

from lsmc.engine.matcher import Node
from lsmc.engine.verdict import Verdict
from lsmc.ir.decision import Decision
from lsmc.ir.mediation import MediationClass
from lsmc.ir.operation import AccessCheck
from lsmc.tables.records import ProfileRecord


class Lookup(NamedTuple):
    """One look-up of a request in the rules of one profile, and its result.

    Attributes:
        profile: the profile whose rules are asked.
        part: the class, the object and its fields, and the wanted permission bits.
        values: the fields of the key, in the order of the class.
        owner: whether the subject owns the object.
        node: where the key leads in the profile's tables.
        decision: what the rules that match there grant.
        missing: the wanted bits that they do not grant.
    """

    profile: ProfileRecord
    part: AccessCheck
    values: tuple[bytes, ...]
    owner: bool
    node: Node
    decision: Decision
    missing: int

    @property
    def cls(self) -> MediationClass:
        """The mediation class of the request."""
        return self.part.cls


class Answer(NamedTuple):
    """A verdict and the look-ups that it follows from; no look-ups where no rule is asked."""

    verdict: Verdict
    lookups: tuple[Lookup, ...] = ()
