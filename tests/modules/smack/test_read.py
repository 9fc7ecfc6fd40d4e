"""Rows as smackfs reads them, and what the kernel refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lsmc
from lsmc.base.source import Source
from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.smack.files import find_files, kind_of
from lsmc.modules.smack.labels import letters
from lsmc.modules.smack.read import read, rules_of
from lsmc.modules.smack.syntax import PAGE, rows


def _pairs(**files: str) -> dict[str, str]:
    """The access of each pair of some files, of which `_` in a name stands for `-`."""
    named = {name.replace("_", "-"): text for name, text in files.items()}
    policy, faults = read(
        [Source.from_bytes(name, text.encode("latin-1")) for name, text in named.items()]
    )
    assert faults == []
    return {" ".join(pair): letters(found.access) for pair, found in policy.pairs.items()}


def test_lines_mean_nothing() -> None:
    assert _pairs(a="App S1\nr App\tS2\v w") == {"App S1": "r", "App S2": "w"}
    assert _pairs(a="# comment here") == {"# comment": "-"}
    assert _pairs(a="App\xa0S1\xa0r") == {"App S1": "r"}
    assert _pairs(a="") == {}


def test_the_last_row_of_a_pair_counts() -> None:
    assert _pairs(a="App S r\nApp S w\nApp T rx\nApp T -") == {"App S": "w", "App T": "-"}


def test_changes_set_and_then_clear() -> None:
    changed = _pairs(a="App S1 r\nApp S2 rwxa", change_rule="App S1 w r App S2 - x App S4 rw w")
    assert changed == {"App S1": "w", "App S2": "rwa", "App S4": "r"}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("App S1", (1, 1), "a row ends too early: subject `App`, object `S1`, but no access"),
        ("App S1 r\nApp", (2, 1), "a row ends too early: subject `App`, but no object"),
        ("App S1 r\n-x S3 r\nApp S4 r", (2, 1), "a label does not begin with `-`"),
        ("App / r", (1, 5), "a label has at least one character that is allowed in it"),
        ("App " + "O" * 300 + " r", (1, 5), "a label has at most 255 bytes, this one 300"),
        (" \n", (1, 1), "no row: the kernel refuses a text of spaces alone"),
        ("App S r\0-x", (1, 8), "the kernel reads no further than this NUL byte"),
        ("App S r" + " " * PAGE, (1, 1), "a line of more than 4095 bytes"),
    ],
)
def test_what_the_kernel_refuses(text: str, place: tuple[int, int], message: str) -> None:
    _, faults = rules_of(Source("a", text), change=False)
    (fault,) = faults
    assert (fault.line, fault.column) == place
    assert fault.message.startswith(message)
    assert fault.help


def test_a_row_does_not_go_on_behind_a_page() -> None:
    """A write ends behind the last line end of a page, and a row within the write."""
    row = "App S r\n"
    filled = row * (PAGE // len(row))
    assert rules_of(Source("a", filled + row), change=False)[1] == []
    assert len("App S\n") < PAGE - len(filled) < len(row)
    _, faults = rules_of(Source("a", f"{filled}App S\nr\n"), change=False)
    assert [(one.name, one.line) for one in faults] == [("incomplete-row", 512)]
    assert rules_of(Source("a", f"{filled}App S r"), change=False)[1] == []
    moved = f"{filled[: -len(row)]}App S\nr\n{row}"
    assert rules_of(Source("a", moved), change=False)[1] == []


@given(st.binary(max_size=60))
def test_any_bytes_are_rows_or_faults(data: bytes) -> None:
    source = Source.from_bytes("a", data)
    for changes, width in ((False, 3), (True, 4)):
        found, faults = rows(source, changes)
        assert all(len(row.words) == width for row in found)
        assert len(faults) <= 1
        assert faults or not data or found


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("x.smack", "accesses"),
        ("/etc/smack/accesses", "accesses"),
        ("/etc/smack/accesses.d/10-app", "accesses"),
        ("/etc/smack/accesses.d/10-change-rule", "change-rule"),
        ("/etc/smack/onlycap", "onlycap"),
        ("/etc/smack/unconfined", "unconfined"),
        ("/etc/smack/cipso.d/lab", "cipso"),
        ("/etc/smack/netlabel", "netlabel"),
    ],
)
def test_kinds_of_files(path: str, kind: str) -> None:
    assert kind_of(path) == kind


def test_the_order_of_files(tmp_path: Path) -> None:
    (tmp_path / "accesses.d").mkdir()
    for name in ("accesses.d/b", "accesses.d/a", "accesses", "onlycap", "z.smack", "README.md"):
        (tmp_path / name).write_text("App S r\n")
    found, missing = find_files([tmp_path, tmp_path / "gone"], DiskFiles())
    names = [Path(path).relative_to(tmp_path).as_posix() for path in found]
    assert names == ["accesses", "z.smack", "accesses.d/a", "accesses.d/b", "onlycap"]
    assert missing == [str(tmp_path / "gone")]
    assert lsmc.compile(tmp_path).module.name == "smack"
    assert lsmc.compile(tmp_path / "accesses.d").module.name == "smack"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("onlycap", "App -x", "a label does not begin with `-`"),
        ("cipso", "App 256", "`256` is not a level of CIPSO"),
        ("cipso", "App 1 185", "`185` is not a category of CIPSO"),
        ("cipso", "App", "the level is missing"),
        ("cipso", "-x 1", "a label does not begin with `-`"),
        ("netlabel", "10.0.0 App", "`10.0.0` is not an address of 4 numbers"),
        ("netlabel", "10.0.0.256 App", "`256` is not a number of an address"),
        ("netlabel", "10.0.0.0/33 App", "`33` is not a number of bits from 0 to 32"),
        ("netlabel", "::1 App", "`::1` is not an address of 8 numbers; `::` does not stand for"),
        ("netlabel", "10.0.0.0/8", "the label is missing"),
        ("netlabel", "10.0.0.0/8 -x", "a label does not begin with `-`"),
    ],
)
def test_values_that_the_kernel_refuses(name: str, text: str, message: str) -> None:
    _, faults = read([Source(name, text)])
    assert [fault.message[: len(message)] for fault in faults] == [message]


def test_values() -> None:
    texts = {
        "onlycap": "System Admin\nLost",
        "unconfined": "App\nLost",
        "cipso": "App 250 1 184\n",
        "netlabel": "10.0.0.0/8 App\n10.0.0.1 -CIPSO\n1:2:3:4:5:6:7:8/128 App\n",
    }
    policy, faults = read([Source(name, text) for name, text in texts.items()])
    assert faults == []
    assert [one.label for one in policy.onlycap] == ["System", "Admin"]
    assert policy.unconfined is not None
    assert policy.unconfined.label == "App"
    assert policy.outside == {"cipso": 1, "netlabel": 2}
    assert read([Source("unconfined", "-")])[0].unconfined is None
    assert read([Source("onlycap", "-")])[0].onlycap == ()
