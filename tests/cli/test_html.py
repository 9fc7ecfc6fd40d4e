"""`lsmc explain --html`: one page that stands alone, whatever a log or a policy says."""

from __future__ import annotations

import re
import sys
from base64 import b64encode
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

import lsmc.output.page  # noqa: F401 - a test takes it away
from lsmc.base.source import Source
from lsmc.engine.verdict import RuleRef
from lsmc.output.listing import ListingRow, listing
from tests.cli.conftest import Run
from tests.cli.test_explain_log import HOSTILE, denied

#: Attributes by which a page can load or run something.
LOADING = {"src", "srcset", "action", "formaction", "data", "poster", "background", "ping", "style"}
LOG = (
    denied("/srv/x") * 3
    + denied("/home/ann/.ssh/id_rsa", "viewer")
    + denied("/etc/nginx/nginx.conf")
    + denied("/x", "stranger")
    + denied("/x", info="Failed name lookup - disconnected path")
)


def parsed(path: Path) -> Element:
    """The page as a browser reads it; a mistake in its HTML is a failure."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False, strict=True)
    tree = parser.parse(path.read_text("utf-8"))
    assert isinstance(tree, Element)
    return tree


def report(run: Run, bundle: Path, tmp_path: Path, log: str | bytes, *more: str) -> Element:
    page = tmp_path / "report.html"
    args = ("--log", "-", "--base", "profiles", "--html", page, *more)
    result = run("explain", bundle, *args, text=log)
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert f"{page}: the report" in result.stderr
    return parsed(page)


def texts(tree: Element, tag: str, cls: str = "") -> list[str]:
    """The text of each element with a tag and a class."""
    return [
        " ".join("".join(one.itertext()).split())
        for one in tree.iter(tag)
        if not cls or cls in (one.get("class") or "").split()
    ]


def test_the_parts_of_a_report(run: Run, bundle: Path, tmp_path: Path) -> None:
    tree = report(run, bundle, tmp_path, LOG)
    assert texts(tree, "h1") == ["What AppArmor refused, and why"]
    assert texts(tree, "h2") == [
        "Denied by this policy 2",
        "Profiles that this policy does not have 1",
        "Records that no rule answers 1",
        "Allowed by this policy 1",
        "A patch",
    ]
    assert texts(tree, "h3")[0] == "3× nginx file open r /srv/x"
    assert "/srv/x r," in texts(tree, "code")
    assert "The log agrees with this policy" in [t.capitalize() for t in texts(tree, "p", "note")]
    # what a row says while it is closed
    assert texts(tree, "span", "fix")[0] == "/srv/x r,"
    assert "overrides a rule that denies this" in texts(tree, "span", "fix")[1]
    # the deny rule stands marked among its neighbours, with the include that led to it
    assert "audit deny @{HOME}/.ssh/{,**} mrwlk," in texts(tree, "mark")
    assert any(via.startswith("included at profiles/viewer:") for via in texts(tree, "span", "via"))
    assert "Warning: reads private keys or stored passwords" in texts(tree, "p", "hazard")
    assert any("+ /srv/x r," in pre for pre in texts(tree, "pre", "listing"))


def test_the_page_loads_and_runs_nothing(run: Run, bundle: Path, tmp_path: Path) -> None:
    tree = report(run, bundle, tmp_path, LOG)
    assert_inert(tree)
    (policy,) = [m.get("content") for m in tree.iter("meta") if m.get("http-equiv")]
    (style,) = ["".join(one.itertext()) for one in tree.iter("style")]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert policy is not None
    assert policy.split("; ")[:2] == ["default-src 'none'", f"style-src 'sha256-{digest}'"]
    assert re.findall(r"url\(|@import|expression", style) == []


def assert_inert(tree: Element) -> None:
    tags = {str(one.tag) for one in tree.iter()}
    known = "html head meta title style body header main footer section nav h1 h2 h3 h4 p a b"
    known += " ul ol li dl dt dd div span code pre mark figure figcaption details summary strong"
    assert tags <= set(known.split())
    for one in tree.iter():
        names = {name.lower() for name in one.attrib}
        assert not names & LOADING
        assert not [name for name in names if name.startswith("on")]
        assert one.get("href", "#").startswith("#")


def test_headings_and_links_fit_together(run: Run, bundle: Path, tmp_path: Path) -> None:
    tree = report(run, bundle, tmp_path, LOG)
    levels = [int(str(one.tag)[1]) for one in tree.iter() if re.fullmatch("h[1-6]", str(one.tag))]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    anchors = [name for one in tree.iter() if (name := one.get("id"))]
    assert len(anchors) == len(set(anchors))
    assert {str(a.get("href"))[1:] for a in tree.iter("a")} <= set(anchors)
    assert tree.get("lang") == "en"
    assert all(next(iter(details)).tag == "summary" for details in tree.iter("details"))


MARKUP = [
    b"</style><script>alert(1)</script>",
    b"\"'><img src=x onerror=alert(1)>",
    b"{{ 7*7 }}{% raw %}{{ config }}<!--",
    b"</code></pre></details><a href=javascript:alert(1)>`x`</a>",
]


@pytest.mark.parametrize("name", [*HOSTILE, *MARKUP])
def test_hostile_names_are_inert(run: Run, bundle: Path, tmp_path: Path, name: bytes) -> None:
    coded = (b"/srv/" + name).hex().upper()
    log = denied("/x").replace('name="/x"', f"name={coded}")
    log = log.replace('comm="nginx"', f"comm={coded} name2={coded} peer={coded}")
    log += denied("/y", "p").replace('profile="p"', f"profile={coded}")
    tree = report(run, bundle, tmp_path, log)
    assert_inert(tree)
    shown = (tmp_path / "report.html").read_text("utf-8")
    assert all(char == "\n" or char.isprintable() for char in shown)
    plain = name.decode("utf-8", "replace")
    if plain.isprintable() and "\ufffd" not in plain:
        assert any(plain in text for text in texts(tree, "h3"))


def test_the_names_of_logs_are_inert(run: Run, bundle: Path, tmp_path: Path) -> None:
    log = tmp_path / "<b>\u202e\x1b[1m.log"
    log.write_text(denied("/srv/x") + 'type=AVC msg=audit(1.2:3): apparmor="DENIED" a=,"\n')
    page = tmp_path / "report.html"
    result = run("explain", bundle, "--log", log, "--base", "profiles", "--html", page)
    assert result.exit_code == 2
    tree = parsed(page)
    assert_inert(tree)
    assert any(text.endswith("<b>\\u202e\\x1b[1m.log") for text in texts(tree, "dd"))
    assert "Lines that could not be read" in texts(tree, "h2")


def test_the_same_log_gives_the_same_page(run: Run, bundle: Path, tmp_path: Path) -> None:
    pages = []
    for _ in range(2):
        report(run, bundle, tmp_path, LOG)
        pages.append((tmp_path / "report.html").read_bytes())
    assert pages[0] == pages[1]


def test_an_empty_log(run: Run, bundle: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = run("explain", bundle, "--log", "-", "--html", page, text="nothing\n")
    assert result.exit_code == 0
    assert "The log holds no record that asks anything of a policy." in texts(parsed(page), "p")


def test_a_question(run: Run, bundle: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = run("explain", bundle, "nginx", "capable", "sys_admin", "--html", page)
    assert result.exit_code == 1
    tree = parsed(page)
    assert_inert(tree)
    assert texts(tree, "h1") == ["Why this is denied"]
    assert texts(tree, "h3") == ["nginx capable sys_admin"]
    assert "capability sys_admin," in texts(tree, "code")
    asked = ("viewer", "read", "/home/ann/Documents/a.pdf", "--uid", "1000", "--owner", "1000")
    result = run("explain", bundle, *asked, "--mode", "0600", "--html", page)
    assert result.exit_code == 0
    tree = parsed(page)
    assert "Layers, in the order of the kernel" in texts(tree, "h4")
    assert any("dac" in text for text in texts(tree, "li"))


def test_wrong_use(run: Run, bundle: Path, tmp_path: Path) -> None:
    page = str(tmp_path / "report.html")
    for more in (("--patch",), ("--format", "json")):
        result = run("explain", bundle, "--log", "-", "--html", page, *more, text=LOG)
        assert result.exit_code == 2
        assert "a page goes with neither --patch nor another --format" in result.stderr
    result = run("explain", bundle, "--log", "-", "--html", tmp_path / "no" / "x", text=LOG)
    assert result.exit_code == 2
    assert "no directory" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_the_library(
    run: Run, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "lsmc.output.page")
    monkeypatch.delattr("lsmc.output.page")
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = run("explain", bundle, "--log", "-", "--html", tmp_path / "x.html", text=LOG)
    assert result.exit_code == 2
    assert "pip install 'lsmc[html]'" in result.stderr
    assert list(tmp_path.iterdir()) == []


TEXT = "a\nprofile p {\n\taudit  /x\n     rw, # why\n  /y r,\n}\n"


@pytest.mark.parametrize(
    ("place", "rows"),
    [
        (
            (3, 2, "audit /x rw,"),
            [
                (1, "a", "", ""),
                (2, "profile p {", "", ""),
                (3, "    ", "audit  /x", ""),
                (4, "     ", "rw,", " # why"),
                (5, "  /y r,", "", ""),
                (6, "}", "", ""),
            ],
        ),
        ((5, 3, "/y r,"), [(3, "    audit  /x", "", ""), (4, "     rw, # why", "", "")]),
        ((5, 3, "/z r,"), []),
        ((9, 1, "/y r,"), []),
        ((5, 3, ""), []),
    ],
)
def test_a_rule_in_its_file(place: tuple[int, int, str], rows: list[Any]) -> None:
    line, column, text = place
    ref = RuleRef("p", "f", line, column, text, ())
    found = listing(ref, lambda path: Source(path, TEXT))
    assert list(found[: len(rows)]) == [ListingRow(*row) for row in rows]
    assert bool(found) == bool(rows)
    assert listing(ref, lambda _: None) == ()
