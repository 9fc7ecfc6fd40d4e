"""Columns of text: padded, left out and wrapped."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsmc.output.styled import plain
from lsmc.output.table import columns

HEADS = ("name", "size", "remark")
ROWS = (("nginx", "12", "serves pages of the house"), ("sshd", "7", "lets people in"))


def test_a_table_as_wide_as_its_texts() -> None:
    assert plain(columns(HEADS, ROWS, frozenset((1,)))) == (
        "name   size  remark\nnginx    12  serves pages of the house\nsshd      7  lets people in\n"
    )


def test_a_column_that_can_be_spared_is_left_out_before_text_is_wrapped() -> None:
    assert plain(columns(HEADS, ROWS, width=30, spare=(1,))) == (
        "name   remark\nnginx  serves pages of the\n       house\nsshd   lets people in\n"
    )


def test_nothing_is_left_out_of_what_fits() -> None:
    assert plain(columns(HEADS, ROWS, width=38, spare=(1,))) == plain(columns(HEADS, ROWS))


def test_roles_stay_with_their_cells() -> None:
    assert list(columns(("", ""), [(("LSM101", "code"), "text")])) == [
        (("LSM101", "code"), ("  ", ""), ("text", ""))
    ]


@given(st.lists(st.tuples(*[st.text("ab ", max_size=30)] * 3), min_size=1), st.integers(28, 90))
def test_no_line_is_longer_than_the_screen(rows: list[tuple[str, ...]], width: int) -> None:
    assert all(len(row) <= width for row in plain(columns(HEADS, rows, width=width)).split("\n"))


def test_on_a_narrow_screen_words_are_not_broken_and_rows_are_lists() -> None:
    rows = (("a-long-name", "12", "some/longer/path/of/it and words"), ("b", "7", ""))
    assert plain(columns(HEADS, rows, frozenset((1,)), width=24)) == (
        "name: a-long-name\nsize: 12\nremark: some/longer/\n    path/of/it and\n    words\n"
        "\nname: b\nsize: 7\n"
    )
    assert plain(columns(("", ""), (("open", "reads or writes"),), width=10)) == (
        "open\n  reads or\n    writes\n"
    )
