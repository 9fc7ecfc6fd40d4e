"""Which files are KubeArmor policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.kubearmor.files import find_files
from lsmc.modules.registry import module_of
from tests.modules.kubearmor.policies import document, text


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (text(""), "kubearmor"),
        ("# words\n---\n" + text(""), "kubearmor"),
        (document({}), "kubearmor"),
        ("kind: KubeArmorPolicy\nmetadata: {name: a}\n", "kubearmor"),
        ("kind: Pod\napiVersion: v1\n# security.kubearmor.com/\n", "apparmor"),
        ("profile a /b {\n}\n", "apparmor"),
        ("", "apparmor"),
    ],
)
def test_a_file_is_told_by_its_content(tmp_path: Path, content: str, name: str) -> None:
    for file in ("a.yaml", "policy"):
        path = tmp_path / file
        path.write_text(content)
        assert module_of([str(path)]).name == name


def test_a_directory_is_policy_if_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text("kind: Pod\n")
    assert module_of([str(tmp_path)]).name == "apparmor"
    (tmp_path / "policy.yml").write_text(text(""))
    assert module_of([str(tmp_path)]).name == "kubearmor"
    assert module_of([str(tmp_path), str(tmp_path / "none")]).name == "apparmor"


def test_files_of_a_directory_by_their_ends(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt", ".d.yaml~"):
        (tmp_path / name).write_text(text(""))
    (tmp_path / "e.yaml").mkdir()
    found, missing = find_files([tmp_path, tmp_path / "x"], DiskFiles())
    assert [Path(path).name for path in found] == ["a.yml", "b.yaml"]
    assert missing == [str(tmp_path / "x")]
