"""The keys that a kernel can ask about."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

import lsmc
from lsmc.analysis.objects import real_member
from lsmc.automata.algebra import Lazy
from lsmc.automata.common import member
from lsmc.automata.paths import FILES, PATHS
from lsmc.automata.pattern import NOT_NUL, Literal, Pattern, Star, concat, union
from lsmc.ir.mediation import MediationClass
from lsmc.kernels.walk import is_real_path
from lsmc.modules.apparmor.analysis.kernel_objects import is_requestable
from lsmc.modules.apparmor.analysis.semantics import SEMANTICS
from lsmc.modules.apparmor.classes import BY_NAME, CLASSES


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
        ("unix", b"stream\0@\0none\0", True),
        ("unix", b"stream\0@\xff\xfe\xff\xff\0none\0", True),
        ("unix", b"stream\0@\xff\0none\0", False),
        ("unix", b"stream\0/run/s\0none\0", False),
        ("unix", b"stream\0\0\0", False),
        ("unix", b"\0\0\0", False),
        ("mount", b"/mnt/\0\0\0", True),
        ("mount", b"\0\0\0", False),
        ("change_profile", b"", False),
        ("userns", b"", True),
    ],
)
def test_keys(cls: str, key: bytes, real: bool) -> None:
    one = BY_NAME[cls]
    assert is_requestable(one, key) == real
    whole = Literal(bytes((one.code, *key)))
    assert real_member(SEMANTICS, one, (Lazy(whole),)) == (key if real else None)


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
    assert (
        real_member(SEMANTICS, one, [Lazy(concat((code, pattern))) for pattern in patterns])
        == found
    )


def test_one_language_of_paths() -> None:
    """The automata and the expression agree on every short path."""
    for size in range(6):
        for letters in itertools.product("/.a", repeat=size):
            path = "".join(letters).encode()
            assert member(PATHS, path) == is_real_path(path), path
            assert member(FILES, path) == (is_real_path(path) and not path.endswith(b"/")), path


def test_attachments_do_not_race_for_a_path_that_cannot_exist(tmp_path: Path) -> None:
    """`.` and `..` are names of no file; other names with dots are."""

    def race(one: str, other: str) -> list[lsmc.Diagnostic]:
        file = tmp_path / "p"
        file.write_text(f"profile a {one} {{ }}\nprofile b {other} {{ }}\n")
        return lsmc.check(file, base=tmp_path, select=["LSM205", "LSM223"])

    assert race("/x/[.]{,.}", "/x/{,.}[.]") == []
    assert race("/x/[.]{,.}/a", "/x/{,.}[.]/a") == []
    (finding,) = race("/x/[.]*", "/x/*[.]")
    assert "`/x/.a.`" in finding.message


@pytest.mark.parametrize("cls", CLASSES, ids=[cls.name for cls in CLASSES])
def test_a_real_object_can_be_asked_about(cls: MediationClass) -> None:
    """What findings and differences show as an example is a request that is answered."""
    policy = lsmc.compile_text("profile p { }")
    key = real_member(SEMANTICS, cls, ())
    assert key is not None
    for perms in (cls.permissions, cls.permissions[:1]):
        policy.answer(SEMANTICS.request_of("p", cls, key, True, perms))
