"""Streams in the cache: what comes of it is what compiling gives, whatever changed meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lsmc.compiler.cache.entry import CacheEntry, entry_bytes
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel import shares
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.parts import POLICY_ALONE, Deployment
from tests.modules.apparmor.kernel.test_render import FEATURES


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "policy"
    (root / "abstractions").mkdir(parents=True)
    (root / "abstractions/common").write_text("/etc/common r,\n")
    for name in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta"):
        include = "" if name == "gamma" else "include <abstractions/common>"
        (root / name).write_text(f"profile {name} /usr/bin/{name} {{ {include} /{name} rw, }}\n")
    (tmp_path / "features").write_text(FEATURES)
    return root


def _options(tree: Path) -> Options:
    return Options(str(tree), features=str(tree.parent / "features"))


def cold(tree: Path, jobs: int = 1) -> list[tuple[str, bytes]]:
    return [(one.source, one.data) for one in render([str(tree)], _options(tree), jobs)]


def warm(
    tree: Path, jobs: int = 1, deployment: Deployment = POLICY_ALONE
) -> list[tuple[str, bytes]]:
    cache = str(tree.parent / "cache")
    found = render([str(tree)], _options(tree), jobs, deployment, cache)
    return [(one.source, one.data) for one in found]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are compiled."""
    found: list[str] = []
    share = shares.Sharer._share

    def watched(self: shares.Sharer, paths: list[str]) -> list[shares.Made]:
        found.extend(Path(path).name for path in paths)
        return share(self, paths)

    monkeypatch.setattr(shares.Sharer, "_share", watched)
    return found


def test_jobs_do_not_show(tree: Path) -> None:
    assert cold(tree) == cold(tree, 2) == cold(tree, 3) == warm(tree, 2) == warm(tree)


def test_nothing_is_compiled_twice(tree: Path, compiled: list[str]) -> None:
    before = warm(tree)
    assert len(compiled) == 8
    assert warm(tree) == before
    assert len(compiled) == 8


@pytest.mark.parametrize(
    ("path", "text", "again"),
    [
        ("beta", "profile beta { /new r, }\n", ["beta"]),
        ("new", "profile new { /new r, }\n", ["new"]),
        ("abstractions/common", "/etc/other r,\n", None),
        ("README", "no policy\n", []),
    ],
)
def test_what_an_edit_concerns_is_compiled(
    tree: Path, compiled: list[str], path: str, text: str, again: list[str] | None
) -> None:
    warm(tree)
    names = sorted(set(compiled) - {"gamma"})
    compiled.clear()
    (tree / path).write_text(text)
    after = warm(tree)
    assert sorted(compiled) == (names if again is None else again)
    assert after == cold(tree)
    compiled.clear()
    assert warm(tree) == after
    assert not compiled


def test_a_file_taken_away(tree: Path) -> None:
    warm(tree)
    (tree / "delta").unlink()
    assert warm(tree) == cold(tree)
    assert warm(tree) == cold(tree)


def test_features_and_deployment_tell_runs_apart(tree: Path) -> None:
    before = warm(tree)
    moved = warm(tree, deployment=Deployment(namespace="space"))
    only_logs = warm(tree, deployment=Deployment(complain=frozenset([str(tree / "beta")])))
    assert before != moved
    assert [path for (path, one), (_, other) in zip(before, only_logs, strict=True) if one != other]
    assert warm(tree) == before
    (tree.parent / "features").write_text(FEATURES.replace("v7 {yes", "v9 {yes"))
    assert warm(tree) == cold(tree) != before


def test_what_is_to_be_said_is_said_each_time(tree: Path, compiled: list[str]) -> None:
    (tree / "abstractions/common").write_text("/etc/common r,\ndbus,\n")
    (tree / "beta").write_text("profile beta flags=(interruptible) {\n /b r,\n}\n")

    def told() -> list[str]:
        compiled.clear()
        cache = str(tree.parent / "cache")
        found = render([str(tree)], _options(tree), 1, POLICY_ALONE, cache)
        return [f"{Path(one.source).name}: {about}" for one in found for about in one.diagnostics]

    first = told()
    assert [line.partition(":")[0] for line in first] == ["alpha", "beta"]
    assert told() == first
    assert not compiled
    (tree / "alpha").write_text("profile alpha { include <abstractions/common> }\n")
    assert told() == first
    assert compiled == ["alpha"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda rows: rows[:-1],
        lambda rows: [[path, asks, size + 1, told] for path, asks, size, told in rows],
        lambda rows: [[path, asks, -size, told] for path, asks, size, told in rows],
        lambda rows: [[path, [1 << 40], size, told] for path, _, size, told in rows],
        lambda rows: [[path, asks, size] for path, asks, size, _ in rows],
        lambda rows: [[0, asks, size, told] for _, asks, size, told in rows],
        lambda rows: [[*row[:3], [["c", "n", "warning", "m", "", row[0], 5, 4]]] for row in rows],
        lambda rows: [[*row[:3], [["c", "n", "error", "m", "", row[0], 0, 1]]] for row in rows],
        lambda rows: [
            [*row[:3], [["c", "n", "info", "m", "", "/etc/passwd", 0, 1]]] for row in rows
        ],
        lambda rows: [[*row[:3], ["warning"]] for row in rows],
        lambda rows: {"rows": rows},
    ],
)
def test_a_forged_entry_is_as_none(tree: Path, forge: Callable[[list[object]], object]) -> None:
    warm(tree)
    (place,) = (tree.parent / "cache").iterdir()
    entry = CacheEntry(memoryview(place.read_bytes()))
    forged = entry_bytes(entry.seen, forge(entry.details()), bytes(entry.bundle))
    place.write_bytes(forged)
    assert warm(tree) == cold(tree)


def test_a_cut_entry_is_as_none(tree: Path) -> None:
    expected = warm(tree)
    (place,) = (tree.parent / "cache").iterdir()
    data = place.read_bytes()
    for size in range(0, len(data), 997):
        place.write_bytes(data[:size])
        assert warm(tree) == expected
