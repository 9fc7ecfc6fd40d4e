"""Edits of included files: what is revised is what a compilation from nothing gives."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.cache.store import compile_cached
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.build import cached
from lsmc.modules.apparmor.build.cached import compile_paths
from lsmc.modules.apparmor.build.driver import Compilation, compile_files

COMMON = (
    "include <abstractions/inner>\n"
    "/etc/common r,\n@{HOME}/.x rw,\nsignal peer=@{profile_name},\n/usr/bin/run ix,\n"
)
INNER = "/etc/inner r,\nptrace peer=@{profile_name},\n"
FILES = {
    "tunables/global": "@{HOME}=/root /home/*/\n@{dirs}=/srv\nalias /srv/ -> /mnt/,\n",
    "abstractions/common": COMMON,
    "abstractions/inner": INNER,
    "abstractions/other": "@{dirs}/a r,\n/usr/bin/other ix,\n",
    "one": (
        "include <tunables/global>\nprofile one /usr/bin/one {\n  include <abstractions/common>\n"
        "  /one r,\n  profile child { include <abstractions/inner>\n /child r, }\n}\n"
    ),
    "two": (
        "include <tunables/global>\n@{dirs}+=/opt\n"
        "profile two { include <abstractions/common>\n include <abstractions/other>\n"
        " owner { include <abstractions/inner> } }\n"
    ),
    "three": (
        "include <tunables/global>\nprofile three /x { include <abstractions/other>\n"
        " audit { include <abstractions/common> } }\n"
    ),
    "four": "include <tunables/global>\nprofile four { /four r, }\n",
    "five": (
        "abi <abi/old>,\ninclude <tunables/global>\n"
        "profile five { include <abstractions/common>\n /usr/bin/* px, }\n"
    ),
    "abi/old": "file {mask {read write}}\n",
}


def lay(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "policy"
    lay(root, FILES)
    return root


def options(root: Path) -> Options:
    return Options(str(root))


def cold(root: Path) -> bytes:
    return compile_files([str(root)], options(root)).bundle


def warm(root: Path) -> bytes:
    data, _ = compile_cached(
        [str(root)],
        options(root),
        jobs=1,
        compiler=lambda: compile_paths,
        directory=root.parent / "cache",
    )
    return bytes(data)


def compiled_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The profile files that a warm run compiles; its bytes are those of a cold one."""
    read: list[str] = []
    real = cached.compile_files

    def spy(*args: object, **named: object) -> Compilation:
        outcome = real(*args, **named)  # type: ignore[arg-type]
        read.extend(Path(file.path).name for file in outcome.files)
        return outcome

    with monkeypatch.context() as patch:
        patch.setattr(cached, "compile_files", spy)
        data = warm(root)
    assert data == cold(root)
    return set(read)


INCLUDERS = {"one", "two", "five"}  # of `common`, as it stands; `three` has it in a block


@pytest.mark.parametrize(
    "text",
    [
        COMMON.replace("/etc/common r", "/etc/common rw"),
        COMMON + "/added/** r,\n",
        COMMON + "@{dirs}/added r,\n",
        COMMON.replace("/etc/common r,\n", ""),
        COMMON.replace("peer=@{profile_name}", "peer=@{profile_name}//*"),
        COMMON + "unix peer=(label=@{profile_name}),\n",
        "# a comment\n\n" + COMMON.replace("\n", "\n\n"),
        COMMON.replace("/etc/common r,\n", "/etc/common   r,   # the same\n"),
        COMMON.replace("/etc/common r,\n", "deny /etc/common w,\naudit /etc/common r,\n"),
        COMMON.replace("@{HOME}/.x rw,\n", ""),
    ],
)
def test_rules_of_an_included_file_are_revised(
    tree: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(tree)
    (tree / "abstractions/common").write_text(text)
    assert compiled_again(tree, monkeypatch) == {"three"}
    assert compiled_again(tree, monkeypatch) == set()


@pytest.mark.parametrize(
    ("path", "text", "again"),
    [
        ("common", COMMON + "/usr/bin/more ix,\n", INCLUDERS),  # execution
        ("common", COMMON.replace("ix", "px"), INCLUDERS),
        ("common", COMMON + "change_profile -> one,\n", INCLUDERS),
        ("common", COMMON + "if defined @{HOME} { /if r, }\n", INCLUDERS),
        ("common", COMMON + "set rlimit core <= 1K,\n", INCLUDERS),
        ("common", COMMON + "include <abstractions/other>\n", INCLUDERS),
        ("common", COMMON.partition("\n")[2], INCLUDERS),
        ("common", COMMON.partition("\n")[0] + "\n", INCLUDERS),  # no rule is left
        ("common", COMMON.replace("signal peer=@{profile_name},\n", ""), INCLUDERS),
        ("inner", INNER.replace("inner", "x"), set()),
        ("other", "@{dirs}/b r,\n/usr/bin/other ix,\n", set()),
        ("other", "@{dirs}/a r,\n", {"two", "three"}),
    ],
)
def test_what_decides_about_more_is_compiled_again(
    tree: Path, path: str, text: str, again: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warm(tree)
    (tree / "abstractions" / path).write_text(text)
    more = {"three"} if path in ("common", "inner") else set()
    assert compiled_again(tree, monkeypatch) == again | more


def test_two_files_at_once_and_a_profile(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm(tree)
    (tree / "abstractions/common").write_text(COMMON + "/added r,\n")
    (tree / "abstractions/other").write_text("@{dirs}/a rw,\n/usr/bin/other ix,\n")
    (tree / "four").write_text(FILES["four"].replace("/four", "/4"))
    assert compiled_again(tree, monkeypatch) == {"three", "four"}


@pytest.mark.parametrize("text", ["/broken\n", COMMON + "@{NONE}/x r,\n", COMMON + "/x[ r,\n"])
def test_an_error_is_told_as_ever(tree: Path, text: str) -> None:
    before = warm(tree)
    (tree / "abstractions/common").write_text(text)
    with pytest.raises(PolicyError) as told:
        warm(tree)
    with pytest.raises(PolicyError) as fresh:
        cold(tree)
    assert set(map(str, told.value.diagnostics)) == set(map(str, fresh.value.diagnostics))
    (tree / "abstractions/common").write_text(COMMON)
    assert warm(tree) == before


def test_an_included_file_that_goes(tree: Path) -> None:
    warm(tree)
    (tree / "abstractions/inner").unlink()
    with pytest.raises(PolicyError):
        warm(tree)


RULES = (
    "/a r,",
    "/a rw,",
    "deny /a w,",
    "audit /b/** r,",
    "owner @{HOME}/c w,",
    "@{dirs}/** r,",
    "@{exec_path} mr,",
    "signal peer=@{profile_name},",
    "ptrace,",
    "capability chown,",
    "network inet stream,",
    "link /l -> /t,",
    "/bin/x ix,",
    "/bin/* px,",
    "change_profile -> @{profile_name}//x,",
    "deny { /d r, }",
    "if defined @{HOME} { /e r, }",
    "abi <abi/old>,",
    "# nothing",
    "",
)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 4))
def test_random_edits(seed: int, edits: int) -> None:
    """One warm run after another sees what a cold run sees."""
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        root = Path(folder, "policy")
        lay(root, FILES)
        for _ in range(edits):
            _try(root)
            name = chance.choice(("common", "inner", "other"))
            path = root / "abstractions" / name
            lines = path.read_text().splitlines()
            for _ in range(chance.randint(1, 3)):
                at = chance.randint(0, len(lines))
                if lines and chance.random() < 0.4:
                    del lines[min(at, len(lines) - 1)]
                else:
                    lines.insert(at, chance.choice(RULES))
            path.write_text("\n".join(lines) + "\n")
        _try(root)


def _try(root: Path) -> None:
    expected = _outcome(lambda: cold(root))
    assert _outcome(lambda: warm(root)) == expected


def _outcome(run: Callable[[], bytes]) -> bytes | set[str]:
    try:
        return run()
    except PolicyError as fault:
        return {diagnostic.message for diagnostic in fault.diagnostics}
