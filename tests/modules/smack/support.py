"""Policies of Smack that tests write down or make up."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import strategies as st

from lsmc.base.source import Source
from lsmc.modules.smack.answer import Engine
from lsmc.modules.smack.bundle import pack
from lsmc.modules.smack.labels import LETTERS
from lsmc.modules.smack.read import read

#: Few labels, so that rows meet.
LABELS = ("_", "^", "*", "@", "App", "Sys")
labels = st.sampled_from(LABELS)
words = st.lists(st.sampled_from([*LETTERS, "-", "W", "R"]), max_size=4).map("".join)
accesses = words.map(lambda word: word or "-")
rows = st.tuples(labels, labels, accesses).map(" ".join)
changes = st.tuples(labels, labels, accesses, accesses).map(" ".join)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, str]:
    """The files of a policy by name."""
    some, more = draw(st.lists(rows, max_size=6)), draw(st.lists(changes, max_size=3))
    files = {"accesses": "\n".join(some), "accesses.d/1-change-rule": "\n".join(more)}
    if draw(st.booleans()):
        files["unconfined"] = draw(labels)
    if draw(st.booleans()):
        files["onlycap"] = " ".join(draw(st.lists(labels, min_size=1, max_size=2)))
    return files


def opened(files: Mapping[str, str] | str, *, enforce: bool = False) -> Engine:
    """The engine of some files, in their order, or of a text of rules."""
    named = {"accesses": files} if isinstance(files, str) else files
    sources = [Source.from_bytes(name, text.encode("latin-1")) for name, text in named.items()]
    policy, faults = read(sources)
    assert faults == []
    return Engine(pack(policy), enforce=enforce)
