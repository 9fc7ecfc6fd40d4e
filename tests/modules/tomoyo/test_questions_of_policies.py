"""Who may, what a domain may, and where its tasks come."""

from __future__ import annotations

import pytest

from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.modules.tomoyo.abilities import abilities, permissions, rules
from lsmc.modules.tomoyo.evaluate import answer
from lsmc.modules.tomoyo.graph import DomainGraph
from lsmc.modules.tomoyo.search import DomainSearch
from tests.modules.tomoyo.support import A, domain, opened

B = "<kernel> /bin/b"


def may(engine_text: str, op: str, obj: str, exceptions: str = "") -> dict[str, str]:
    """The domains that may do some of it, with an object of each."""
    engine = opened(engine_text, exceptions)
    search = DomainSearch(engine)
    found = search.witnesses(engine.subjects, search.sought(op, [obj] if obj else [], {}, None))
    answers = {}
    for one in found:
        assert answer(engine, one.request).allowed
        answers[one.subject] = one.request["object"]
    answers.pop("<kernel>", None)  # its profile asks no line
    return answers


def test_who_may_something_of_a_pattern() -> None:
    text = domain("file read /etc/\\*") + domain("file read /srv/a", name=B)
    assert may(text, "file read", "/\\{\\*\\}/a") == {A: "/etc/a", B: "/srv/a"}
    assert may(text, "file read", "/etc/\\*.conf") == {A: "/etc/.conf"}
    assert may(text, "file write", "") == {}


def test_who_may_under_a_condition() -> None:
    text = domain("file execute /b task.uid=1000-1999")
    assert may(text, "file execute", "/b") == {A: "/b"}
    assert may(domain("file read /a path2.uid=0"), "file read", "/a") == {}


def test_who_may_use_an_address() -> None:
    text = domain("network inet stream connect 10.0.0.0-10.0.0.9 1-1023")
    assert may(text, "network inet", "stream connect 10.0.0.5-10.1.0.0 443") == {
        A: "stream connect 10.0.0.5 443"
    }
    assert may(text, "network inet", "stream bind") == {}


def test_wrong_searches() -> None:
    search = DomainSearch(opened(domain()))
    with pytest.raises(UnknownName):
        search.sought("file reed", [], {}, None)
    with pytest.raises(RequestError, match="one word too many"):
        search.sought("file read", ["/a /b"], {}, None)
    with pytest.raises(RequestError, match="no field"):
        search.sought("file read", [], {"peer": ["x"]}, None)


def test_what_a_domain_may() -> None:
    engine = opened(domain("file read/write /a", "file execute /\\* keep", "misc env LD_\\*"))
    found = abilities(engine, A, ())
    titles = {one.title: [each.rule.line for each in one.abilities] for one in found.sections}
    assert titles == {"changes files": [3], "runs programs": [4], "takes variables": [5]}
    for section in found.sections:
        for ability in section.abilities:
            assert answer(engine, ability.example).allowed
    assert not found.free
    assert abilities(opened(domain(profile=0)), A, ()).free
    with pytest.raises(UnknownName):
        abilities(engine, A, ["socket"])


def test_permissions_of_an_object() -> None:
    engine = opened(domain("file read/unlink /a", "network inet dgram bind 127.0.0.1 1"))
    assert permissions(engine, A, "file", "/a", {}).allow == {"read", "unlink"}
    assert permissions(engine, A, "inet", "stream 127.0.0.1 1", {}).allow == {"bind"}


def test_every_line_is_a_rule() -> None:
    engine = opened(domain("file read /a", "use_group 1"), "acl_group 1 file read /b\n")
    assert [(place.file, place.line) for place in rules(engine)] == [
        ("domain_policy.conf", 3),
        ("exception_policy.conf", 1),
    ]


def test_where_tasks_come() -> None:
    text = domain("file execute /b", "file execute /c reset", "file execute /d keep")
    graph = DomainGraph(opened(text))
    assert [(edge.target, edge.mode) for edge in graph.edges(A)] == [(f"{A} /b", "child")]
    assert [one.object for one in graph.refused(A)] == ["/c"]
    assert graph.node(f"{A} /b").kind == "made domain"
    assert graph.place(graph.edges(A)[0].rule or 0).line == 3


def test_domains_without_end_are_not_followed() -> None:
    graph = DomainGraph(opened(domain("use_group 1"), "acl_group 1 file execute /bin/sh\n"))
    assert f"{A} /bin/sh /bin/sh" in graph.reach(A)
    assert len(graph.unfollowed) == 1
