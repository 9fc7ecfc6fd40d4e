"""The search among all names: `who --pattern` and `[[never]]`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import lsmc
from lsmc.automata.algebra import intersection
from lsmc.automata.pattern import Literal
from lsmc.cli.group import cli
from lsmc.engine.verdict import RequestError, UnknownName
from lsmc.modules.kubearmor.bpf.automaton import AllowedNames
from lsmc.modules.kubearmor.evaluate import Confinement, Settings
from lsmc.modules.kubearmor.globs import language
from lsmc.modules.kubearmor.posture import Posture
from lsmc.modules.kubearmor.questions import understood
from tests.modules.kubearmor.policies import WEB, compiled, text
from tests.modules.kubearmor.test_diff import REQUESTS, made, specifications
from tests.places import PROFILES

SECRETS = """\
file:
  matchDirectories:
    - dir: /srv/keys/
      recursive: true
action: Block
"""


def witnesses(policy: lsmc.Policy, op: str, *globs: str, **fields: str) -> list[dict[str, Any]]:
    """The requests that are found for the container; each is answered as it was found."""
    found = policy.module.search(policy.engine, "a search")
    sought = found.sought(op, globs, {name: (text,) for name, text in fields.items()}, None)
    requests = [dict(one.request) for one in found.witnesses([WEB], sought)]
    assert all(policy.answer(request).allowed for request in requests)
    return requests


@settings(max_examples=40, deadline=None)
@given(specifications(), st.lists(REQUESTS, min_size=5, max_size=30), st.booleans())
def test_the_automaton_decides_as_the_enforcer(
    spec: dict[str, Any], requests: list[dict[str, Any]], blocked: bool
) -> None:
    posture = Posture("block", "block", "block") if blocked else Posture("audit", "audit", "audit")
    bpf = Confinement(made(spec), posture, (), Settings("")).bpf
    for request in requests:
        asked = understood(request)

        def allowed(name: str, asked: Any = asked) -> bool:
            return bool(bpf.decide(asked._replace(object=name)).allowed)

        automaton = AllowedNames(bpf.map, asked.source, allowed)
        name = Literal(asked.object.encode())
        assert (intersection(name, automaton) is not None) == bpf.decide(asked).allowed
        for glob in ("/**", "/a/**", "/bin/*", "/*/b/?"):
            found = intersection(language(glob), AllowedNames(bpf.map, asked.source, allowed))
            if found is None:  # then no name of the glob may be let through
                inside = re.fullmatch(shape(glob), asked.object) is not None
                assert not (inside and bpf.decide(asked).allowed)
            else:
                assert allowed(found.decode())


def shape(glob: str) -> str:
    """The glob as a regular expression."""
    text = re.escape(glob).replace(r"\*\*", ".*")
    return text.replace(r"\*", "[^/]*").replace(r"\?", "[^/]")


@given(
    st.text("/ab*?", min_size=1, max_size=8).filter(lambda text: "***" not in text),
    st.text("/ab", min_size=1, max_size=8),
)
def test_a_glob_stands_for_its_texts(glob: str, text: str) -> None:
    matches = re.fullmatch(shape(glob), text) is not None
    assert (intersection(language(glob), Literal(text.encode())) is not None) == matches


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("/[a-c]x", "/bx", "/dx"),
        ("/[^a-c]x", "/dx", "/ax"),
        ("/[!a]x", "/bx", "//x"),
        ("/{a,b{c,d}}/*", "/bd/x", "/b/x"),
        ("/a\\*", "/a*", "/ab"),
        ("/{,a}b", "/b", "/a"),
    ],
)
def test_sets_and_alternatives(glob: str, inside: str, outside: str) -> None:
    assert intersection(language(glob), Literal(inside.encode())) is not None
    assert intersection(language(glob), Literal(outside.encode())) is None


@pytest.mark.parametrize("glob", ["/{a", "/a}", "/[a", "/" + "{" * 20])
def test_a_glob_that_is_not_closed_is_an_error(glob: str) -> None:
    with pytest.raises(RequestError):
        language(glob)


def test_what_is_blocked_everywhere_has_no_witness() -> None:
    assert witnesses(compiled(SECRETS), "open", "/srv/keys/?**") == []


def test_a_gap_of_one_enforcer_is_found() -> None:
    """BPF does not scan a name that is not below the directory itself."""
    policy = compiled(SECRETS.replace("true", "false"))
    (found,) = witnesses(policy, "open", "/srv/keys/**")
    assert found["object"].startswith("/srv/keys/")
    assert found["enforcer"] in ("bpf", "apparmor")


def test_both_enforcers_are_searched_unless_one_is_named() -> None:
    policy = compiled("file: {action: Block, matchPatterns: [{pattern: '/srv/**'}]}")
    (found,) = witnesses(policy, "open", "/srv/**")
    assert found["enforcer"] == "bpf"
    assert witnesses(policy, "open", "/srv/**", enforcer="apparmor") == []


def test_words_are_searched_too() -> None:
    policy = compiled("network: {action: Block, matchProtocols: [{protocol: icmp}]}")
    assert [one["object"] for one in witnesses(policy, "connect", "tcp")] == ["tcp"]
    assert witnesses(policy, "connect", "icmp") == []
    assert len(witnesses(policy, "capable", "net_*")) == 1


@pytest.mark.parametrize(
    ("op", "glob", "error"),
    [
        ("capable", "nothing", UnknownName),
        ("connect", "nothing", UnknownName),
        ("resolve", "a.example", RequestError),
        ("fly", "/a", UnknownName),
    ],
)
def test_what_no_kernel_asks_is_an_error(op: str, glob: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        witnesses(compiled(SECRETS), op, glob)


def test_a_never_is_decided(tmp_path: Path) -> None:
    policy = tmp_path / "p.yaml"
    policy.write_text(text(SECRETS), encoding="utf-8")
    wish = tmp_path / "p.test.toml"
    lines = ['policy = "p.yaml"', f'base = "{PROFILES}"', 'module = "kubearmor"']
    for glob in ("/srv/keys/?**", "/srv/*/a"):
        lines += ["[[never]]", f'subject = "{WEB}"', 'op = "open"', f'object = "{glob}"']
    wish.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["test", str(wish)])
    assert result.exit_code == 1
    assert "1 of 2 nevers hold" in result.output


def test_a_glob_over_sources_is_an_error() -> None:
    with pytest.raises(RequestError, match="no glob"):
        witnesses(compiled(SECRETS), "open", "/srv/**", source="/usr/*")


@pytest.mark.parametrize("glob", ["x/**", "/[z-a]", "/a//b"])
@pytest.mark.parametrize("enforcer", ["apparmor", "bpf"])
def test_a_glob_without_names_is_an_error(glob: str, enforcer: str) -> None:
    """A `never` of it would hold, and mean nothing."""
    with pytest.raises(RequestError, match="no kernel asks"):
        witnesses(compiled(SECRETS), "open", glob, enforcer=enforcer)


@pytest.mark.parametrize("glob", ["/", "/tmp/"])
def test_a_directory_may_end_with_its_slash(glob: str) -> None:
    for enforcer in ("bpf", "apparmor"):
        assert len(witnesses(compiled(SECRETS), "open", glob, enforcer=enforcer)) == 1
