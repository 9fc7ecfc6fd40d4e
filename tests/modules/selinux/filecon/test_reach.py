"""File contexts that label no path: held against all short paths."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.filecon.labels import KINDS, FileLabels, clean, order
from lsmc.modules.selinux.filecon.reach import unreached

_PIECE = st.sampled_from(["a", "b", "/", "/a", "(/.*)?", "[^/]+", ".*", "(a|b)", "a?", "/b"])
_ENTRY = st.tuples(
    st.lists(_PIECE, max_size=4).map(lambda parts: "/" + "".join(parts)),
    st.sampled_from(("any", "any", "file", "dir")),
)
PATHS = sorted(
    {clean(b"/" + bytes(tail)) for size in range(5) for tail in product(b"ab/q", repeat=size)}
)


@given(st.lists(_ENTRY, min_size=1, max_size=5, unique=True))
def test_exact(entries: list[tuple[str, str]]) -> None:
    """What is found labels none of the paths; what labels one is not found."""
    labels = FileLabels(sorted(entries, key=lambda one: order(*one)))
    used = {labels.find(path, kind) for path in PATHS for kind in KINDS if kind != "any"}
    for number in range(len(entries)):
        proof = unreached(labels, number)
        if proof is not None:
            assert number not in used
            assert all(by > number for by in proof.by)
            winner = labels.find(proof.path, _kind(labels, number))
            assert winner in proof.by or not proof.by


def _kind(labels: FileLabels, number: int) -> str:
    own = labels.entries[number][1]
    return "file" if own == "any" else own


def test_found() -> None:
    """Several statements together hide one; one that is for another kind of file does not."""
    hidden = [("/e/(a|b)/x", "file"), ("/e/a(/.*)?", "any"), ("/e/b(/.*)?", "any")]
    labels = FileLabels(sorted(hidden, key=lambda one: order(*one)))
    proof = unreached(labels, 0)
    assert proof is not None
    assert set(proof.by) == {1, 2}
    other = [hidden[0], ("/e/a(/.*)?", "any"), ("/e/b(/.*)?", "dir")]
    assert unreached(FileLabels(sorted(other, key=lambda one: order(*one))), 0) is None
    for odd in ("/a/", "/a//b", "/a/(b/)+"):  # no path is looked up so
        proof = unreached(FileLabels([(odd, "any")]), 0)
        assert proof is not None
        assert proof.by == ()
    assert unreached(FileLabels([("/a", "file"), ("/a", "file")]), 0) is not None
    assert unreached(FileLabels([("HOME_DIR/x", "any")]), 0) is None  # a template for users
