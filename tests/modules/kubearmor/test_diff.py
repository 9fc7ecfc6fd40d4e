"""What two policies decide differently; none is missed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.modules.kubearmor.bpf.maps import container_map
from lsmc.modules.kubearmor.evaluate import Confinement, Settings
from lsmc.modules.kubearmor.policy import Policy
from lsmc.modules.kubearmor.posture import Posture
from lsmc.modules.kubearmor.probes import probes
from lsmc.modules.kubearmor.questions import understood
from tests.modules.kubearmor.policies import WEB, compiled, document, reading
from tests.places import PROFILES

ONE = "file: {matchPaths: [{path: /a}]}"


def test_equal_policies_have_no_changes() -> None:
    assert lsmc.diff(compiled(ONE), compiled(ONE)) == []


def test_a_change_has_a_witness_for_each_enforcer() -> None:
    old, new = compiled(ONE), compiled("file: {matchPaths: [{path: /a}, {path: /b}]}")
    changes = lsmc.diff(old, new)
    assert {(one.what, one.direction) for one in changes} >= {
        ("bpf", "narrower"),
        ("apparmor", "narrower"),
    }
    for change in changes:
        assert change.witness is not None or not change.shows
        if change.witness is not None:
            answers = [policy.answer(change.witness).allowed for policy in (old, new)]
            assert answers == [True, False]


def test_a_container_without_policy_is_a_change() -> None:
    other = compiled(ONE).data
    empty = lsmc.compile_text("kind: Pod\n", name="a.yaml", module="kubearmor")
    (first, *_) = lsmc.diff(lsmc.Policy(other), empty)
    assert (first.kind, first.profile, first.direction) == ("removed", WEB, "wider")


def test_a_profile_that_does_not_load_is_a_change() -> None:
    broken = compiled(f"{ONE}\nnetwork: {{matchProtocols: [{{protocol: sctp}}]}}")
    found = [one for one in lsmc.diff(compiled(ONE), broken) if one.kind == "setting"]
    assert [(one.what, one.before) for one in found] == [("AppArmor profile", "loads")]


PATHS = st.sampled_from(["/a", "/a/b", "/a/b/c", "/bin/sh", "/bin/x"])
DIRECTORIES = st.sampled_from(["/", "/a/", "/a/b/", "/bin/", "/" + "d" * 40 + "/e/"])
ACTIONS = st.sampled_from(["Allow", "Block"])
SOURCES = st.lists(st.sampled_from(["/bin/sh", "/bin/x"]), max_size=1)
FLAGS = st.booleans()


@st.composite
def entries(draw: st.DrawFn, section: str) -> dict[str, Any]:
    """The lists of a section."""
    paths, folders = [], []
    for _ in range(draw(st.integers(0, 2))):
        entry = {"path": draw(PATHS), "action": draw(ACTIONS), "ownerOnly": draw(FLAGS)}
        entry["fromSource"] = [{"path": one} for one in draw(SOURCES)]
        paths.append(entry | ({"readOnly": draw(FLAGS)} if section == "file" else {}))
    for _ in range(draw(st.integers(0, 2))):
        entry = {"dir": draw(DIRECTORIES), "action": draw(ACTIONS), "recursive": draw(FLAGS)}
        folders.append(entry | {"fromSource": [{"path": one} for one in draw(SOURCES)]})
    return {"matchPaths": paths, "matchDirectories": folders}


@st.composite
def specifications(draw: st.DrawFn) -> dict[str, Any]:
    """A policy of file and process entries."""
    return {"file": draw(entries("file")), "process": draw(entries("process"))}


def made(spec: dict[str, Any]) -> tuple[Policy, ...]:
    found = reading(document(spec))
    assert found.diagnostics == ()
    return found.policies.policies


REQUESTS = st.fixed_dictionaries(
    {
        "subject": st.just("*"),
        "enforcer": st.just("bpf"),
        "op": st.sampled_from(["open", "write", "unlink", "exec"]),
        "object": st.one_of(
            PATHS,
            st.builds(
                lambda head, *tail: head + "/".join(tail),
                DIRECTORIES,
                st.sampled_from(["a", "b", "sh", "new", "n" * 30]),
                st.sampled_from(["c", "sh", "other", "m" * 30]),
            ),
        ),
        "owner": FLAGS,
        "source": st.sampled_from(["", "/bin/sh", "/bin/x", "/bin/none"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(specifications(), specifications(), st.lists(REQUESTS, min_size=5, max_size=30))
def test_no_difference_of_maps_is_missed(
    one: dict[str, Any], other: dict[str, Any], requests: list[dict[str, Any]]
) -> None:
    """Where any request is answered differently, so is one of the probes."""
    posture = Posture("block", "block", "block")
    pair = [Confinement(made(spec), posture, (), Settings("")) for spec in (one, other)]
    asked = [understood(request) for request in requests]
    if all(pair[0].bpf.decide(a).allowed == pair[1].bpf.decide(a).allowed for a in asked):
        return
    maps = [container_map(each.policies, posture) for each in pair]
    found = (understood({"subject": "*", **probe}) for probe in probes(maps))
    assert any(pair[0].bpf.decide(a).allowed != pair[1].bpf.decide(a).allowed for a in found)


@pytest.mark.parametrize("enforcer", ["bpf", "apparmor"])
def test_a_change_of_posture_is_told(enforcer: str) -> None:
    spec = "file: {action: Allow, matchPaths: [{path: /a}]}"
    text = (
        "kind: Namespace\nmetadata:\n  name: shop\n  annotations:\n"
        "    kubearmor-file-posture: block\n"
    )
    old = compiled(spec)
    new = lsmc.compile_text(
        document({"file": {"action": "Allow", "matchPaths": [{"path": "/a"}]}}) + "\n---\n" + text,
        name="web.yaml",
        base=PROFILES,
        module="kubearmor",
    )
    assert any(enforcer in (one.what, one.cls) for one in lsmc.diff(old, new))
