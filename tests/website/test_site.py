"""The site: links between documents, what its check finds, and the pages made from code."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.lint.rule_docs import pages as pages_of
from lsmc.modules.registry import lints
from website import api, documents, operations, pictures, rules, schemas
from website.__main__ import faults


@pytest.mark.parametrize(
    ("page", "link", "there"),
    [
        ("cli.md", "[a](explain.md#layers)", "[a](explain.md#layers)"),
        ("cli.md", "[a](../SECURITY.md#limits)", "[a](security.md#limits)"),
        ("lint.md", "[a](rules.md)", "[a](rules/index.md)"),
        ("tutorials/auditor.md", "[a](../cli.md)", "[a](../cli.md)"),
        ("tutorials/auditor.md", "[a](../rules.md)", "[a](../rules/index.md)"),
        ("security.md", "[a](CHANGELOG.md)", "[a](changelog.md)"),
        ("contributing.md", "[a](docs/testing.md)", "[a](testing.md)"),
        ("growth.md", "![curves](curves.png)", ""),
        ("cli.md", "[samples](../profiles)", "samples"),
        ("cli.md", "[a](https://example.org/b.md)", "[a](https://example.org/b.md)"),
        ("cli.md", "```text\n[a](../SECURITY.md)\n```\n", "```text\n[a](../SECURITY.md)\n```\n"),
    ],
)
def test_links_of_a_file_become_links_of_the_site(page: str, link: str, there: str) -> None:
    assert documents.relinked(link, page) == there


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="b.html">', ""),
        ('<a href="b.html#there">', ""),
        ('<a href="#here" id="here">', ""),
        ('<a href="https://example.org/">', ""),
        ('<a href="c.html">', "broken link: c.html"),
        ('<a href="b.html#gone">', "no such anchor: b.html#gone"),
        ('<script src="https://example.org/a.js">', "loads https://example.org/a.js"),
        ('<link rel="stylesheet" href="//example.org/a.css">', "loads //example.org/a.css"),
        ('<link rel="canonical" href="https://example.org/">', ""),
    ],
)
def test_the_check_finds_what_leads_nowhere(tmp_path: Path, body: str, fault: str) -> None:
    (tmp_path / "a.html").write_text(body)
    (tmp_path / "b.html").write_text('<h1 id="there">')
    assert faults(tmp_path) == ([f"a.html: {fault}"] if fault else [])


def test_every_code_has_a_page_and_is_in_the_index() -> None:
    codes = {code for lint in lints() for code in pages_of(lint)}
    made = dict(rules.pages())
    index = made.pop("rules/index.md")
    assert {Path(name).stem.upper() for name in made} == codes
    assert [code for code in sorted(codes) if f"[{code}](" not in index] == []


def test_codes_in_prose_lead_to_their_pages() -> None:
    known = {"rules/lsm101.md"}
    text = "# LSM101\n\nLSM101, `LSM101`, [LSM101](a.md), LSM999\n```text\nLSM101\n```\n"
    assert rules.linked(text, "tutorials/a.md", known) == text.replace(
        "\nLSM101,", "\n[LSM101](../rules/lsm101.md),"
    )
    assert rules.linked(text, "rules/lsm101.md", known) == text


def test_reference_pages_hold_what_the_code_has() -> None:
    assert "### ModuleStack" in dict(api.pages())["reference/python.md"]
    assert "| `chown` | file |" in dict(operations.pages())["reference/operations/apparmor.md"]
    assert (
        "| `diagnostics` | array of diagnostic |" in dict(schemas.pages())["reference/schemas.md"]
    )


def test_a_picture_is_left_out_by_name_where_its_program_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    made = dict(pictures.made())
    assert list(made) == ["pictures/report.html"]
    assert b"id_ed25519" in made["pictures/report.html"]
    said = capsys.readouterr().err
    assert "picture left out: report.png (no Chromium)" in said
    assert "picture left out: graph.svg (no Graphviz)" in said


def test_a_mark_becomes_a_picture_if_there_is_one() -> None:
    text = "<!-- picture: a.png: A page -->\n"
    assert pictures.placed(text, "tutorials/a.md", ()) == "\n"
    placed = pictures.placed(text, "tutorials/a.md", {"pictures/a.png"})
    assert placed == "![A page](../pictures/a.png)\n"
    known = {"pictures/a.png", "pictures/a.html"}
    placed = pictures.placed(text, "tutorials/a.md", known)
    assert placed == "[![A page](../pictures/a.png)](../pictures/a.html)\n"


def test_a_browser_that_fails_makes_no_picture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "false" if name == "chromium" else None)
    assert list(dict(pictures.made())) == ["pictures/report.html"]
    assert "picture left out: report.png (false failed: " in capsys.readouterr().err
