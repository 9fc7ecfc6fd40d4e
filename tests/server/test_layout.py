"""Layout as edits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.formatter import Formatted
from lsmc.server.layout import applied, laid_out, laid_out_between, replacements

LINES = st.lists(st.sampled_from([b"a\n", b"b\n", b"  c\n", b"\n", b"d"])).map(b"".join)


class Stripping:
    """A formatter that takes the blanks from the beginning of each line."""

    whole: frozenset[str] = frozenset()
    other: frozenset[str] = frozenset()

    def read(self, path: str) -> bytes:
        raise OSError(path)

    def format(self, path: str, data: bytes) -> Formatted:
        del path
        if b"!" in data:
            return Formatted(None)
        return Formatted(b"".join(line.lstrip(b" ") for line in data.splitlines(keepends=True)))


class Joined(Stripping):
    """One that changes nothing where any line is as it should be."""

    def format(self, path: str, data: bytes) -> Formatted:
        lines = data.splitlines(keepends=True)
        if any(not line.startswith(b" ") for line in lines):
            return Formatted(data)
        return super().format(path, data)


@given(LINES, LINES)
def test_the_replacements_make_the_one_text_of_the_other(old: bytes, new: bytes) -> None:
    assert applied(old, replacements(old, new)) == new


def test_only_the_lines_of_a_range_are_laid_out() -> None:
    text = b"  a\nb\n  c\n"
    changes = laid_out_between(Stripping(), "x", text, 6, 9)
    assert applied(text, changes) == b"  a\nb\nc\n"


def test_a_range_stays_where_the_rest_would_have_to_change_as_well() -> None:
    text = b"  a\n  b\n"
    assert laid_out(Joined(), "x", text)
    assert laid_out_between(Joined(), "x", b"  a\n  b\n", 0, 0) == []


def test_a_text_with_errors_stays() -> None:
    assert laid_out(Stripping(), "x", b"  !\n") == []
