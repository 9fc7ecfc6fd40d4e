"""The keys that a kernel can ask about."""

from __future__ import annotations

import pytest

from lsmc.automata.algebra import Lazy
from lsmc.automata.pattern import NOT_NUL, Literal, Pattern, Star, concat, union
from lsmc.checker.real import is_real_key, real_member
from lsmc.ir.classes import BY_NAME


@pytest.mark.parametrize(
    ("cls", "key", "real"),
    [
        ("file", b"/", True),
        ("file", b"/a/..b/", True),
        ("file", b"/a//b", False),
        ("file", b"a", False),
        ("link", b"/a\0/b", True),
        ("link", b"/a\0/./b", False),
        ("link", b"/a", False),
        ("capability", b"chown", True),
        ("capability", b"a", False),
        ("signal", b"rtmin+32\0a", True),
        ("signal", b"rtmin+33\0a", False),
        ("signal", b"term\0", False),
        ("network", b"inet\0stream" + 8 * b"\0", True),
        ("network", b"inet\0" + 8 * b"\0", False),
        ("unix", b"stream\0\0\0", True),
        ("unix", b"\0\0\0", False),
        ("mount", b"/mnt/\0\0\0", True),
        ("mount", b"\0\0\0", False),
        ("change_profile", b"", False),
        ("userns", b"", True),
    ],
)
def test_keys(cls: str, key: bytes, real: bool) -> None:
    one = BY_NAME[cls]
    assert is_real_key(one, key) == real
    whole = Literal(bytes((one.code, *key)))
    assert real_member(one, (Lazy(whole),)) == (key if real else None)


@pytest.mark.parametrize(
    ("cls", "patterns", "found"),
    [
        ("capability", (Star(NOT_NUL),), b"bpf"),
        ("file", (concat((Literal(b"/."), Star(NOT_NUL))),), b"/.a"),
        ("file", (union((Literal(b"/."), Literal(b"//"))),), None),
        ("file", (concat((Star(NOT_NUL), Literal(b"/."))), Star(NOT_NUL)), None),
        (
            "file",
            (concat((Literal(b"/a"), Star(NOT_NUL))), concat((Star(NOT_NUL), Literal(b"/")))),
            b"/a/",
        ),
    ],
)
def test_the_shortest(cls: str, patterns: tuple[Pattern, ...], found: bytes | None) -> None:
    one = BY_NAME[cls]
    code = Literal(bytes((one.code,)))
    assert real_member(one, [Lazy(concat((code, pattern))) for pattern in patterns]) == found
