"""A policy of TOMOYO from texts, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lsmc.base.source import Source
from lsmc.engine.verdict import Verdict
from lsmc.modules.tomoyo.bundle import pack
from lsmc.modules.tomoyo.engine import TomoyoEngine
from lsmc.modules.tomoyo.evaluate import answer
from lsmc.modules.tomoyo.policy import read_policy

A = "<kernel> /bin/a"
PROFILES = "\n".join(
    f"{number}-CONFIG={{ mode={mode} }}"
    for number, mode in enumerate(("disabled", "learning", "permissive", "enforcing"))
)


def opened(domains: str, exceptions: str = "", profiles: str = PROFILES) -> TomoyoEngine:
    """An open bundle of some files."""
    texts = {
        "profile.conf": profiles,
        "exception_policy.conf": exceptions,
        "domain_policy.conf": domains,
    }
    policy = read_policy([Source(name, text) for name, text in texts.items() if text])
    assert policy.faults == []
    return TomoyoEngine(pack(policy), "test")


def domain(*lines: str, name: str = A, profile: int = 3) -> str:
    """A domain with some lines."""
    return "\n".join((name, f"use_profile {profile}", *lines, ""))


def asked(
    engine: TomoyoEngine,
    line: str,
    subject: str = A,
    attributes: Mapping[str, Any] | None = None,
) -> Verdict:
    """The answer to a request that is written as a line of policy."""
    first, second, rest = line.split(" ", 2)
    request = {"subject": subject, "op": f"{first} {second}", "object": rest}
    if attributes is not None:
        request["attributes"] = attributes  # type: ignore[assignment]  # a request has any values
    return answer(engine, request)


def decisions(engine: TomoyoEngine, lines: Sequence[str]) -> list[str]:
    """The decisions on some requests."""
    return [asked(engine, line).decision for line in lines]
