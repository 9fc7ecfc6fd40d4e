"""All that a workload may do: to one object, and by its entries."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.modules.kubearmor.abilities import abilities
from tests.modules.kubearmor.policies import WEB, compiled

SPEC = """\
file:
  action: Allow
  matchPaths: [{path: /a, readOnly: true}]
  matchDirectories: [{dir: /b/, fromSource: [{path: /bin/x}]}]
"""


def test_permissions_are_those_of_the_enforcer() -> None:
    policy = compiled(SPEC)
    found = policy.permissions(WEB, "file", "/a", enforcer="bpf", posture="file=block")
    assert {"read", "unlink"} <= found.allow
    assert not {"write", "append"} & found.allow
    assert found.rules["read"][0].line == 12
    blocked = policy.permissions(WEB, "file", "/a", enforcer="apparmor", posture="file=block")
    assert blocked.allow == {"link", "read"}


def test_an_entry_that_blocks_is_an_explicit_denial() -> None:
    found = compiled("file: {matchPaths: [{path: /a}]}").permissions(
        WEB, "file", "/a", enforcer="bpf"
    )
    assert "read" in found.deny


def test_a_class_that_there_is_not() -> None:
    with pytest.raises(lsmc.UnknownName, match="unknown class `files`"):
        compiled(SPEC).permissions(WEB, "files", "/a")


def test_what_allow_entries_give() -> None:
    found = abilities(compiled(SPEC).engine, WEB, ())
    (section,) = found.sections
    assert [(one.rule.line, one.example["object"]) for one in section.abilities] == [
        *((12, "/a"), (13, "/b/name")),
    ]
    assert found.unruled == ("process", "network", "capability")
    for one in section.abilities:
        assert compiled(SPEC).answer(one.example).allowed


def test_a_workload_without_policy_is_free() -> None:
    assert abilities(compiled(SPEC).engine, "namespace=other", ()).free


def test_a_link_is_told() -> None:
    policy = compiled("process: {matchPaths: [{path: /bin/bash}]}")
    found = policy.explain(WEB, "exec", "/usr/bin/bash")
    assert found.verdict.allowed
    assert "web.yaml:10 names `/bin/bash`" in found.verdict.note
