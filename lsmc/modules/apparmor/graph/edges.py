"""The edges of the transition graph: ways from one subject to another, as data."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["exec", "change_profile", "change_hat", "mode"]


class Edge(NamedTuple):
    """A way from one subject to another.

    `mode` is the exec mode as written, or the mode of a profile that confines nothing; `object` is
    an example: the path that is executed, or the name that is asked for.  `rule` is the number of
    the rule in the tables, None where no rule is asked.  With `fallback` the profile that the rule
    wants does not exist for this path.
    """

    source: str
    target: str
    kind: Kind
    mode: str = ""
    object: str = ""
    owner: bool = True
    rule: int | None = None
    fallback: bool = False


class Refused(NamedTuple):
    """An execution that a rule allows and that fails, since its target does not exist."""

    source: str
    mode: str
    object: str
    owner: bool
    rule: int


class Step(NamedTuple):
    """The last edge on the way to a subject, and the subject before it (which may be a stack)."""

    before: str
    edge: Edge


class Ways(NamedTuple):
    """The edges of a profile, and the executions that fail."""

    edges: tuple[Edge, ...]
    refused: tuple[Refused, ...]
