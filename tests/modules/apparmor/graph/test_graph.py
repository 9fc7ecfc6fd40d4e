"""The transition graph: every edge is one that a query confirms, in all its forms."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import lsmc
from lsmc.analysis.subgraph import part_of
from lsmc.modules.apparmor.graph.graph import ProfileGraph
from lsmc.output.graph import text_lines, to_json
from lsmc.output.styled import plain
from lsmc.policy import Policy
from tests.cli.conftest import Run, run
from tests.places import PROFILES

__all__ = ["run"]

POLICY = """
abi <abi/4.0>,
profile a /bin/a {
  /bin/b px,
  /bin/c cx,
  /bin/* pux,
  /usr/** pix,
  /sbin/named px -> x1,
  /sbin/gone px -> nowhere,
  /sbin/back pix -> nowhere,
  /sbin/stacked px -> &x1,
  /sbin/denied px -> x2,
  deny /sbin/denied x,
  change_profile -> x*,
  deny change_profile -> x3,
  ^hat { /h r, }
  ^hot { /g r, }
  profile c /bin/c { /sbin/deep px -> b, }
}
profile b /bin/b { owner /bin/a px, other /bin/a ix, }
profile x1 { /bin/z ux, }
profile x2 { /r r, }
profile x3 { /r r, }
profile free flags=(unconfined) { }
profile s /usr/*/s { /r r, }
profile stacked /sbin/stacked { /r r, }
profile :ns:inner /bin/inner { /bin/other px, }
profile :ns:other /bin/other { /r r, }
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return lsmc.compile_text(POLICY, base=PROFILES)


@pytest.fixture(scope="module")
def graph(policy: Policy) -> ProfileGraph:
    return ProfileGraph(policy.engine)


def targets(graph: ProfileGraph, name: str) -> set[tuple[str, str, str]]:
    return {(edge.target, edge.kind, edge.mode) for edge in graph.edges(name)}


def test_executions(graph: ProfileGraph) -> None:
    assert targets(graph, "a") >= {
        ("b", "exec", "px"),
        ("a//c", "exec", "cx"),
        ("unconfined", "exec", "pux"),
        ("s", "exec", "pix"),
        ("x1", "exec", "px"),
        ("stacked//&x1", "exec", "px"),
        ("a//hat", "change_hat", ""),
        ("a//hot", "change_hat", ""),
    }


def test_denied_rules_are_no_edges(graph: ProfileGraph) -> None:
    found = targets(graph, "a")
    assert ("x2", "exec", "px") not in found
    assert ("x2", "change_profile", "") in found
    assert ("x3", "change_profile", "") not in found


def test_refused(graph: ProfileGraph) -> None:
    assert [(one.object, one.mode) for one in graph.ways("a").refused] == [("/sbin/gone", "px")]


def test_fallback_within_the_profile_is_no_edge(graph: ProfileGraph) -> None:
    assert not any(edge.object == "/sbin/back" for edge in graph.edges("a"))


def test_owner_half(graph: ProfileGraph) -> None:
    (edge,) = graph.edges("b")
    assert (edge.target, edge.owner) == ("a", True)


def test_hats_reach_their_siblings(graph: ProfileGraph) -> None:
    assert targets(graph, "a//hat") == {("a//hot", "change_hat", "")}


def test_free_modes_are_unconfined(graph: ProfileGraph) -> None:
    assert targets(graph, "free") == {("unconfined", "mode", "unconfined")}


def test_namespaces_do_not_mix(graph: ProfileGraph) -> None:
    assert targets(graph, ":ns://inner") == {(":ns://other", "exec", "px")}


def test_attachments_from_unconfined(graph: ProfileGraph) -> None:
    names = {edge.target for edge in graph.edges("unconfined")}
    assert {"a", "b", "s", "stacked"} <= names
    assert "x1" not in names


def test_every_execution_is_what_a_query_says(graph: ProfileGraph, policy: Policy) -> None:
    count = 0
    for edge in graph.all_edges():
        if edge.kind == "exec":
            verdict = policy.query(edge.source, "exec", edge.object, owner=edge.owner)
            assert verdict.allowed, edge
            assert verdict.transition is not None
            assert verdict.transition.target == edge.target
            count += 1
        elif edge.kind == "change_profile":
            assert policy.query(edge.source, "change_profile", edge.object).allowed, edge
            count += 1
    assert count > 8


def test_every_refusal_is_what_a_query_says(graph: ProfileGraph, policy: Policy) -> None:
    for name in graph.names:
        for one in graph.ways(name).refused:
            assert not policy.query(name, "exec", one.object, owner=one.owner).allowed


def test_chain(graph: ProfileGraph) -> None:
    chain = graph.chain("b", "unconfined")
    assert [edge.source for edge in chain] == ["b", "a"]
    assert chain[-1].target == "unconfined"
    assert graph.chain("x2", "unconfined") == []


def test_index_agrees_with_the_search(policy: Policy) -> None:
    fresh = Policy(policy.bundle.data)
    ProfileGraph(policy.engine)  # from here on the policy uses its index
    paths = ("/bin/a", "/bin/b", "/usr/x/s", "/usr/xx/s", "/usr/x/y", "/sbin/stacked", "/none")
    for path in paths:
        slow = fresh.engine.tables.attachments.find(path.encode())
        fast = policy.engine.tables.attachments.find(path.encode())
        assert slow == fast


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "policy"
    path.write_text(POLICY)
    return path


def test_text(run: Run, source: Path) -> None:
    result = run("graph", source, "--base", "profiles", "--no-cache")
    assert result.exit_code == 0
    assert "  → b  exec px /bin/b" in result.output
    assert "  refused exec px /sbin/gone" in result.output


def test_from(run: Run, source: Path) -> None:
    args = ("--from", "x1", "--format", "json", "--base", "profiles", "--no-cache")
    found = json.loads(run("graph", source, *args).output)
    assert found["version"] == 1
    assert found["from"] == "x1"
    assert [node["name"] for node in found["nodes"]] == ["x1", "unconfined"]
    assert found["edges"][0]["rule"]["text"] == "/bin/z ux,"


def test_from_a_path(run: Run, source: Path) -> None:
    args = ("--from", "/bin/b", "--format", "json", "--base", "profiles", "--no-cache")
    assert json.loads(run("graph", source, *args).output)["from"] == "b"


def test_from_nobody(run: Run, source: Path) -> None:
    result = run("graph", source, "--from", "strange", "--base", "profiles", "--no-cache")
    assert result.exit_code == 2
    assert "unknown profile `strange`" in result.output


def test_dot(run: Run, source: Path) -> None:
    text = run("graph", source, "--format", "dot", "--base", "profiles", "--no-cache").output
    assert text.startswith("digraph policy {")
    assert '"a" -> "b" [label="px"];' in text
    program = shutil.which("dot")
    if program is not None:
        subprocess.run([program, "-Tcanon"], input=text.encode(), check=True, capture_output=True)


def test_svg_needs_graphviz(
    run: Run, source: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    result = run("graph", source, "--format", "svg", "--base", "profiles", "--no-cache")
    assert result.exit_code == 2
    assert "Graphviz" in result.output


STACKS = """
profile a /bin/a { /bin/x px -> &b, /bin/z ix, /bin/w px -> c, }
profile b { /bin/z px -> c, /bin/v px -> c, }
profile c { change_profile -> a//&b, }
"""


def test_a_stack_goes_where_all_its_components_let_it() -> None:
    graph = ProfileGraph(lsmc.compile_text(STACKS).engine)
    (edge,) = graph.edges("a//&b")
    assert (edge.source, edge.target, edge.object) == ("a//&b", "a//&c", "/bin/z")
    asked = {"subject": "a//&b", "op": "exec", "object": edge.object}
    transition = graph.engine.answer(asked).verdict.transition
    assert transition is not None
    assert transition.target == edge.target
    assert [name for name in graph.reach("c") if "//&" in name] == ["a//&b", "a//&c"]


def test_stacks_that_are_too_many_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsmc.modules.apparmor.graph.graph.MAX_STACKS", 1)
    graph = ProfileGraph(lsmc.compile_text(STACKS).engine)
    graph.reach("c")
    assert graph.unfollowed == {"a//&c"}
    assert "1 stack that was met is not followed" in plain(text_lines(part_of(graph, "c")))
    assert to_json(part_of(graph, "c"))["unfollowed"] == ["a//&c"]


@pytest.mark.parametrize(
    ("rules", "path", "owner"),
    [
        ("profile a { /{x,y} px -> c, }\nprofile b { /y ix, }", "/y", True),
        ("profile a { /* px -> c, }\nprofile b { /y ix, }", "/y", True),
        ("profile a { /x px -> c, }\nprofile b { other /x ix, }", "/x", False),
        ("profile a { /x pix -> gone, }\nprofile b { /x pix -> c, }", "/x", True),
    ],
)
def test_a_stack_is_asked_at_all_paths_that_are_listed(rules: str, path: str, owner: bool) -> None:
    policy = lsmc.compile_text(f"{rules}\nprofile c {{ /q r, }}\n")
    (edge,) = ProfileGraph(policy.engine).edges("a//&b")
    asked = {"subject": "a//&b", "op": "exec", "object": path, "owner": owner}
    transition = policy.answer(asked).transition
    assert transition is not None
    assert (edge.object, edge.owner, edge.target) == (path, owner, transition.target)


def test_an_attachment_does_not_meet_itself() -> None:
    """A path that is the beginning of one attachment, where another one begins with more."""
    policy = lsmc.compile_text(
        "profile x { /usr/bin/python3 px, }\n"
        "profile one /usr/bin/python3* { /a r, }\n"
        "profile two /usr/bin/python3.11-config* { /a r, }\n"
    )
    (edge,) = ProfileGraph(policy.engine).edges("x")
    assert edge.target == "one"
    rules = ProfileGraph(policy.engine).exec_rules("x")
    assert len(rules.decide(b"/usr/bin/python3", owner=True).winners) == 1
    transition = policy.answer({"subject": "x", "op": "exec", "object": "/usr/bin/python3"})
    assert transition.transition is not None
    assert transition.transition.target == "one"


def test_json_has_the_ways_of_a_stack_alone() -> None:
    found = to_json(part_of(ProfileGraph(lsmc.compile_text(STACKS).engine), "c"))
    edges = {(edge["source"], edge["target"]) for edge in found["edges"]}
    assert edges == {("c", "a//&b"), ("a//&b", "a//&c")}
