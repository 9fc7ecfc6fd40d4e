"""Which files are policy: by the ends of their names, in directories, in a policy store."""

from __future__ import annotations

from pathlib import Path

from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.selinux.files import claims, find_files


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("(type a)")


def found(folder: Path) -> list[str]:
    paths, missing = find_files([folder], DiskFiles())
    assert missing == []
    return [str(Path(path).relative_to(folder)) for path in paths]


def test_a_directory_stands_for_its_policy(tmp_path: Path) -> None:
    write(
        tmp_path, "b.cil", "a.pp.bz2", "c.pp", "README", "x.txt", "deep/d.cil", ".e.cil", "f.cil~"
    )
    assert found(tmp_path) == ["a.pp.bz2", "b.cil", "c.pp", "deep/d.cil"]


def test_a_file_is_what_it_is_said_to_be(tmp_path: Path) -> None:
    write(tmp_path, "policy.txt", "a.cil")
    given = [tmp_path / "policy.txt", tmp_path / "a.cil", tmp_path, tmp_path / "none"]
    paths, missing = find_files(given, DiskFiles())
    assert [Path(path).name for path in paths] == ["policy.txt", "a.cil"]
    assert missing == [str(tmp_path / "none")]


def test_modules_of_a_store_count_by_priority(tmp_path: Path) -> None:
    write(
        tmp_path,
        "100/web/cil",
        "100/web/hll",
        "100/web/lang_ext",
        "400/web/hll",
        "100/mail/cil",
        "100/old/cil",
        "disabled/old",
    )
    assert found(tmp_path) == ["100/mail/cil", "400/web/hll"]


def test_only_directories_with_policy_in_them_are_claimed(tmp_path: Path) -> None:
    write(tmp_path, "cil/a.cil", "other/a.txt")
    assert claims([str(tmp_path / "cil")])
    assert claims([str(tmp_path / "cil" / "a.cil"), str(tmp_path / "cil")])
    assert not claims([str(tmp_path / "other")])
    assert not claims([str(tmp_path)])
    assert not claims([])
