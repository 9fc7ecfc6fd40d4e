"""Which subjects may do some of many requests, found in the tables."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.base.errors import NoMeaning
from lsmc.modules.registry import module_named

POLICY = """
profile a { /etc/** r, }
profile b { owner /etc/* r, deny /etc/shadow r, }
profile c flags=(complain) { deny /etc/* r, }
profile d flags=(complain) { }
profile e flags=(unconfined) { }
"""


def found(owner: bool, glob: str = "/etc/shadow*") -> list[tuple[str, str, str]]:
    policy = lsmc.compile_text(f"abi <abi/4.0>,\n{POLICY}", base="profiles")
    search = policy.module.access_search(policy.engine, "this")
    tests = policy.module.needs(policy.module.tests, "this")()
    sought = tests.sought("read", (glob,), {}, owner)
    return [
        (one.subject, one.why, one.request["object"])
        for one in search.witnesses(policy.profiles, sought)
    ]


def test_a_witness_says_why_it_is_let_through() -> None:
    assert found(True) == [
        ("a", "rules", "/etc/shadow"),
        ("b", "rules", "/etc/shadowa"),
        ("d", "mode", "/etc/shadow"),
        ("e", "unconfined", "/etc/shadow"),
    ]
    assert [name for name, *_ in found(False)] == ["a", "d", "e"]


def test_a_proof_is_a_search_to_the_end() -> None:
    assert [name for name, *_ in found(True, "/etc/shadow")] == ["a", "d", "e"]


def test_without_automata_there_is_no_search() -> None:
    module = module_named("apparmor")._replace(semantics=None)
    with pytest.raises(NoMeaning, match="`who` has no meaning for AppArmor"):
        module.access_search(None, "`who`")
