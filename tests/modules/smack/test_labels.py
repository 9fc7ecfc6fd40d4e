"""Labels are cut as the kernel cuts them, and letters are read as far as they are letters."""

from __future__ import annotations

import pytest

from lsmc.modules.smack.labels import LETTERS, letters, read_access, read_label


@pytest.mark.parametrize(
    ("word", "name", "cut"),
    [
        ("App", "App", ""),
        ("System::Shared", "System::Shared", ""),
        ("a" * 255, "a" * 255, ""),
        ("Ap/p", "Ap", "/"),
        ("Ap\\p", "Ap", "\\"),
        ("Ap'p", "Ap", "'"),
        ('Ap"p', "Ap", '"'),
        ("Ap\xe9", "Ap", "\xe9"),
        ("Ap\x7f", "Ap", "\x7f"),
        ("?", "?", ""),
        ("App-", "App-", ""),
    ],
)
def test_a_label_is_cut(word: str, name: str, cut: str) -> None:
    found = read_label(word)
    assert (found.name, found.cut, found.refused) == (name, cut, "")


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("-App", "does not begin with `-`"),
        ("/App", "at least one character"),
        ("\xe9", "at least one character"),
        ("", "at least one character"),
        ("a" * 256, "at most 255 bytes, this one 256"),
    ],
)
def test_a_label_is_refused(word: str, reason: str) -> None:
    assert reason in read_label(word).refused


@pytest.mark.parametrize(
    ("word", "shown", "ignored"),
    [
        ("rwx", "rwx", ""),
        ("xwr", "rwx", ""),
        ("RwX", "rwx", ""),
        ("r-x", "rx", ""),
        ("-", "-", ""),
        ("rr", "r", ""),
        ("r,w", "r", ",w"),
        ("q", "-", "q"),
        ("rwxatlb", LETTERS, ""),
    ],
)
def test_letters(word: str, shown: str, ignored: str) -> None:
    found = read_access(word)
    assert (letters(found.bits), found.ignored) == (shown, ignored)
