"""CIL as bodies of statements, by whole lines and token by token."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lsmc.base.source import Source
from lsmc.modules.selinux.syntax.grammar import SHAPES
from lsmc.modules.selinux.syntax.reader import MAX_DEPTH, TOKEN, Reader
from lsmc.modules.selinux.syntax.tree import Body
from tests.places import PROFILES

SAMPLES = sorted((PROFILES / "selinux").glob("*.cil"))


def read(text: str) -> tuple[Body, list[str]]:
    """The statements of a text, and what is wrong with it."""
    reader = Reader()
    body = reader.read(Source("x.cil", text), 0)
    return body, [f"{one.line}:{one.column} {one.message}" for one in reader.errors]


def outline(body: Body) -> list[object]:
    """Everything in a body but the places, sorted as far as order means nothing."""
    return [
        sorted(map(str, body.rules)),
        body.statements,
        [(one.head, outline(one.body)) for one in body.containers],
    ]


def test_a_line_is_a_statement_with_its_place() -> None:
    body, wrong = read("(type a)\n  (allow a b (file (read write)))\n(typeattributeset x (a b ))\n")
    assert wrong == []
    assert body.statements == [("type", "a"), ("typeattributeset", "x", ("a", "b"))]
    assert body.rules == [("allow", "a", "b", ("file", ("read", "write")))]
    assert (body.places, body.rule_places) == ([0, 43], [11])


def test_a_rule_about_a_classpermission_is_a_rule() -> None:
    body, _ = read("(allow a b both)\n(allow a b both) (dontaudit a b both)")
    assert [rule[0] for rule in body.rules] == ["allow", "allow", "dontaudit"]
    assert body.statements == []


def test_strings_comments_and_line_ends() -> None:
    body, wrong = read('(filecon "/a b;(" any ()) ; (type no) "\r\n("type" "x") ;\n\n\t(type y)')
    assert wrong == []
    assert body.statements == [("filecon", "/a b;(", "any", ()), ("type", "x"), ("type", "y")]


def test_containers_hold_statements() -> None:
    body, wrong = read("(block k\n(optional o\n(type x)\n)\n(macro m ((type t)) (type y)))")
    assert wrong == []
    (block,) = body.containers
    optional, macro = block.body.containers
    assert optional.head == ("optional", "o")
    assert optional.body.statements == [("type", "x")]
    assert macro.head == ("macro", "m", (("type", "t"),))
    assert macro.body.statements == [("type", "y")]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("(", "1:1 this `(` is not closed"),
        ("(block k\n(type x)\n", "1:1 this `(` is not closed"),
        ("(type x))", "1:9 `)` closes nothing"),
        ("(type x)\n )", "2:2 `)` closes nothing"),
        ("x", "1:1 `x` stands in no statement"),
        ('(filecon "/a any ())', "1:10 a text without an end"),
        ("(type a\\b)", "1:8 `\\` is no part of CIL"),
        ("\x0c(type a)", "1:1 `\x0c` is no part of CIL"),
        ("(type \xe9)", "1:7 `\\xe9` is no part of CIL"),
        ("()", "1:1 a statement begins with its keyword"),
        ("((type a))", "1:1 a statement begins with its keyword"),
        ("(tpye a)", "1:1 unknown statement `tpye`"),
        ("(type)", "1:1 `type` does not have the parts that it must have"),
        ("(optional o x)", "1:1 `optional` does not have the parts that it must have"),
        ("(type 9a)", "1:1 `9a` is no name: a letter, then letters, digits, `_` and `-`"),
        ("(type all)", "1:1 `all` is a reserved word"),
    ],
)
def test_what_is_no_cil_is_told_with_its_place(text: str, wrong: str) -> None:
    assert read(text)[1] == [wrong]


def test_several_errors_of_a_file_are_told() -> None:
    assert len(read("(tpye a)\n(type b)\n(type 1)\n(allow a)\n")[1]) == 3


def test_an_unknown_statement_is_told_with_the_nearest() -> None:
    reader = Reader()
    reader.read(Source("x.cil", "(typettribute a)"), 0)
    assert reader.errors[0].help.startswith("did you mean `typeattribute`")


@pytest.mark.parametrize("text", ["(" * 100_000, "(block b\n" * 100_000, "(a " * 100_000])
def test_deep_nesting_is_one_error(text: str) -> None:
    assert read(text)[1][-1].endswith(f"lists are nested {MAX_DEPTH} deep")


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_layout_of_lines_means_nothing(path: Path) -> None:
    """Statements read by lines are those that are read token by token, wherever lines end."""
    text = path.read_text()
    tokens = [one for one in TOKEN.findall(text) if not one.isspace() and one[0] != ";"]
    spread = random.Random(1)
    joined = "".join(one + spread.choice((" ", "\n", "  \t")) for one in tokens)
    assert outline(read(joined)[0]) == outline(read(text)[0])


def test_all_shapes_are_expressions_over_kinds() -> None:
    assert all(set(shape) <= set("sle[]?()") for shape, _ in SHAPES.values())
