"""Tables of permissions, numbers of 32 bits and compression, as later kernels read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.base.source import Source
from lsmc.modules.apparmor.kernel.permissions import file_entries, other_entry
from lsmc.modules.apparmor.kernel.target import Format, format_for
from lsmc.modules.apparmor.resolve.features import Features, parse_features
from tests.cli.conftest import Run, run
from tests.modules.apparmor.kernel.reader import Automaton, Profile, read
from tests.modules.apparmor.kernel.test_render import FEATURES, POLICY, _ours

__all__ = ["run"]

#: What of an entry is not 0, by the names of the kernel's structure.
_FIELDS = "reserved allow deny subtree cond kill complain prompt audit quiet hide xindex tag label"
_FILE_BITS, _LOGS = 0x7F, 0x1FC07F


def _features(tables: int, wide: bool = False) -> str:
    policy = f"policy {{permstable32_version {{0x{tables:06x}}} "
    policy += "state32 {0x000001} " if wide else ""
    return FEATURES.replace("policy {", policy)


def _written(folder: Path, text: str, features: str) -> list[Profile]:
    (folder / "p").write_text(text)
    (folder / "features").write_text(features)
    return list(read(_ours([folder / "p"], folder / "features")))


def _shown(entry: tuple[int, ...]) -> dict[str, int]:
    named = zip(_FIELDS.split(), entry, strict=True)
    return {name: value for name, value in named if value}


def test_what_features_call_for() -> None:
    def form(text: str) -> Format:
        features, faults = parse_features(Source("f", text))
        assert not faults
        return format_for(features)

    assert form("policy {versions {v7 {yes}}}") == Format(7, 0, False)
    assert form(_features(1)).tables == 0  # such a kernel reads them wrongly
    assert form(_features(2)).tables == 2
    assert form(_features(3, wide=True)) == Format(7, 3, True, steps=True)
    assert form(_features(9)).tables == 3
    assert form("policy {permstable32_version {what} versions {v6 {yes}}}") == Format(6, 0, False)
    assert format_for(Features(frozenset())) == Format(5, 0, False)


@pytest.mark.parametrize("version", [2, 3])
def test_entries_say_what_rules_do(tmp_path: Path, version: int) -> None:
    """By the kernel's own numbers (include/perms.h, include/file.h)."""
    text = """profile a {
      /r r, owner /w w, audit /x ix, /p px -> q, /c Cx, /u ux, deny /d r, change_profile -> b,
      signal send, deny signal receive,
    }"""
    (profile,) = _written(tmp_path, text, _features(version))
    files, other = profile.files, profile.other
    assert files is not None
    assert other is not None

    def of(path: str) -> list[dict[str, int]]:
        return [_shown(entry) for entry in files.entries(files.match(path.encode()))]

    changes = 0x20000000  # a change of profile at any execution
    assert of("/r") == [{"allow": 0x244 | changes}] * 2
    assert of("/w") == [{"allow": 0x337A | changes}, {"allow": 0x200 | changes}]
    assert of("/x") == [{"allow": 0x10201 | changes, "audit": 0x01, "xindex": 0x40000000}] * 2
    assert of("/p") == [{"allow": 0x201 | changes, "xindex": 0x18000000}] * 2
    assert of("/c") == [{"allow": 0x201 | changes, "xindex": 0x24000000}] * 2
    assert of("/u") == [{"allow": 0x201 | changes, "xindex": 0x90000000}] * 2
    assert of("/d") == [{"allow": 0x200 | changes, "quiet": 0x244}] * 2
    assert of("b") == [{"allow": 0x60000200}] * 2
    assert of("nothing") == [{"allow": 0x200}] * 2
    found = [_shown(entry) for entry in other.entries(other.match(b"\x0a\x01q"))]
    assert found == [{"allow": 0x8002, "quiet": 0x04}] * 2


@pytest.mark.parametrize("version", [2, 3])
def test_prompts(tmp_path: Path, version: int) -> None:
    """Asked is what no rule allows or denies (as 4.1.0 writes it, but for changes of profile)."""
    text = """profile a {
      prompt /a r, prompt owner /b w, /c r, prompt /c rw, deny /d r, prompt /d r, prompt /e px,
      prompt link /l -> /m, prompt change_profile -> z, prompt signal send peer=x,
    }"""
    (profile,) = _written(tmp_path, text, _features(version))
    files, other = profile.files, profile.other
    assert files is not None
    assert other is not None
    for path, owner, others in (
        ("/a", 0x44, 0x44),
        ("/b", 0x317A, 0),
        ("/c", 0x313A, 0x313A),
        ("/d", 0, 0),
        ("/e", 0x01, 0x01),
        ("/l\0/m", 0x40000, 0x40000),
        ("z", 0x60000000, 0x60000000),
    ):
        found = [_shown(one) for one in files.entries(files.match(path.encode()))]
        assert [one.get("prompt", 0) for one in found] == [owner, others], path
    found = [_shown(entry) for entry in other.entries(other.match(b"\x0a\x01x"))]
    assert found == [{"allow": 0x8000, "prompt": 0x02}] * 2


@pytest.mark.parametrize("name", POLICY)
def test_all_forms_decide_alike(tmp_path: Path, name: str) -> None:
    """Words, tables of pairs, and tables with flags: a walk of all states together."""
    forms = [_written(tmp_path, POLICY[name], _features(version)) for version in (1, 2, 3)]
    for words, *tables in zip(*forms, strict=True):
        assert words.files is None or not words.files.permissions
        for table in tables:
            assert table.fields == words.fields
            _same(words.files, table.files, True)
            _same(words.other, table.other, False)
            assert (words.attach is None) == (table.attach is None)


def _same(words: Automaton | None, table: Automaton | None, files: bool) -> None:
    assert (words is None) == (table is None)
    if words is None or table is None:
        return
    assert table.permissions
    seen = {(1, 1)}
    todo = [(1, 1)]
    for one, other in todo:
        entries = (
            file_entries(*words.words(one)) if files else (other_entry(*words.words(one)),) * 2
        )
        assert table.entries(other) == entries
        for byte in range(256):
            pair = words.step(one, byte), table.step(other, byte)
            if pair not in seen:
                seen.add(pair)
                todo.append(pair)


def test_equal_entries_stand_once(tmp_path: Path) -> None:
    """However many states a profile has: the format has room for 65,535 entries."""
    text = f"profile a {{ /{'x' * 200} r, owner /y w, }}"
    (profile,) = _written(tmp_path, text, _features(3))
    assert profile.files is not None
    assert len(profile.files.tables[1]) > 200
    assert len(profile.files.permissions) == 4  # nothing, reading, and writing by owner and others


def test_more_states_than_16_bits_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsmc.modules.apparmor.kernel.blob.MAX_STATES", 5)
    text = "profile big { /a/b/c/d r, /e[^f]* w, }"
    with pytest.raises(PolicyError, match="profile `big` needs more than 5 states"):
        _written(tmp_path, text, _features(3))
    (wide,) = _written(tmp_path, text, _features(3, wide=True))
    (words,) = _written(tmp_path, text, _features(0, wide=True))
    monkeypatch.undo()
    (narrow,) = _written(tmp_path, text, _features(3))
    assert wide.files is not None
    assert narrow.files is not None
    assert words.files is not None
    assert wide.files.tables == narrow.files.tables
    assert wide.files.permissions == narrow.files.permissions
    assert words.files.tables[8] == narrow.files.tables[8]


def test_compressed_policy_is_loaded(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zstandard: Any = pytest.importorskip("zstandard")
    (tmp_path / "p").write_text(POLICY["files"])
    (tmp_path / "features").write_text(FEATURES)
    how = ("compile", "--format", "kernel", "--features", tmp_path / "features", tmp_path / "p")
    for name in ("plain", "packed.zst"):
        assert run(*how, "-o", tmp_path / name).exit_code == 0
    plain, packed = ((tmp_path / name).read_bytes() for name in ("plain", "packed.zst"))
    assert len(packed) < len(plain) // 2
    assert zstandard.ZstdDecompressor().decompress(packed) == plain
    told = [run("load", "--dry-run", tmp_path / name).stderr for name in ("plain", "packed.zst")]
    assert told[0] == told[1] == f"would be loaded: a, {len(plain)} bytes\n"
    (tmp_path / "packed.zst").write_bytes(packed[:-9])
    assert "damaged" in run("load", "--dry-run", tmp_path / "packed.zst").stderr
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    result = run("load", "--dry-run", tmp_path / "packed.zst")
    assert (result.exit_code, "pip install 'lsmc[zstd]'" in result.stderr) == (2, True)
