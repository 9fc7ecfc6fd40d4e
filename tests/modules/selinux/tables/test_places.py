"""Places of statements: lines and columns, and who copied them there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import lsmc
from lsmc.base.source import Source
from lsmc.modules.selinux.places import Places
from lsmc.modules.selinux.tables.layout import LISTED, NOTHING
from lsmc.modules.selinux.tables.place_words import unpack
from lsmc.modules.selinux.tables.places import PlaceTable
from tests.modules.selinux.policies import PRELUDE, compiled

LINES = st.text(alphabet="ab(\n é", max_size=30)


@given(st.lists(LINES, min_size=1, max_size=4), st.data())
def test_a_place_is_a_line_and_a_column(texts: list[str], data: st.DataObject) -> None:
    sources = [Source.from_bytes(f"f{at}", text.encode()) for at, text in enumerate(texts)]
    starts = [sum(len(one.text) + 1 for one in sources[:at]) for at in range(len(sources))]
    table = PlaceTable(Places(tuple(sources), starts))
    number = data.draw(st.integers(0, len(sources) - 1))
    source = sources[number]
    offset = data.draw(st.integers(0, len(source.text)))
    if "\n" in source.text[offset : offset + 1] or source.text[offset : offset + 1] >= "\x80":
        return
    line, column = divmod(table.one(starts[number] + offset), table.columns)
    want = source.position(offset)
    assert (line - table.first_lines[number] + 1, column) == want


def test_places_of_equal_rules_are_one_list() -> None:
    source = Source.from_bytes("f", b"(a)\n(b)\n(c)\n")
    copies = ((4, 8), (0, 1 << 31))
    table = PlaceTable(Places((source,), [0], copies))
    many = table.number([0, (1 << 31) + 1])
    assert many == table.number((0, (1 << 31) + 1))
    assert many >= LISTED
    words = memoryview(table.lists()).cast("I")
    one, two = unpack(many, words)
    columns = table.columns
    assert one == (1, ())
    assert two == (1, (columns + 1, 2 * columns + 1))
    assert unpack(NOTHING, words) == []
    assert table.number(()) == NOTHING


def test_columns_count_characters() -> None:
    text = "; é (x)\n(type a_t)\n"
    policy = lsmc.compile_text(
        PRELUDE + text + "(allow base_t a_t (file (read))) ; ö\n; ö\n", module="selinux"
    )
    (rule,) = policy.query("base_t", "file:read", "a_t").rules
    assert (rule.column, rule.line) == (1, PRELUDE.count("\n") + 3)


def test_every_place_of_equal_rules_is_told() -> None:
    rule = "(allow base_t a_t (file (read)))"
    policy = compiled(f"(type a_t)\n{rule}\n  {rule}\n")
    found = policy.query("base_t", "file:read", "a_t").rules
    first = PRELUDE.count("\n") + 2
    assert [(one.line, one.column) for one in found] == [(first, 1), (first + 1, 3)]


def test_nested_attributes_are_told_step_by_step() -> None:
    policy = compiled(
        """\
(type a_t) (type b_t)
(typeattribute one_a) (typeattribute two_a) (typeattribute not_a)
(typeattributeset one_a (a_t))
(typeattributeset two_a (one_a))
(typeattributeset not_a (not (b_t)))
(allow two_a not_a (file (read)))
"""
    )
    line = PRELUDE.count("\n")
    (rule,) = policy.query("a_t", "file:read", "base_t").rules
    assert rule.via == (
        f"a_t is in one_a: <text>:{line + 3}",
        f"one_a is in two_a: <text>:{line + 4}",
        f"base_t is in not_a: <text>:{line + 5}",
    )
