"""The AppArmor profile that KubeArmor would load."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc.compiler.inputs import DiskFiles
from lsmc.modules.kubearmor.apparmor.enforcer import AppArmorEnforcer
from lsmc.modules.kubearmor.apparmor.features import included
from lsmc.modules.kubearmor.apparmor.profile import Profile, profile
from lsmc.modules.kubearmor.posture import Posture
from tests.cli.conftest import Run, run
from tests.modules.kubearmor.policies import policies, reading, text
from tests.places import PROFILES

__all__ = ["run"]

BLOCK = Posture("block", "block", "block")
TEXTS = included([str(PROFILES)], [], DiskFiles())


def made(*specs: str, posture: Posture = BLOCK) -> Profile:
    return profile(policies(*specs), posture, "shop.web")


def lines(found: Profile) -> list[str]:
    """The lines before the fixed end of the profile of the container."""
    texts = [line.text for line in found.lines]
    return texts[3 : texts.index("/lib/x86_64-linux-gnu/{*,**} rm,")]


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("file: {matchPaths: [{path: /a}]}", ["deny /a klmrw,"]),
        ("file: {matchPaths: [{path: /a, readOnly: true}]}", ["deny /a klw,"]),
        (
            "file: {matchPaths: [{path: /a, ownerOnly: true}]}",
            ["owner /a klmrw,", "deny other /a klmrw,"],
        ),
        ("file: {matchDirectories: [{dir: /a/}]}", ["deny /a/{,*} klmrw,"]),
        ("file: {matchDirectories: [{dir: /a/, recursive: true}]}", ["deny /a/{,**} klmrw,"]),
        ("process: {matchPaths: [{path: /a}]}", ["deny /a x,"]),
        ("process: {matchPaths: [{execname: a}]}", ["deny /**/a x,"]),
        ("network: {matchProtocols: [{protocol: ICMPv6}]}", ["deny network icmp,"]),
        ("network: {matchProtocols: [{protocol: all}]}", ["deny network,"]),
        ("capabilities: {matchCapabilities: [{capability: kill}]}", ["deny capability kill,"]),
        ("network: {matchDNSQueries: [{domain: a.b}]}", []),
        ("apparmor: |\n  deny /a r,\n\n  # no\n", ["deny /a r,"]),
    ],
)
def test_a_block_is_a_deny(spec: str, wanted: list[str]) -> None:
    assert lines(made(spec)) == ["file,", "network,", "capability,", *wanted]


@pytest.mark.parametrize(
    ("spec", "head", "wanted"),
    [
        ("file: {matchPaths: [{path: /a}]}", "file", ["/a klmrw,"]),
        ("process: {matchPaths: [{path: /a, ownerOnly: true}]}", "file", ["owner /a ix,"]),
        ("process: {matchDirectories: [{dir: /a/}]}", "file", ["/a/{,*} ix,"]),
        ("process: {matchPatterns: [{pattern: /a*}]}", "file", []),
        ("process: {matchPaths: [{execname: a}]}", "file", []),
        ("network: {matchProtocols: [{protocol: tcp}]}", "network", ["network tcp,"]),
    ],
)
def test_an_allow_takes_the_head_away_under_block(spec: str, head: str, wanted: list[str]) -> None:
    heads = [f"{name}," for name in ("file", "network", "capability") if name != head]
    assert lines(made(f"action: Allow\n{spec}")) == [*heads, *wanted]
    audit = lines(made(f"action: Allow\n{spec}", posture=Posture()))
    assert f"{head}," in audit


def test_allow_and_block_are_both_written() -> None:
    entries = "{path: /a, action: Allow}, {path: /a, readOnly: true}"
    found = lines(made(f"file: {{matchPaths: [{entries}]}}"))
    assert found[-2:] == ["deny /a klw,", "/a klr,"]


def test_a_source_has_a_profile_of_its_own() -> None:
    found = made("file: {matchPaths: [{path: /a, fromSource: [{path: /bin/x-1}]}]}")
    assert found.sources == {"/bin/x-1": "shop_binx1"}
    assert "/bin/x-1 px -> shop_binx1," in lines(found)
    assert found.text.count("deny /a klmrw,") == 1
    assert found.rule_count == 1


def test_rules_for_all_come_into_a_source_where_it_has_none() -> None:
    found = made(
        "file: {matchPaths: [{path: /a/b}, {path: /c}, {path: /a/d/e}],"
        " matchDirectories: [{dir: /a/, action: Allow, fromSource: [{path: /bin/x}]}]}",
        posture=Posture(),
    )
    source = found.text.partition("profile shop_binx {")[2]
    assert "/a/b" not in source
    assert "deny /c klmrw," in source
    assert "deny /a/d/e klmrw," in source


def test_each_line_knows_its_entries() -> None:
    found = made("file: {matchPaths: [{path: /a}]}\nprocess: {matchPaths: [{path: /b}]}")
    written = {line.text: [one.entry.value for one in line.rules] for line in found.lines}
    assert written["deny /a klmrw,"] == ["/a"]
    assert written["deny /b x,"] == ["/b"]
    assert written["file,"] == []


def test_the_text_of_a_host_policy_is_lost() -> None:
    (policy,) = reading(text("apparmor: deny /a r,", kind="KubeArmorHostPolicy")).policies.policies
    assert "deny /a r," not in profile([policy], BLOCK).text


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("network: {matchProtocols: [{protocol: sctp}]}", "`sctp` is not a network"),
        ("action: Allow\nnetwork: {matchProtocols: [{protocol: all}]}", "`all` is not a network"),
        ("capabilities: {matchCapabilities: [{capability: CAP_KILL}]}", "unknown capability"),
        (
            "file: {matchPaths: [{path: /a, fromSource: [{path: /bin/x-1}, {path: /bin/x1}]}]}",
            "is defined twice",
        ),
        ("file: {matchPaths: [{path: /a b}]}", ""),
    ],
)
def test_profiles_that_do_not_load(spec: str, words: str) -> None:
    enforcer = AppArmorEnforcer(policies(spec), BLOCK, TEXTS, (str(PROFILES),), "web")
    assert enforcer.refused
    assert words in enforcer.refused[0].message
    assert enforcer.where(enforcer.refused[0]) == "0.yaml:10" or "action" in spec


def test_the_format_writes_the_text(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "a.yaml", tmp_path / "out"
    path.write_text(text("action: Allow\nfile: {matchPaths: [{path: /a}]}"))
    options = ("--format", "apparmor", "--name", "own", "--posture", "file=block")
    result = run("compile", str(path), *options, "-o", str(out))
    assert result.exit_code == 0
    assert (
        out.read_text()
        == profile(reading(path.read_text()).policies.policies, Posture(file="block"), "own").text
    )
    refused = run("compile", str(path), "--format", "kernel", "-o", str(out))
    assert (refused.exit_code, "has no meaning for KubeArmor" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [("--name", "a b", "is no name of a profile"), ("--posture", "file=x", "unknown posture `x`")],
)
def test_wrong_settings_are_told(
    run: Run, tmp_path: Path, option: str, value: str, words: str
) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text("action: Allow"))
    result = run("compile", str(path), "--format", "apparmor", option, value, "-o", "-")
    assert (result.exit_code, words in result.stderr) == (2, True)


def test_included_files_are_found_in_the_directories_that_are_given() -> None:
    names = [path for path, _ in TEXTS]
    assert str(PROFILES / "abstractions" / "base") in names
    assert included([str(PROFILES / "abi")], ["#include </proc>\n"], DiskFiles()) == ()
