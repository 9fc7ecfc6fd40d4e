"""Every statement is read by something."""

from __future__ import annotations

from lsmc.modules.selinux.resolve.expand import EARLY
from lsmc.modules.selinux.resolve.statements import READINGS
from lsmc.modules.selinux.syntax.grammar import CONTAINERS, SHAPES
from lsmc.modules.selinux.syntax.names import DECLARED


def test_every_statement_is_read() -> None:
    """What has no reading is declared, a container, read first, or one of a few."""
    left = set(SHAPES) - set(CONTAINERS) - set(DECLARED) - set(READINGS) - EARLY
    rules = {"allow", "auditallow", "dontaudit", "neverallow"}
    assert left == rules | {"blockinherit", "blockabstract", "call"}
