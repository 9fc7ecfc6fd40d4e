"""Regular expressions of file contexts: a text is the expression, then paths, one a line."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from lsmc.base.text import decode
from lsmc.modules.selinux.filecon.labels import FileLabels, order
from lsmc.modules.selinux.filecon.regex import BadExpression, Expression
from tests.fuzz.target import Target, words

SAMPLES = (
    "/usr/(.*/)?bin(/.*)?\n/usr/x/bin/y",
    r"/a?quota\.(user|group)" + "\n/quota.user",
    "/dev/[0-3][a-z]{2,4}|/x\n/dev/0abc\n/dev/y/x",
    r"/[[:alpha:]]+\d*[^/-]+?$" + "\n/a-",
    "/(a|aa)*(b*)*\n/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac",
)
WORDS = words("( ) [ ] [^ (?: * + ? {1,2} {3} {,4} | . ^ $ \\d \\. \\x41 [:alpha:] a /b /usr/ - ,")


def seeds() -> Iterable[bytes]:
    """Expressions with paths."""
    return (text.encode() for text in SAMPLES)


def run(data: bytes) -> None:
    """An expression is refused with a place in it, or matches or not."""
    text, *paths = decode(data).split("\n")
    order(text, "any")
    with suppress(BadExpression):
        Expression(text)
    labels = FileLabels([("/.*", "any"), (text, "file")])
    for path in paths:
        labels.find(path.encode("utf-8", "surrogateescape"))


TARGET = Target("filecon", run, seeds, WORDS, longest=512)
