"""Which of many file contexts labels a path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsmc.modules.selinux.filecon.labels import FileLabels, clean, literal_prefix, order

LINES = [
    ("/.*", "any"),
    ("/a/.*", "any"),
    ("/a/[^/]+", "dir"),
    ("/a/b.*", "any"),
    ("/a/b", "file"),
    ("/a/b", "dir"),
    ("/a/b/c", "any"),
]


def test_order() -> None:
    """The order in which secilc writes statements."""
    assert sorted(LINES[3:] + LINES[:3], key=lambda line: order(*line)) == LINES


@pytest.mark.parametrize(
    ("path", "kind", "number"),
    [
        (b"/x", None, 0),
        (b"/a/x", "file", 1),
        (b"/a/x", "dir", 2),
        (b"/a/x", None, 2),
        (b"/a/b", "file", 4),
        (b"/a/b", "any", 5),
        (b"/a/b", "socket", 3),
        (b"//a///b/c//", "socket", 6),
        (b"a", None, None),
        (b"", None, None),
    ],
)
def test_last_match(path: bytes, kind: str | None, number: int | None) -> None:
    """The last line counts that matches the path and the kind of file."""
    assert FileLabels(LINES).find(path, kind) == number


def test_what_cannot_be_matched_labels_nothing() -> None:
    """An expression that is refused is passed over."""
    labels = FileLabels([("/a", "any"), ("/a(?=b)?", "any")])
    assert labels.expression("/a(?=b)?") is None
    assert labels.find(b"/a") == 0


@pytest.mark.parametrize(
    ("text", "prefix"),
    [
        (r"/a\.b/c.*", b"/a.b/c"),
        ("/ab?c", b"/a"),
        ("/ab+c", b"/ab"),
        ("/a(b|c)", b"/a"),
        ("/a|/b", b""),
        ("/a[|]b", b"/a"),
        (r"/a\dx", b"/a"),
        ("/é*x", b"/"),
    ],
)
def test_literal_prefix(text: str, prefix: bytes) -> None:
    """What is the same for all paths of an expression."""
    assert literal_prefix(text) == prefix


_TEXT = st.text("/ab.*?|()[]\\", max_size=6).map(lambda text: "/" + text)


@given(st.lists(_TEXT, max_size=8), st.lists(st.text("/ab.", max_size=5), max_size=8))
def test_index(texts: list[str], paths: list[str]) -> None:
    """What is passed over because of its beginning does not match."""
    labels = FileLabels([(text, "any") for text in texts])
    ready = [labels.expression(text) for text in texts]
    for path in paths:
        key = clean(path.encode())
        every = [n for n, one in enumerate(ready) if one is not None and one.matches(key)]
        assert list(labels.matching(path.encode())) == every[::-1]
