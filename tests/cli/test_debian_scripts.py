"""Debian's scripts that load policy at boot, with `lsmc parser` in the place of apparmor_parser.

They run as they are, but for paths: in a tree of their own, where a folder stands for the kernel's.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lsmc.modules.apparmor.kernel.compiled import is_compiled
from tests.modules.apparmor.kernel.test_render import FEATURES
from tests.places import ROOT

SCRIPTS = Path("/lib/apparmor")
pytestmark = pytest.mark.skipif(
    not (SCRIPTS / "apparmor.systemd").exists(), reason="no Debian's scripts"
)
POLICY = {"one": "profile a { /x r, ^h { /y r, } }\n", "two": "profile b { /x r, }\n"}


class Tree:
    """A copy of the scripts, with policy and a folder for the kernel."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.policy = root / "etc/apparmor.d"
        self.kernel = root / "security/apparmor"
        for folder in (self.policy, self.kernel, root / "module"):
            folder.mkdir(parents=True)
        for name in (".load", ".replace", ".remove", "profiles"):
            (self.kernel / name).write_bytes(b"")
        for name, text in POLICY.items():
            (self.policy / name).write_text(text)
        (root / "features").write_text(FEATURES)
        (root / "none").write_text("")
        parser = root / "parser"
        parser.write_text(f"#!{sys.executable}\nfrom lsmc.cli import parser\nparser()\n")
        parser.chmod(0o755)
        options = f"--write-cache -M {root}/features -b {self.policy} -L {root}/cache"
        options += f" -f {self.kernel} --config-file {root}/none"
        functions = self._copied(
            "rc.apparmor.functions",
            ("/etc/apparmor.d", str(self.policy)),
            ("SECURITYFS=/sys/kernel/security", f"SECURITYFS={root}/security"),
            ("/sys/module/apparmor", f"{root}/module"),
            ("PARSER=/sbin/apparmor_parser", f"PARSER={parser}"),
            ("PARSER_OPTS=--write-cache", f"PARSER_OPTS='{options}'"),
            ("\t\tmount_securityfs\n", "\t\ttrue\n"),  # nothing is mounted by a test
        )
        self.script = self._copied(
            "apparmor.systemd",
            ("/lib/apparmor/rc.apparmor.functions", str(functions)),
            ("/usr/bin/systemd-detect-virt", f"{root}/none"),
        )

    def _copied(self, name: str, *changes: tuple[str, str]) -> Path:
        text = (SCRIPTS / name).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        path = self.root / name
        path.write_text(text)
        return path

    def run(self, action: str) -> subprocess.CompletedProcess[str]:
        """What systemd runs."""
        command = ["sh", str(self.script), action]
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_profiles_are_loaded_at_boot_and_reloaded_from_the_cache(tree: Tree) -> None:
    first = tree.run("start")
    assert (first.returncode, first.stderr) == (0, "")
    assert is_compiled((tree.kernel / ".load").read_bytes())
    kept = sorted(path.name for path in (tree.root / "cache").glob("*.0/*"))
    assert kept == [".features", "one", "two"]
    again = tree.run("reload")
    assert (again.returncode, again.stderr) == (0, "")
    assert is_compiled((tree.kernel / ".replace").read_bytes())
    (tree.kernel / "profiles").write_text("a (enforce)\n")
    assert "already loaded" in tree.run("start").stdout


def test_a_broken_profile_fails_the_unit_and_loads_the_others(tree: Tree) -> None:
    (tree.policy / "bad").write_text("profile bad { /x zz, }\n")
    result = tree.run("reload")
    assert result.returncode == 1
    assert "At least one profile failed to load" in result.stdout
    assert "`zz` is not a permission word" in result.stderr
    assert is_compiled((tree.kernel / ".replace").read_bytes())
