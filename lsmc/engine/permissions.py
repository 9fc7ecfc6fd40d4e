"""All that rules grant on one object, in place of the answer to one request."""

from collections.abc import Mapping
from typing import NamedTuple

from lsmc.engine.verdict import Exec, RuleRef


class Permissions(NamedTuple):
    """The permissions that rules grant on one object; `rules` are those behind each permission."""

    allow: frozenset[str]
    deny: frozenset[str]
    audit: frozenset[str]
    quiet: frozenset[str]
    prompt: frozenset[str]
    exec: Exec | None
    rules: Mapping[str, tuple[RuleRef, ...]]
    mediated: bool = True
