"""The cache of `lsmc parser`, and that apparmor_parser uses what it wrote, and the other way."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsmc.modules.apparmor.kernel.policy_cache import features_id
from lsmc.modules.apparmor.kernel.shares import Sharer
from tests.cli.conftest import Run
from tests.modules.apparmor.kernel.reader import read
from tests.modules.apparmor.kernel.test_render import FEATURES, PARSER

POLICY = "abi <abi/x>,\ninclude <tun>\nprofile p { include <one>\n include <inc.d>\n /x r, }\n"
#: All times of a folder of policy, in seconds; what is touched later is newer.
_LONG_AGO, _LATER = 1_000_000_000, 1_500_000_000.25
has_compiler = pytest.mark.skipif(not Path(PARSER).exists(), reason="no apparmor_parser")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder of policy, beside one for caches."""
    folder = tmp_path / "base"
    (folder / "inc.d").mkdir(parents=True)
    (folder / "abi").mkdir()
    (folder / "prof").write_text(POLICY)
    (folder / "tun").write_text("@{A}=/a\n")
    (folder / "one").write_text("/one r,\n")
    (folder / "inc.d/two").write_text("/two r,\n")
    (folder / "abi/x").write_text(FEATURES)
    (tmp_path / "features").write_text(FEATURES)
    _age(folder)
    return folder


def _age(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (_LONG_AGO, _LONG_AGO))


def _options(base: Path) -> tuple[str, ...]:
    places = ("-M", base.parent / "features", "-b", base)
    return ("-Q", "-v", "-k", "--config-file", str(base / "no"), *map(str, places))


@pytest.fixture
def parser(run: Run, base: Path) -> Any:
    """The command, for the file of that folder and the cache beside it."""

    def invoke(*args: str | Path, path: str = "prof", cache: str = "cache") -> Any:
        place = ("-L", base.parent / cache)
        return run("parser", *_options(base), *place, *args, *([base / path] if path else []))

    return invoke


def _theirs(base: Path, *args: str | Path) -> subprocess.CompletedProcess[str]:
    place = ("-L", str(base.parent / "cache"))
    command = [PARSER, *_options(base), *place, *map(str, args), str(base / "prof")]
    command = [word for word in command if word not in ("--config-file", str(base / "no"))]
    return subprocess.run(command, check=True, capture_output=True, text=True)


def _kept(base: Path) -> Path:
    (path,) = (base.parent / "cache").glob("*.0/prof")
    return path


def test_what_is_kept_is_used_until_a_source_is_newer(parser: Any, base: Path) -> None:
    first = parser("-W")
    kept = _kept(base)
    assert first.stderr == f"Cache miss: {base / 'prof'}\nWrote cache: {kept}\n"
    assert first.stdout == 'Addition succeeded for "p".\n'
    assert (kept.parent / ".features").read_text() == FEATURES
    assert kept.stat().st_mtime_ns == _LONG_AGO * 10**9
    again = parser("-W")
    assert again.stderr == f"Cache hit: {kept}\n"
    assert again.stdout == f'Cached load succeeded for "{kept}".\n'
    for name in ("prof", "tun", "one", "inc.d", "inc.d/two", "abi/x"):
        os.utime(base / name, (_LATER, _LATER))
        assert parser("-W").stderr.startswith("Cache miss: ")
        assert kept.stat().st_mtime == _LATER
        assert parser("-W").stderr.startswith("Cache hit: ")
        _age(base)
        os.utime(kept, (_LONG_AGO, _LONG_AGO))


def test_policy_that_did_not_change_is_not_even_read(
    parser: Any, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read for it is kept beside it, where AppArmor's programs pass over it."""
    for _ in range(2):
        assert parser("-W").exit_code == 0
    read: list[str] = []
    asked = Sharer.asked

    def watched(sharer: Sharer, paths: Any) -> Any:
        read.extend(paths)
        return asked(sharer, paths)

    monkeypatch.setattr(Sharer, "asked", watched)
    assert parser("-W").stderr.startswith("Cache hit: ")
    assert read == []
    os.utime(base / "inc.d/two", (_LATER, _LATER))  # the same text
    assert parser("-W").stderr.startswith("Cache miss: ")
    assert read == []
    (base / "inc.d/three").write_text("/three r,\n")
    assert parser("-W").stderr.startswith("Cache miss: ")
    assert read == [str(base / "prof")]
    for path in _kept(base).parent.glob(".lsmc/*"):
        path.write_bytes(path.read_bytes()[:-7])
    assert parser("-W").stderr.startswith("Cache hit: ")


@has_compiler
def test_the_compiler_uses_what_lsmc_wrote(parser: Any, base: Path) -> None:
    parser("-W")
    kept = _kept(base)
    content = kept.read_bytes()
    theirs = _theirs(base, "-W")
    assert theirs.stdout == f'Cached load succeeded for "{kept}".\n'
    assert kept.read_bytes() == content
    os.utime(base / "one", (_LATER, _LATER))
    assert _theirs(base).stdout == 'Addition succeeded for "p".\n'


@has_compiler
@pytest.mark.parametrize("newer", ["prof", "tun", "one", "inc.d", "inc.d/two"])
def test_lsmc_uses_what_the_compiler_wrote(parser: Any, base: Path, newer: str) -> None:
    os.utime(base / newer, (_LATER, _LATER))
    _theirs(base, "-W")
    kept = _kept(base)
    assert kept.stat().st_mtime == _LATER
    assert parser("-W").stderr == f"Cache hit: {kept}\n"
    kept.unlink()
    parser("-W")
    assert kept.stat().st_mtime == _LATER


@has_compiler
def test_features_have_the_name_that_the_library_gives_them(base: Path, run: Run) -> None:
    """Of files of any length, and of a directory."""
    folder = base.parent / "tree"
    (folder / "policy/versions").mkdir(parents=True)
    (folder / "policy/versions/v7").write_text("yes\n")
    (folder / "caps").mkdir()
    (folder / "caps/mask").write_text("chown kill\n")
    (folder / ".hidden").write_text("no\n")
    files = [base.parent / f"f{length}" for length in range(6)]
    for length, path in enumerate(files):
        path.write_text(FEATURES + " " * length)
    for features in (folder, *files):
        args = ("-M", str(features), "-L", "/here,/there", "--print-cache-dir")
        expected = subprocess.run([PARSER, *args], check=True, capture_output=True, text=True)
        assert run("parser", *args).stdout == expected.stdout
    assert features_id(b"") == f"{int(features_id(b''), 16):08x}"


def test_features_of_one_hash_have_directories_of_their_own(parser: Any, base: Path) -> None:
    parser("-W")
    first = _kept(base).parent
    (first / ".features").write_text("others")
    parser("-W")
    assert (base.parent / "cache" / first.name.replace(".0", ".1") / "prof").is_file()
    (first.parent / first.name.replace(".0", ".7")).mkdir()
    (first.parent / first.name.replace(".0", ".7") / ".features").write_text("more")
    shutil.rmtree(first.parent / first.name.replace(".0", ".1"))
    told = parser("--print-cache-dir", path="").stdout
    assert told == f"{base.parent / 'cache'}/{first.name.replace('.0', '.8')}\n"


def test_places_lie_over_each_other(parser: Any, base: Path, run: Run) -> None:
    """The first is written to; what is empty in it hides what the others have."""
    parser("-W", cache="shipped")
    (shipped,) = (base.parent / "shipped").glob("*/prof")
    both = ("-L", f"{base.parent / 'cache'},{base.parent / 'shipped'}")
    assert run("parser", *_options(base), *both, "-W", base / "prof").stderr == (
        f"Cache hit: {shipped}\n"
    )
    assert not list((base.parent / "cache").glob("*/prof"))
    os.utime(base / "one", (_LATER, _LATER))
    run("parser", *_options(base), *both, "-W", base / "prof")
    mine = _kept(base)
    assert run("parser", *_options(base), *both, base / "prof").stderr == f"Cache hit: {mine}\n"
    assert shipped.stat().st_mtime == _LONG_AGO
    mine.write_bytes(b"")
    os.utime(base / "one", (_LONG_AGO, _LONG_AGO))
    assert "Cache miss" in run("parser", *_options(base), *both, base / "prof").stderr
    result = run("parser", *_options(base), "-L", ",", base / "prof")
    assert (result.exit_code, result.stderr) == (1, "lsmc: error: `-L ,`: a directory is wanted\n")
    result = run("parser", *_options(base), "-L", "a,b,c,d,e", base / "prof")
    assert (result.exit_code, result.stderr) == (
        1,
        "lsmc: error: `-L`: 5 places of caches: at most 4 can be used\n",
    )


@pytest.mark.parametrize(
    ("how", "hit", "wrote"),
    [
        ((), True, False),
        (("-T",), False, False),
        (("-T", "-W"), False, True),
        (("-K", "-W"), False, False),
        (("-C", "-W"), False, False),
        (("-n", "ns", "-W"), False, False),
        (("--Werror", "-W"), False, True),
    ],
)
def test_what_is_asked_for(
    parser: Any, base: Path, how: tuple[str, ...], hit: bool, wrote: bool
) -> None:
    parser("-W")
    kept = _kept(base)
    node = kept.stat().st_ino
    assert ("Cache hit" in parser(*how).stderr) == hit
    assert (kept.stat().st_ino != node) == wrote


def test_nothing_is_kept_unasked(parser: Any, base: Path) -> None:
    assert parser().exit_code == 0
    assert not (base.parent / "cache").exists()
    (base / "bad").write_text("profile b { /x zz, }\n")
    assert parser("-W", path="bad").exit_code == 1
    assert not list((base.parent / "cache").glob("*/bad"))
    (base / "force-complain").mkdir()
    (base / "force-complain/prof").symlink_to(base / "prof")
    parser("-W")
    assert not list((base.parent / "cache").glob("*/prof"))


def test_compressed_policy_is_kept_for_kernels_that_unpack_it(
    run: Run, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As apparmor_parser 5.0 does: a version, the level, and six empty bytes before it."""
    pytest.importorskip("zstandard")
    text = FEATURES.replace("policy {", "policy {compressed_load {yes} ")
    (base.parent / "features").write_text(text)
    command = ("parser", *_options(base), "-L", base.parent / "cache", "-W", base / "prof")
    assert "Wrote cache" in run(*command).stderr
    kept = _kept(base)
    content = kept.read_bytes()
    assert content.startswith(b"\x01\x03\0\0\0\0\0\0\x28\xb5\x2f\xfd")
    assert run(*command).stderr == f"Cache hit: {kept}\n"
    assert run("load", "--dry-run", kept).stderr.startswith("would be loaded: p, ")
    for other in (content[:-3], content[:30] + b"x" + content[31:]):
        kept.write_bytes(other)
        assert "Cache miss" in run(*command).stderr
    monkeypatch.setitem(sys.modules, "zstandard", None)
    kept.unlink()
    assert "Wrote cache" in run(*command).stderr
    assert read(kept.read_bytes())
    assert run(*command).stderr == f"Cache hit: {kept}\n"


def test_damaged_and_strange_files_are_made_anew(parser: Any, base: Path) -> None:
    parser("-W")
    kept = _kept(base)
    content = kept.read_bytes()
    others = (content[:-1], b"x" + content, content.replace(b"\x07\x20\x20", b"\x07\x28\x20", 1))
    for other in others:
        kept.write_bytes(other)
        assert parser("-W").stderr.startswith("Cache miss: ")
        assert kept.read_bytes() == content
    (profile,) = read(content)
    assert profile.name == "p"


def test_purging_removes_caches_alone(parser: Any, base: Path) -> None:
    for _ in range(2):
        parser("-W")
    other = base.parent / "cache/other"
    other.mkdir()
    (other / "file").write_text("")
    assert parser("--purge-cache", path="").exit_code == 0
    assert [path.name for path in (base.parent / "cache").iterdir()] == ["other"]
    assert parser("--create-cache-dir").exit_code == 0
    (made,) = (base.parent / "cache").glob("*.0")
    assert [path.name for path in made.iterdir()] == [".features"]


def test_a_place_that_cannot_be_written_to(parser: Any, base: Path) -> None:
    (base.parent / "cache").write_text("a file\n")
    result = parser("-W")
    assert result.exit_code == 0
    assert f"cache `{base.parent / 'cache'}" in result.stderr
    assert result.stdout == 'Addition succeeded for "p".\n'


def test_what_is_no_file_is_no_cache(parser: Any, base: Path) -> None:
    parser("-W")
    kept = _kept(base)
    kept.unlink()
    kept.mkdir()
    result = parser("-W")
    assert (result.exit_code, result.stdout) == (0, 'Addition succeeded for "p".\n')
    assert f"cache `{kept}`: is a directory; it is not kept\n" in result.stderr
    assert not list(kept.parent.glob(".prof-*"))


def test_without_features_there_is_no_cache(run: Run, base: Path) -> None:
    plain = ("parser", "-Q", "-k", "--config-file", base / "no", "-b", base)
    place = ("-L", base.parent / "cache")
    told = run(*plain, *place, "-W", base / "prof").stderr
    if not Path("/sys/kernel/security/apparmor/features").is_dir():
        assert told.startswith("Cache read/write disabled: ")
        result = run(*plain, *place, "--print-cache-dir")
        assert (result.exit_code, "name them with -M" in result.stderr) == (1, True)
