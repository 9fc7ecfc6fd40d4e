"""Whatever stands in a file, each question has an answer."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.modules.apparmor.editing.editing import EDITING
from lsmc.modules.editing import Refusal
from tests.modules.apparmor.editing.tree import TEXTS, snap

PIECES = st.sampled_from(
    [
        *(
            "{",
            "}",
            "(",
            ")",
            ",",
            "\n",
            '"',
            "#",
            "@{",
            "@{HOME}",
            "->",
            "<",
            ">",
            "\0",
            "\\",
            "ä",
        ),
        *("profile x ", "include <", "flags=(", "signal set=(", " rwPx", "hat ", "^", "if ", "$B"),
    ]
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(sorted(name for name in TEXTS if name != "abi/4.0")),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES), max_size=4),
    st.floats(0, 1),
)
def test_every_question_has_an_answer(
    path: str, edits: list[tuple[float, int, str]], where: float
) -> None:
    text = TEXTS[path]
    for place, length, piece in edits:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + length :]
    found = snap(path, **{path: text})
    offset = int(where * len(found.source.text))
    for ask in (EDITING.hover, EDITING.complete, EDITING.definitions, EDITING.occurrences):
        assert ask is not None
        ask(found, offset)
    for tell in (EDITING.symbols, EDITING.links, EDITING.lenses, EDITING.tokens, EDITING.scope):
        assert tell is not None
        tell(found)
    assert EDITING.hints is not None
    EDITING.hints(found, 0, len(text))
    assert EDITING.renamed is not None
    with suppress(Refusal):
        EDITING.renamed(found, offset, "new")
    assert EDITING.callees is not None
    assert EDITING.incoming is not None
    assert EDITING.outgoing is not None
    for symbol in EDITING.callees(found, offset):
        EDITING.incoming(found, symbol.name)
        EDITING.outgoing(found, symbol.name)
