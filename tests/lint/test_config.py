"""Configuration: every fault is one clear line, every setting has an effect."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from lsmc.lint.config import Config, PathIgnore, config_of, table_of
from lsmc.lint.model import Check, SettingError, elsewhere
from lsmc.lint.selection import Selection
from lsmc.lint.setup import find_config, start_of
from tests.lint.support import KNOWN, LINT, lint_files, short

DENIED = "profile p /bin/p {\n  /etc/a r,\n  deny /etc/** r,\n}\n"
CHECK = Check(
    "LSM101",
    "unreachable-rule",
    "warning",
    elsewhere,
    table={"words": ["a"], "max": 3, "names": {}},
)
WITH_CHECK = replace(LINT, checks={**LINT.checks, "LSM101": CHECK})


def read(text: str, path: str = "lsmc.toml") -> Config:
    table = table_of(path, text.encode())
    assert table is not None
    return config_of(path, table, WITH_CHECK)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select = ", "lsmc.toml:1:10: not TOML: invalid value"),
        ("selct = []", "lsmc.toml: no setting `selct`; did you mean `select`?"),
        ("select = 'LSM1'", "lsmc.toml: select: not a list of texts"),
        ("select = [1]", "lsmc.toml: select: not a list of texts"),
        ("base = 1", "lsmc.toml: base: not a text"),
        ("base = ''", "lsmc.toml: base: is empty"),
        ("min-confidence = 'sure'", "min-confidence: `sure` is none of `low`, `medium`, `high`"),
        ("fail-level = 'warn'", "fail-level: `warn` is none of `error`, `warning`, `info`"),
        ("[severity]\nLSM101 = 'error'", "severity.LSM101: not one of `warning`, `info`, `off`"),
        ("[severity]\nLSM061 = 'off'", "`LSM061`: what the compiler refuses is an error"),
        ("[severity]\nLSM888 = 'off'", "lsmc.toml: severity: no check `LSM888`"),
        ("[per-path-ignores]\n'a' = ['LSM888']", "per-path-ignores.a: no check `LSM888`"),
        ("[checks.foo]", "lsmc.toml: checks: no check `foo`"),
        ("[checks.unreachable-rule]\nword = []", "no setting `word`; did you mean `words`?"),
        (
            "[checks.unreachable-rule]\nmax = 'a'",
            "unreachable-rule.max: a text where a whole number",
        ),
        ("[checks.unreachable-rule]\nwords = true", "words: a true or false where a list belongs"),
        ("assertions = 3", "assertions: not a list of tables (write [[assertions]])"),
        ("[[assertions]]\nsubject = 'a'", "lsmc.toml: assertion 1: no key `subject`; known: name"),
        ("variables = []", "lsmc.toml: variables: not a table"),
        ("[checks.unreachable-rule]\nwords = [1]", "unreachable-rule.words: not a list of texts"),
        ("[checks.unreachable-rule]\nnames = { a = 1 }", "unreachable-rule.names.a: not a text"),
    ],
)
def test_faults(text: str, message: str) -> None:
    with pytest.raises(SettingError) as fault:
        read(text)
    assert message in str(fault.value)
    assert "\n" not in str(fault.value)


def test_values() -> None:
    config = read(
        """
        base = "policy"
        include = ["more", "/abs"]
        select = ["LSM1"]
        fail-level = "info"
        [variables]
        HOME = ["/home", "/srv"]
        flag = true
        [checks.unreachable-rule]
        max = 4
        [[assertions]]
        name = "x"
        """,
        "sub/lsmc.toml",
    )
    assert config.base == "sub/policy"
    assert config.include == ("sub/more", "/abs")
    assert config.variables == {"HOME": ["/home", "/srv"], "$flag": "true"}
    assert config.settings["unreachable-rule"] == {"max": 4}
    assert config.settings["assertions"] == [{"name": "x"}]
    assert config.settings["policy-assertion"] == {"assertions": [{"name": "x"}]}


def test_settings_of_secrets(tmp_path: Path) -> None:
    for value, message in (
        ("1", "lsmc.toml: checks.sensitive-read.allow.x: not a list of texts"),
        ("['a']", "lsmc.toml: checks.sensitive-read.allow: no kind of secret `x`"),
    ):
        toml = f"[checks.sensitive-read]\nallow = {{ x = {value} }}\n"
        with pytest.raises(SettingError) as fault:
            lint_files(tmp_path, {"p": "profile p {\n}\n", "lsmc.toml": toml}, "LSM311")
        assert message in str(fault.value)


@pytest.mark.parametrize("setting", ["base = 'policy'", "include = ['policy']"])
def test_directories_are_there(tmp_path: Path, setting: str) -> None:
    (tmp_path / "lsmc.toml").write_text(setting)
    with pytest.raises(SettingError, match=r"lsmc\.toml: \w+: `.*policy` is not a directory"):
        find_config(str(tmp_path), WITH_CHECK)
    (tmp_path / "policy").mkdir()
    assert find_config(str(tmp_path), WITH_CHECK).path


def test_the_nearest_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "lsmc.toml").write_text("select = ['LSM1']")
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (tmp_path / "a" / "b" / "p").write_text("")
    start = start_of((str(tmp_path / "a" / "b" / "p"),))
    assert find_config(start, LINT).select == ("LSM1",)
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.lsmc]\nselect = ['LSM2']\n")
    assert find_config(start, LINT).select == ("LSM2",)


def test_severity_and_off(tmp_path: Path) -> None:
    select = "select = ['LSM101']\n"
    info = {"p": DENIED, "lsmc.toml": f"{select}[severity]\nLSM1 = 'off'\nLSM101 = 'info'\n"}
    assert [one.severity for one in lint_files(tmp_path, info).findings] == ["info"]
    off = {"p": DENIED, "lsmc.toml": f"{select}[severity]\nunreachable-rule = 'off'\n"}
    assert short(lint_files(tmp_path, off)) == []


@pytest.mark.parametrize(
    ("glob", "ignored"),
    [("p", True), ("*", True), ("**/p", True), ("q", False), ("sub/*", False), ("**", True)],
)
def test_ignores_by_path(tmp_path: Path, glob: str, ignored: bool) -> None:
    text = f"select = ['LSM101']\n[per-path-ignores]\n'{glob}' = ['LSM1']\n"
    result = lint_files(tmp_path, {"p": DENIED, "lsmc.toml": text})
    assert short(result) == ([] if ignored else ["2:LSM101"])


def takes(code: str, *, default: bool = True, **words: list[str]) -> bool:
    check = Check(code, KNOWN[code], "warning", elsewhere, default)
    return Selection(KNOWN, LINT.errors, **words).takes(check)  # type: ignore[arg-type]


def test_selection() -> None:
    assert takes("LSM101")
    assert not takes("LSM101", default=False)
    assert takes("LSM101", default=False, extend=["LSM1"])
    assert takes("LSM101", select=["unreachable-rule"])
    assert not takes("LSM101", select=["LSM9"])
    assert not takes("LSM101", ignore=["LSM1"])
    assert not takes("LSM101", select=["LSM101"], ignore=["LSM101"])
    assert takes("LSM101", select=["LSM101"], ignore=["LSM1"])
    assert not takes("LSM101", select=["ALL"], ignore=["LSM10"])
    with pytest.raises(SettingError, match="what the compiler refuses cannot be ignored"):
        takes("LSM101", ignore=["LSM061"])


def test_no_file_is_too_much(tmp_path: Path) -> None:
    """What the reader of TOML itself stumbles over is one line."""
    for text, reason in (
        ("a = " + "[" * 5000, "not TOML"),
        ("a = " + "9" * 5000, "not TOML"),
        ("a." * 2000 + "a = 1", "a line has more than 1000 dots"),
    ):
        with pytest.raises(SettingError) as told:
            table_of(str(tmp_path / "lsmc.toml"), text.encode())
        assert reason in str(told.value)
        assert len(str(told.value).splitlines()) == 1


def test_a_configuration_that_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "lsmc.toml").write_text("#" * (1 << 20) + "#")
    with pytest.raises(SettingError, match="larger than"):
        find_config(str(tmp_path), LINT)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")
@pytest.mark.parametrize("link", [False, True])
def test_the_configuration_of_another_user(tmp_path: Path, link: bool) -> None:
    """Somebody's file in a directory above is refused, unless what is linted is theirs as well."""
    policy = tmp_path / "policy"
    policy.mkdir()
    place = tmp_path / "lsmc.toml"
    if link:
        (tmp_path / "other.toml").write_text("ignore = ['ALL']")
        place.symlink_to("other.toml")
    else:
        place.write_text("ignore = ['ALL']")
    os.chown(place, 65534, 65534, follow_symlinks=False)
    with pytest.raises(SettingError, match=r"belongs to another user \(65534\).*--config"):
        find_config(str(policy), LINT)
    os.chown(policy, 65534, 65534)
    assert find_config(str(policy), LINT).ignore == ("ALL",)


def test_the_search_ends_at_the_root_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "lsmc.toml").write_text("ignore = ['LSM1']")
    policy = tmp_path / "repository" / "policy"
    policy.mkdir(parents=True)
    assert find_config(str(policy), LINT).ignore == ("LSM1",)
    (policy.parent / ".git").write_text("gitdir: elsewhere")
    assert find_config(str(policy), LINT).path == ""
    (policy.parent / "lsmc.toml").write_text("ignore = ['LSM2']")
    assert find_config(str(policy), LINT).ignore == ("LSM2",)


@pytest.mark.parametrize(
    ("glob", "path", "meant"),
    [
        ("abstractions/**", "abstractions/base", True),
        ("abstractions/**", "apparmor.d/abstractions/base", True),
        ("./abstractions/**", "abstractions/base", True),
        ("./abstractions/**", "apparmor.d/abstractions/base", False),
        ("/etc/apparmor.d/**", "/etc/apparmor.d/abstractions/base", True),
        ("/etc/apparmor.d/**", "etc/apparmor.d/abstractions/base", False),
        ("usr.bin.*", "/etc/apparmor.d/usr.bin.man", True),
        ("apparmor.d/usr.*", "/srv/apparmor.d/usr.bin.man", True),
        ("apparmor.d/usr.*", "/srv/apparmor.d/below/usr.bin.man", False),
    ],
)
def test_which_files_a_glob_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, glob: str, path: str, meant: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    ignore = PathIgnore(glob, ("LSM1",))
    config = Config(str(tmp_path / "lsmc.toml"), path_ignores=(ignore,))
    assert config.ignores("LSM101", path) is meant
    assert not config.ignores("LSM201", path)
