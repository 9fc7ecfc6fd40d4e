"""What is locked is what pyproject.toml asks for."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
PIN = re.compile(  # name, version, hashes
    r"^([A-Za-z0-9._-]+)==([^ ;\\]+)[^\n]*((?:\n    --hash=sha256:[0-9a-f]{64}[ \\]*)+)",
    re.MULTILINE,
)


def test_every_dependency_is_locked_within_its_range() -> None:
    """Otherwise: sh scripts/supply lock."""
    pins = {canonicalize_name(name): version for name, version, _ in PIN.findall(LOCK)}
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [
        *PROJECT["build-system"]["requires"],
        *PROJECT["project"]["dependencies"],
        *extras["dev"],
    ]
    for requirement in map(Requirement, wanted):
        version = pins.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement.name}: run sh scripts/supply lock"
        assert version in requirement.specifier, f"{requirement}: run sh scripts/supply lock"


def test_every_pin_has_a_hash() -> None:
    """A line without one would be taken from anywhere."""
    lines = re.findall(r"^[A-Za-z0-9][^\n]*", LOCK, re.MULTILINE)
    assert len(lines) == len(PIN.findall(LOCK)) > 20
