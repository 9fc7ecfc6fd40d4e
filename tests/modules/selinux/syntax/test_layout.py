"""CIL in good layout: what is written stays, and a second time changes nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from lsmc.compiler.inputs import Options
from lsmc.modules.selinux.formatting import CilFormatter
from lsmc.modules.selinux.syntax.layout import WIDTH, layout
from lsmc.modules.selinux.syntax.reader import TOKEN
from tests.places import PROFILES

SAMPLES = sorted((PROFILES / "selinux").glob("*.cil"))

CASES = {
    "(type  a)(type b)": "(type a)\n(type b)\n",
    "(block k(type x)\n\n\n\n(type y))": "(block k\n    (type x)\n\n    (type y)\n)\n",
    "(block k\n)": "(block k)\n",
    "(block k ; why\n; own\n(type x) ; x\n)": (
        "(block k  ; why\n    ; own\n    (type x)  ; x\n)\n"
    ),
    "(in after\n k (type x))": "(in after k\n    (type x)\n)\n",
    "(macro m ( (type  t) )\n(allow t t\n(file (read))))": (
        "(macro m ((type t))\n    (allow t t (file (read)))\n)\n"
    ),
    '(filecon "/a  b" any ( ) )': '(filecon "/a  b" any ())\n',
    "(booleanif x (true (type a)) (false(type b)))": (
        "(booleanif x\n    (true\n        (type a)\n    )\n    (false\n        (type b)\n    )\n)\n"
    ),
    "\n\n; head\n\n(type a)\n\n; end\n\n": "; head\n\n(type a)\n\n; end\n",
    "(allow a b ; inside\n   (file (read)))": "(allow a b ; inside\n   (file (read)))\n",
    "": "",
}


@pytest.mark.parametrize("text", CASES)
def test_a_text_in_good_layout(text: str) -> None:
    assert layout(text) == CASES[text]
    assert layout(layout(text)) == CASES[text]


def test_long_statements_are_broken_between_their_lists() -> None:
    deep = "(and (eq t1 one_quite_long_name) (eq t2 another_quite_long_name))"
    text = f"(constrain (file (read write)) (or {deep} {deep}))"
    lines = layout(text).splitlines()
    assert lines == [
        "(constrain",
        "    (file (read write))",
        "    (or",
        f"        {deep}",
        f"        {deep}))",
    ]
    names = " ".join(f"type_number_{number}" for number in range(40))
    assert max(map(len, layout(f"(typeattributeset x ({names}))").splitlines())) <= WIDTH + 2


def test_the_syntax_alone_has_no_comments() -> None:
    text = "; a\n(block k ; b\n\n(type x ; c\n))\n"
    assert layout(text, comments=False) == "(block k\n    (type x)\n)\n"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_layout_of_anything_is_the_same(path: Path) -> None:
    """Files are what they were, and good layout follows from what is written alone."""
    text = path.read_text()
    assert layout(text) == text
    spread = random.Random(1)
    tokens = [one for one in TOKEN.findall(text) if not one.isspace() and one[0] != ";"]
    joined = "".join(one + spread.choice((" ", "\n", "  \t")) for one in tokens)
    assert layout(joined) == layout(text, comments=False)


def test_the_formatter_keeps_statements_and_comments() -> None:
    formatter = CilFormatter(Options())
    assert formatter.format("x.cil", b"(type a) ; \xc3\xa9\n").text == b"(type a)  ; \xc3\xa9\n"
    assert formatter.format("x.cil", b"(type a").faults
    assert formatter.format("x.pp", b"\x8f\xff\x7c\xf9\0\0").faults
