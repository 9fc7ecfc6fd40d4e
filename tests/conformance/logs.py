"""Real log records: their fields, and the rule that each asks for."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.result import Result
from tests.modules.apparmor.log.conformance import run as judge


def run(conformance: Path) -> Result:
    """Judge every record of `logs/`: its fields, the answer with its rule and without it."""
    figures = judge(conformance / "logs", conformance / "features" / "features.all")
    pairs = (figures.fields, figures.allowed, figures.denied)
    result = Result("logs", sum(right for right, _ in pairs), list(figures.misses))
    missing = sum(total for _, total in pairs) - result.total
    result.wrong += ["a case was not judged"] * missing
    return result
