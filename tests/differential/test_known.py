"""What the known differences excuse, and that they excuse nothing besides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential import refused
from tests.differential.answers import Answer, Question
from tests.differential.known import explain
from tests.differential.ours import Ours, compile_here, rules_of

FEATURES = Path(__file__).resolve().parent / "features-v9"


def ours(body: str, folder: Path, target: str = "4.1") -> Ours:
    path = folder / "policy"
    path.write_text(f"profile p {{ {body} }}\n", encoding="utf-8")
    return compile_here(path, folder, FEATURES, (), target)


def excused(
    folder: Path,
    body: str,
    question: Question,
    allow: str = "",
    audit: str = "",
    quiet: str = "",
    target: str | None = None,
) -> str:
    """The name of the difference that excuses another answer; empty for none."""
    here = ours(body, folder, target)
    allowed, logged, silent = (frozenset(words.split()) for words in (allow, audit, quiet))
    mine = here.answer(question)
    theirs = Answer(allowed, logged, silent, mine.extra)
    assert mine != theirs
    found = explain(rules_of(here.profiles["p"]), question, mine, theirs)
    return found.name if found is not None else ""


def socket(addr: str, **peer: str) -> Question:
    return Question("p", "unix", "", True, (("addr", addr), ("type", "stream"), *peer.items()))


@pytest.mark.parametrize(
    ("body", "question", "name"),
    [
        ("unix (bind) addr=@a,", socket("@b"), ""),
        ("unix (bind) addr=@a,", socket("@a\x00\x01"), ""),
        ("unix (bind) addr=@a, unix (listen),", socket("@a\x01"), ""),
        (
            "unix (send) type=stream addr=none peer=(label=/[^x]b),",
            socket("none", peer_addr="@/", peer_label="b"),
            "nul-in-address",
        ),
        (
            "unix (send) type=stream addr=none peer=(label=/[^x]b),",
            socket("none", peer_addr="@/", peer_label="c"),
            "",
        ),
        (
            "unix (send) type=stream addr=none peer=(label=/xb),",
            socket("none", peer_addr="@/", peer_label="b"),
            "",
        ),
    ],
)
def test_nul_in_address(tmp_path: Path, body: str, question: Question, name: str) -> None:
    allow = "send" if "peer" in body else "bind getattr"
    assert excused(tmp_path, body, question, allow) == name


@pytest.mark.parametrize(
    ("body", "link", "target", "name"),
    [
        ("/a[^x]c l, /a l,", "/a", "c", "nul-in-class"),
        ("/a[^x]c l, /a l,", "/a", "d", ""),
        ("/a[^x]c l, /a l, link /a -> /b,", "/a", "x", ""),
        ("/axc l, /a l,", "/a", "c", ""),
    ],
)
def test_nul_in_class(tmp_path: Path, body: str, link: str, target: str, name: str) -> None:
    question = Question("p", "link", link, True, (("target", target),))
    assert excused(tmp_path, body, question, "link") == name


@pytest.mark.parametrize(
    ("body", "answer", "name"),
    [
        ("audit /a* m, /a ix,", ("m x", "", ""), "map-by-address"),
        ("deny /a* m, /a ix,", ("m x", "", ""), "map-by-address"),
        ("priority=-1 audit /a ix, /a* m,", ("m x", "m x", ""), "map-by-address"),
        ("deny /a* m, /a px,", ("m x", "", ""), ""),
        ("audit /a* m, /a px,", ("m x", "", ""), ""),
        ("/a ix,", ("x", "", ""), ""),
        ("/a* m, /a ix,", ("m x", "m", ""), ""),
        ("audit /a* m, /a ix,", ("m r x", "", ""), ""),
    ],
)
def test_map_by_address(tmp_path: Path, body: str, answer: tuple[str, str, str], name: str) -> None:
    assert excused(tmp_path, body, Question("p", "file", "/a"), *answer) == name


@pytest.mark.parametrize(
    ("body", "answer", "name"),
    [
        ("unix (getopt), deny unix (setopt),", ("", "", "getopt setopt"), True),
        ("audit unix (getopt), deny unix (setopt),", ("", "", "getopt setopt"), True),
        ("unix (getopt), deny unix (setopt),", ("", "", "setopt"), False),
        ("priority=1 unix (getopt), deny unix (setopt),", ("", "", "getopt setopt"), False),
        ("unix (getopt), deny unix (setopt) addr=@b,", ("", "", "getopt setopt"), False),
        ("unix (getopt), audit unix (setopt),", ("setopt", "setopt", ""), False),
        ("unix (getopt), audit deny unix (setopt),", ("", "", "getopt"), False),
        ("unix (getopt),", ("getopt setopt", "", ""), False),
    ],
)
def test_one_option(tmp_path: Path, body: str, answer: tuple[str, str, str], name: bool) -> None:
    found = excused(tmp_path, body, socket("@a"), *answer, target="4.1")
    assert found == ("one-option" if name else "")


@pytest.mark.parametrize(
    ("body", "path", "name"),
    [
        ("change_profile -> /a, /a r,", "/a", "file-rule-beside-change"),
        ("change_profile -> /a, /[a] r,", "/a", ""),
        ("deny change_profile -> /a, /a r,", "/a", ""),
        ("change_profile -> /b, /b r, /a r,", "/a", ""),
    ],
)
def test_a_file_rule_beside_a_change(tmp_path: Path, body: str, path: str, name: str) -> None:
    assert excused(tmp_path, body, Question("p", "file", path)) == name


ENCODING = "ERROR processing policydb rules for profile p, failed to load"
CRASH = "exit status 10"


@pytest.mark.parametrize(
    ("body", "message", "name"),
    [
        ("mount fstype=ext4 options in (move),", ENCODING, "mount-without-kind"),
        ("mount fstype=ext4 options in (ro),", ENCODING, ""),
        ("mount fstype=ext4 options in (move),", "syntax error", ""),
        ("network inet, if true { /a r, }", CRASH, "network-before-condition"),
        ("if true { /a r, } network inet,", CRASH, ""),
        ("signal, if true { /a r, }", CRASH, ""),
        ("change_profile -> a, /b r,", "still at work after 60 seconds", "endless-merging"),
        ("/b r,", "still at work after 60 seconds", ""),
    ],
)
def test_refusals(tmp_path: Path, body: str, message: str, name: str) -> None:
    found = refused.explain(ours(body, tmp_path, "3.0").bodies, "", message)
    assert (found.name if found is not None else "") == name
