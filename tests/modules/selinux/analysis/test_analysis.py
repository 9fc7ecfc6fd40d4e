"""What a type may do, and the transitions between domains."""

from __future__ import annotations

import pytest

import lsmc
from lsmc.engine.verdict import UnknownName
from lsmc.explain.abilities import Ability
from lsmc.modules.selinux.module import SELINUX
from lsmc.policy import Policy
from tests.modules.selinux.policies import compiled

TEXT = """\
(type init_t) (type web_t) (type cgi_t) (type lost_t)
(type web_exec_t) (type cgi_exec_t) (type page_t) (type shadow_t)
(typeattribute domain) (typeattributeset domain (init_t web_t cgi_t lost_t))
(boolean cgi true)
(allow domain self (process (fork)))
(allow init_t web_t (process (transition)))
(allow init_t web_exec_t (file (execute)))
(allow web_t web_exec_t (file (entrypoint)))
(typetransition init_t web_exec_t process web_t)
(allow web_t cgi_t (process (transition)))
(allow cgi_t cgi_exec_t (file (entrypoint)))
(booleanif cgi (true (allow web_t cgi_exec_t (file (execute)))))
(allow web_t self (process (setexec)))
(allow init_t cgi_t (process (transition)))
(allow init_t cgi_exec_t (file (execute)))
(allow web_t lost_t (process (transition)))
(typetransition web_t cgi_exec_t process lost_t)
(allow cgi_t self (process (dyntransition)))
(allow web_t page_t (file (read)))
(allow web_t shadow_t (file (read)))
(allow web_t page_t (dir (search)))
(deny web_t page_t (dir (search)))
"""


@pytest.fixture(scope="module")
def policy() -> Policy:
    return compiled(TEXT)


def test_transitions_need_three_rules(policy: Policy) -> None:
    graph = lsmc.graph(policy)
    assert {"init_t", "web_t", "cgi_t", "lost_t"} <= set(graph.names)
    (edge,) = graph.edges("init_t")
    assert (edge.target, edge.kind, edge.mode, edge.object) == (
        "web_t",
        "exec",
        "typetransition",
        "web_exec_t",
    )
    assert edge.rule is not None
    assert graph.place(edge.rule).text == "(allow init_t web_t (process (transition)))"
    (asked,) = graph.edges("web_t")
    assert (asked.target, asked.mode, asked.object) == ("cgi_t", "setexec", "cgi_exec_t")
    assert [edge.target for edge in graph.chain("init_t", "cgi_t")] == ["web_t", "cgi_t"]
    assert graph.edges("cgi_t") == ()
    assert graph.subject("sys_u:web_r:web_t:s0") == "web_t"
    assert graph.node("web_t").mode == "enforce"


def test_a_transition_that_fails_is_told(policy: Policy) -> None:
    (refused,) = lsmc.graph(policy).refused("web_t")
    assert (refused.mode, refused.object) == ("typetransition", "cgi_exec_t")


def test_what_a_type_may_do(policy: Policy) -> None:
    assert SELINUX.abilities is not None
    found = SELINUX.abilities(policy.engine, "web_t", ())
    titles = {section.title: section.abilities for section in found.sections}
    assert [one.rule.text for one in titles["What is at stake"]] == [
        "(allow web_t shadow_t (file (read)))"
    ]
    assert "(allow web_t page_t (file (read)))" in [
        one.rule.text for one in titles["What it reads"]
    ]
    listed = [one for section in found.sections for one in section.abilities]
    assert not any(one.cls == "dir" for one in listed), "deny takes it away"
    for one in listed:
        assert policy.answer(one.example).allowed
    assert {one.cls for one in _listed(policy, ("process",))} == {"process"}
    with pytest.raises(UnknownName):
        SELINUX.abilities(policy.engine, "web_t", ("proces",))


def _listed(policy: Policy, classes: tuple[str, ...]) -> list[Ability]:
    assert SELINUX.abilities is not None
    found = SELINUX.abilities(policy.engine, "web_t", classes)
    return [one for section in found.sections for one in section.abilities]


def test_written_rules(policy: Policy) -> None:
    assert SELINUX.rules is not None
    found = {place.text: place.line for place in SELINUX.rules(policy.engine)}
    assert len(found) == TEXT.count("allow ") + TEXT.count("(deny") + 1
    first = found["(allow domain self (process (fork)))"]
    assert found["(allow web_t cgi_exec_t (file (execute)))"] == first + 7


def test_objects_are_types(policy: Policy) -> None:
    assert SELINUX.objects is not None
    assert "page_t" in SELINUX.objects(policy.engine, "file:read")
    with pytest.raises(UnknownName):
        SELINUX.objects(policy.engine, "file:raed")
