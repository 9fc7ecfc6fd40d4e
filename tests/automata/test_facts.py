"""Finding what may meet by how it begins: as a look at every pair would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsmc.automata.facts import PrefixIndex, may_meet

_texts = st.lists(st.text("ab/", max_size=4).map(str.encode), min_size=1, max_size=2).map(tuple)


@given(st.lists(_texts, max_size=8), _texts)
def test_what_may_meet_is_found(things: list[tuple[bytes, ...]], starts: tuple[bytes, ...]) -> None:
    found = PrefixIndex(enumerate(things)).meeting(starts)
    assert list(found) == [n for n, heads in enumerate(things) if may_meet(heads, starts)]
