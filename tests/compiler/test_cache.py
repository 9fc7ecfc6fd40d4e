"""The cache: whatever is kept, the bytes are those of a compilation from nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.cache.entry import CacheEntry, entry_bytes
from lsmc.compiler.cache.store import compile_cached
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build import cached
from lsmc.modules.apparmor.build.cached import compile_paths
from lsmc.modules.apparmor.build.details import read_details
from lsmc.modules.apparmor.build.driver import PreviousBuild, compile_files
from lsmc.modules.apparmor.build.kept import Earlier

NAMES = ("alpha", "beta", "delta", "gamma", "kappa", "omega")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "policy"
    for folder in ("abstractions", "tunables", "local"):
        (root / folder).mkdir(parents=True)
    (root / "tunables/global").write_text("@{bin}=/usr/bin /bin\n")
    (root / "abstractions/common").write_text("/etc/common r,\nptrace peer=@{profile_name},\n")
    for name in NAMES:
        (root / name).write_text(
            f"include <tunables/global>\nprofile {name} @{{bin}}/{name} {{\n"
            f"  include <abstractions/common>\n  include if exists <local/{name}>\n"
            f"  /srv/{name}/** rw,\n  /etc/{name} r,\n}}\n"
        )
    settle(root)
    return root


def settle(root: Path) -> None:
    """Make every file look old, as it is in real life: the cache then trusts its times."""
    past = time.time() - 3600
    for folder, _, files in os.walk(root):
        for file in files:
            os.utime(Path(folder) / file, (past, past))


def cold(root: Path, jobs: int = 1) -> bytes:
    return compile_files([str(root)], Options(str(root)), jobs=jobs).bundle


def warm(root: Path, jobs: int = 1) -> bytes:
    options = Options(str(root))
    return bytes(
        compile_cached(
            [str(root)],
            options,
            jobs=jobs,
            compiler=lambda: compile_paths,
            directory=root.parent / "cache",
        )[0]
    )


def test_jobs_do_not_show(tree: Path) -> None:
    assert cold(tree, 1) == cold(tree, 2) == cold(tree, 3)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("beta", "profile beta { /new r, }\n"),
        ("beta", "profile beta { /new r, }\nprofile epsilon { /e r, }\n"),
        ("abstractions/common", "/etc/other r,\nptrace peer=@{profile_name},\n"),
        ("abstractions/common", "\n/etc/common r,\nptrace peer=@{profile_name},\n"),
        ("tunables/global", "@{bin}=/usr/bin\n"),
        ("local/gamma", "/only/here w,\n"),
        ("zeta", "profile zeta /usr/bin/zeta { /z r, }\n"),
        ("README", "no policy\n"),
    ],
)
def test_an_edit_is_seen(tree: Path, path: str, text: str) -> None:
    before = warm(tree)
    assert warm(tree) == before
    (tree / path).write_text(text)
    after = warm(tree, jobs=2)
    assert after == cold(tree)
    assert (after == before) is (path == "README")
    assert warm(tree) == after


def test_a_file_taken_away(tree: Path) -> None:
    warm(tree)
    (tree / "delta").unlink()
    assert warm(tree) == cold(tree)


def test_a_profile_that_moves_to_another_file(tree: Path) -> None:
    warm(tree)
    (tree / "beta").write_text("profile later { /x r, }\n")
    (tree / "alpha").write_text("profile beta { /y r, }\n")
    assert warm(tree) == cold(tree)


def test_a_name_that_is_given_twice_warns_each_time(tree: Path) -> None:
    options = Options(str(tree))
    warm(tree)
    (tree / "zeta").write_text("profile beta { /z r, }\n")
    for _ in range(3):
        data, warnings = compile_cached(
            [str(tree)], options, compiler=lambda: compile_paths, directory=tree.parent / "cache"
        )
        assert [one.code for one in warnings] == ["LSM207"]
        assert data == cold(tree)


def test_an_error_is_told_and_keeps_nothing_wrong(tree: Path) -> None:
    before = warm(tree)
    good = (tree / "beta").read_text()
    (tree / "beta").write_text("profile beta { /x q, }\n")
    for _ in range(2):
        with pytest.raises(PolicyError):
            warm(tree)
    (tree / "beta").write_text(good)
    assert warm(tree) == before


def test_a_change_that_keeps_size_and_time_is_seen(tree: Path) -> None:
    warm(tree)
    path = tree / "beta"
    stat = path.stat()
    path.write_text(path.read_text().replace("/etc/beta r", "/etc/beta w"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert warm(tree) == cold(tree)


@pytest.mark.parametrize("where", [0, 20, 200, -100, -2000])
def test_a_damaged_entry_is_as_none(tree: Path, where: int) -> None:
    before = warm(tree)
    (entry,) = (tree.parent / "cache").iterdir()
    data = bytearray(entry.read_bytes())
    data[where] ^= 0x55
    entry.write_bytes(data)
    assert warm(tree) == before
    entry.write_bytes(bytes(data[: len(data) // 2]))
    assert warm(tree) == before


def test_a_file_that_changes_after_it_was_looked_at(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an earlier run saw must be what this one sees, or all is compiled again."""
    warm(tree)
    (tree / "beta").write_text((tree / "beta").read_text() + "# changed\n")
    from_entry = cached.from_entry

    def late(earlier: Earlier, stale: set[int]) -> PreviousBuild:
        kept = from_entry(earlier, stale)
        (tree / "abstractions/common").write_text("/etc/late r,\nptrace peer=@{profile_name},\n")
        return kept

    monkeypatch.setattr(cached, "from_entry", late)
    assert warm(tree) == cold(tree)


def test_an_entry_that_is_no_regular_file_is_as_none(tree: Path) -> None:
    """A FIFO is not waited for, a device not read."""
    right = warm(tree)
    (place,) = (tree.parent / "cache").iterdir()
    for make in (os.mkfifo, Path.mkdir, lambda path: path.symlink_to("/dev/zero")):
        place.unlink()
        make(place)
        assert warm(tree) == right
        if place.is_dir():
            place.rmdir()
            assert warm(tree) == right


def test_an_entry_whose_bundle_is_none_is_as_none(tree: Path) -> None:
    """The checksum of the entry is right, what it has kept is not a bundle."""
    right = warm(tree)
    (place,) = (tree.parent / "cache").iterdir()
    entry = CacheEntry(memoryview(place.read_bytes()))
    place.write_bytes(entry_bytes(entry.seen, entry.details(), b"LSMB" + bytes(500)))
    assert warm(tree) == right


def test_an_entry_names_no_features_file_that_was_not_asked_for(tree: Path) -> None:
    """A forged one that names another is as none, and no reason to refuse the policy."""
    warm(tree)
    (place,) = (tree.parent / "cache").iterdir()
    entry = CacheEntry(memoryview(place.read_bytes()))
    details = read_details(entry)
    environments = [
        [layers, aliases, "/nowhere", names] for layers, aliases, _, names in details.environments
    ]
    forged = details._replace(environments=environments)
    place.write_bytes(entry_bytes(entry.seen, forged, bytes(entry.bundle)))
    (tree / "abstractions/common").write_text("/etc/common rw,\nptrace peer=@{profile_name},\n")
    assert warm(tree) == cold(tree)
