"""From texts to policy: what is inherited, split, left out and refused."""

from __future__ import annotations

import pytest

from tests.modules.kubearmor.policies import policies, reading, text


def told(*texts: str) -> list[str]:
    return [str(one) for one in reading(*texts).diagnostics]


def test_fields_are_inherited_from_section_and_policy() -> None:
    (policy,) = policies(
        """\
        action: audit
        severity: 3
        message: whole
        file:
          severity: 5
          action: Allow
          matchPaths:
            - path: /a
            - path: /b
              action: Block
              severity: 7
              message: own
        process:
          matchPaths:
            - path: /c
        """
    )
    found = {one.value: (one.action, one.severity, one.message) for one in policy.entries}
    assert found == {
        "/a": ("Allow", 5, "whole"),
        "/b": ("Block", 7, "own"),
        "/c": ("Audit", 3, "whole"),
    }
    assert [one.place.line for one in policy.entries] == [24, 17, 18]


def test_without_an_action_it_is_block() -> None:
    (policy,) = policies("file: {matchPaths: [{path: /a}]}")
    assert policy.entries[0].action == "Block"


def test_only_the_action_of_the_policy_is_read_in_small_letters() -> None:
    (policy,) = policies(
        "action: block\nfile: {matchPaths: [{path: /a}, {path: /b, action: block}]}"
    )
    assert [one.action for one in policy.entries] == ["Block", "block"]


@pytest.mark.parametrize(
    ("protocols", "read"),
    [(["tcp, udp", "raw"], ["tcp", "udp", "raw"]), (["raw", "tcp,udp"], ["raw", "tcp,udp"])],
)
def test_lists_are_split_if_the_first_holds_a_comma(protocols: list[str], read: list[str]) -> None:
    entries = ", ".join(f"{{protocol: '{one}'}}" for one in protocols)
    (policy,) = policies(f"network: {{matchProtocols: [{entries}]}}")
    assert [one.value for one in policy.entries] == read


def test_other_documents_are_left_out() -> None:
    others = "kind: Deployment\napiVersion: apps/v1\nspec: [1]\n---\n- a list\n---\n"
    found = reading(others + text("file: {matchPaths: [{path: /a}]}"))
    assert [one.name for one in found.policies.policies] == ["web"]
    assert found.diagnostics == ()


def test_a_namespace_gives_its_postures() -> None:
    found = reading(
        "kind: Namespace\nmetadata:\n  name: shop\n  annotations:\n"
        "    kubearmor-file-posture: block\n    kubearmor-network-posture: nonsense\n"
    )
    (one,) = found.policies.namespaces
    assert one.postures == (("file", "block"), ("network", "nonsense"))


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("file: [1]", "0.yaml:10:9: error: `file` is an object, not an array [LSM802]"),
        ("file: {matchPaths: [{path: 7}]}", "`path` is a string, not an integer"),
        ("file: {matchPaths: [{ownerOnly: true}]}", "error: `matchPaths` lacks `path` [LSM803]"),
        ("file: {matchPaths: [{path: /a, ownerOnly: 1}]}", "`ownerOnly` is a boolean, not an"),
        ("files: {}", "0.yaml:10:3: warning: `spec` has no field `files`"),
        ("action: Deny", "warning: `action` is one of `Allow`, `Audit`, `Block`, not `Deny`"),
        ("severity: 11", "warning: `severity` is a whole number from 1 to 10, not `11`"),
        ("file: {matchPaths: [{path: a}]}", "warning: `a` is no `path` that the API server admits"),
    ],
)
def test_each_fault_is_told_once_at_its_place(spec: str, words: str) -> None:
    (one,) = told(text(spec))
    assert words in one


def test_kinds_that_are_none_and_kinds_of_others() -> None:
    assert "is no kind of policy" in told(text("", kind="KubeArmorProfile"))[0]
    assert "the document has no `kind`; known are" in told(text("", kind='""'))[0]
    assert "nftables" in told(text("", kind="KubeArmorNetworkPolicy"))[0]


def test_domains_are_split_as_protocols_are() -> None:
    (policy,) = policies("network: {matchDNSQueries: [{domain: 'a.b, c.d'}]}")
    assert [one.value for one in policy.entries] == ["a.b", "c.d"]
