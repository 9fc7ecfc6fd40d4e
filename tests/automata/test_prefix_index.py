"""Things found by what a text begins with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lsmc.automata.prefix_index import Prefixes

TEXTS = st.lists(st.sampled_from((b"a", b"b")), max_size=5).map(b"".join)


@given(st.lists(TEXTS, max_size=8), TEXTS)
def test_found_is_what_a_text_begins_with_short_ones_first(heads: list[bytes], text: bytes) -> None:
    index: Prefixes[int] = Prefixes()
    for number, head in enumerate(heads):
        index.add(head, number)
    expected = sorted(
        (number for number, head in enumerate(heads) if text.startswith(head)),
        key=lambda number: len(heads[number]),
    )
    assert list(index.of(text)) == expected
