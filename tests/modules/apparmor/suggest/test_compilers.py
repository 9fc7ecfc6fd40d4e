"""For which compiler rules are suggested."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.modules.apparmor.suggest import compilers
from lsmc.modules.apparmor.suggest.compilers import (
    Version,
    compiler_for,
    takes_class,
    takes_fine_network,
    takes_priority,
)

#: The real one; the tests have none installed.
INSTALLED = compilers.installed


@pytest.mark.parametrize(
    ("abi", "target", "named", "installed", "found"),
    [
        ("abi/3.0", "3.0", None, None, (3, 0)),
        ("/etc/apparmor.d/abi/4.0", "4.1", None, None, (4, 0)),
        ("abi/4.0", "4.1", None, (4, 1), (4, 1)),  # the machine has a newer one
        ("abi/4.0", "4.1", None, (3, 0), (4, 0)),  # the policy is not for this machine
        ("abi/5.0", "6.0", None, None, (5, 0)),
        ("<default>", "6.0", None, None, None),
        ("<default>", "6.0", None, (3, 0), (3, 0)),
        ("<default>", "4.1", None, (3, 0), (4, 1)),  # compiled for 4.1
        ("abi/3.0", "4.0", None, None, (4, 0)),
        ("abi/3.0", "3.0", "5.0", (3, 0), (5, 0)),
    ],
)
def test_what_tells_the_compiler(
    monkeypatch: pytest.MonkeyPatch,
    abi: str,
    target: str,
    named: str | None,
    installed: Version | None,
    found: Version | None,
) -> None:
    monkeypatch.setattr(compilers, "installed", lambda: installed)
    assert compiler_for({"abi": abi, "target": target}, named) == found


def test_a_class_tells_that_a_later_compiler_made_the_policy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compilers, "installed", lambda: (3, 0))
    assert compiler_for({"abi": "<default>", "target": "6.0"}, None, "userns") == (4, 0)
    assert compiler_for({"abi": "abi/3.0", "target": "3.0"}, None, "mqueue") == (4, 0)
    assert compiler_for({"abi": "abi/3.0", "target": "3.0"}, "3.0", "mqueue") == (3, 0)


def test_what_a_compiler_takes() -> None:
    assert [takes_priority(v) for v in (None, (3, 0), (4, 0), (4, 1), (6, 0))] == [
        *(False, False, False, True, True)
    ]
    assert [takes_class(v, "userns") for v in (None, (3, 1), (4, 0))] == [True, False, True]
    assert takes_class((3, 0), "file")
    assert [takes_fine_network(v) for v in (None, (3, 0), (4, 0))] == [True, False, True]


@pytest.mark.parametrize(
    ("prints", "found"),
    [
        ("AppArmor parser version 4.1.0~beta1\n", (4, 1)),
        ("AppArmor parser version 3.0.8\n", (3, 0)),
        ("nothing of the kind\n", None),
    ],
)
def test_the_installed_one_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, prints: str, found: Version | None
) -> None:
    program = tmp_path / "apparmor_parser"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{prints.strip()}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f":.:{tmp_path}")
    INSTALLED.cache_clear()
    assert INSTALLED() == found
    INSTALLED.cache_clear()


def test_none_is_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(compilers, "_SYSTEM", (str(tmp_path),))
    INSTALLED.cache_clear()
    assert INSTALLED() is None
    INSTALLED.cache_clear()
