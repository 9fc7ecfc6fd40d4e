"""Streams of policy against those of the compiler that is installed, automaton by automaton."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from lsmc.base.diagnostics import PolicyError
from lsmc.compiler.inputs import Options
from lsmc.modules.apparmor.kernel.render import render
from lsmc.modules.apparmor.kernel.target import features_below
from tests.modules.apparmor.kernel.reader import Automaton, Profile, Words, differences, read
from tests.places import ROOT

PARSER = shutil.which("apparmor_parser") or "/usr/sbin/apparmor_parser"
SAMPLES = ROOT / "profiles"
#: The features of Linux 6.1 as far as policy can tell.
FEATURES = """
capability {0xffffff}
caps {mask {chown dac_override net_admin net_raw setuid setgid sys_admin perfmon bpf
  checkpoint_restore}}
domain {change_hat {yes} change_onexec {yes} change_profile {yes} stack {yes} version {1.2}
  attach_conditions {xattr {yes}}}
file {mask {create read write exec append mmap_exec link lock}}
mount {mask {mount umount pivot_root}}
namespaces {pivot_root {no} profile {yes}}
network_v8 {af_mask {unspec unix inet inet6 netlink packet}}
policy {versions {v5 {yes} v6 {yes} v7 {yes} v8 {yes}} set_load {yes} outofband {0x000001}}
ptrace {mask {read trace}}
rlimit {mask {cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice
  rtprio rttime}}
signal {mask {hup int quit ill trap abrt bus fpe kill usr1 segv usr2 pipe alrm term stkflt chld cont
  stop stp ttin ttou urg xcpu xfsz vtalrm prof winch io pwr sys emt lost}}
"""
POLICY = {
    "files": """profile a {
  /x r, /y{a,b}*z rw, deny /y0 w, audit /z w, owner /home/** rwk, /l/* l, link /m -> /n/**,
  link subset /o -> /p,
  audit owner link subset /o2 -> /p*, audit link /o3 -> /p, /e m, /f a,
  audit deny /q r, deny owner /r* w, /s** rwlk,
}""",
    "executions": """profile a {
  /i ix, /u ux, /U Ux, /p px, /P Px, /c cx, /C Cx, /pi pix, /Pi Pix, /pu pux, /ci cix, /cu CUx,
  /n px -> b, /m Px -> :ns:b, /o cx -> d, deny /d** x, /s px -> &t, owner /w Px,
  profile d { /y r, }
}""",
    "attachments": """profile a /a* { /x r, }
profile b /b { /x r, }
/c/d { /x r, }
profile e { /x r, }
profile f /f/{x,yy}/[ab]z { /x r, }
profile g /g/su?d/a { /x r, }""",
    "conditions": """profile a /a* xattrs=(user.x="y*" security.z) { /x r, }
profile b /{b,c?}/** xattrs=(user.x="a/**" user.y="[ab]*" user.z="q") { }
/d xattrs=(user.x=y) flags=(attach_disconnected) { }""",
    "others": """profile a {
  signal (send) set=(kill, term, rtmin+2) peer=b, signal receive, deny signal send peer=c,
  ptrace read peer=d, audit ptrace trace, capability net_admin, deny capability sys_admin,
  audit capability net_raw, audit deny capability sys_admin setuid, audit capability setgid,
  network inet stream, network netlink raw, deny network inet6 dgram,
  network unix, umount /mnt/**, pivot_root oldroot=/old /new,
}""",
    "mounts": """profile a {
  mount fstype=ext4 options=(ro, nosuid) /dev/sda -> /mnt/, mount options=bind /a -> /b,
  mount options in (ro, noatime) fstype=tmpfs -> /t/**, remount options=(ro, remount) /r/,
  mount options=(rw, make-rprivate) -> /**, mount options=move /m/ -> /n/,
}""",
    "changes": """profile a {
  change_profile -> b, change_profile /x -> c, change_profile safe /y -> :ns:d,
  deny change_profile -> e*, change_profile unsafe /z -> f,
}""",
    "heads": """profile a flags=(complain, attach_disconnected, mediate_deleted) {
  set rlimit nofile <= 10, set rlimit cpu <= infinity, set rlimit nice <= -5, /x r,
  ^h { /y r, }
}
profile b flags=(audit) { /x r, capability, }
profile free flags=(unconfined) { /x r, }
profile d { }""",
}
#: What the first release says of what no kernel asks.
_MOUNT_DATA = 0x40


@pytest.fixture
def features(tmp_path: Path) -> Path:
    path = tmp_path / "features"
    path.write_text(FEATURES)
    return path


def _ours(paths: list[Path], features: Path, **how: Any) -> bytes:
    options = Options(features=str(features), target="3.0", **how)
    return b"".join(file.data for file in render([str(path) for path in paths], options, 1))


def _theirs(path: Path, features: Path, base: Path) -> bytes:
    command = [PARSER, "-QTK", "-S", "-M", str(features), "-b", str(base), str(path)]
    return subprocess.run(command, check=True, capture_output=True).stdout


@pytest.mark.skipif(not Path(PARSER).exists(), reason="no apparmor_parser")
@pytest.mark.parametrize("name", POLICY)
def test_what_the_compiler_writes(tmp_path: Path, features: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(POLICY[name])
    ours, theirs = (
        {profile.name: profile for profile in read(data)}
        for data in (_ours([path], features), _theirs(path, features, tmp_path))
    )
    assert ours.keys() == theirs.keys()
    for profile in ours.keys() - {"free"}:
        _check_equal(ours[profile], theirs[profile])


def _check_equal(ours: Profile, theirs: Profile) -> None:
    assert ours.version == theirs.version
    fields = [{k: v for k, v in one.fields.items() if k != "xtable"} for one in (ours, theirs)]
    assert fields[0] == fields[1]
    assert list(differences(ours.attach, theirs.attach)) == []
    targets = [dict(one.fields.get("xtable", [])).get("", []) for one in (ours, theirs)]
    assert sorted(targets[0]) == sorted(targets[1])

    def same_files(one: Words, other: Words) -> bool:
        return _named(one, targets[0]) == _named(other, targets[1])

    def same_others(one: Words, other: Words) -> bool:
        return one[0] == other[0] and one[1] | _MOUNT_DATA == other[1] | _MOUNT_DATA

    assert list(differences(ours.files, theirs.files, same_files)) == []
    left = [text for text, *_ in differences(ours.other, theirs.other, same_others)]
    assert [text for text in left if not _is_listed(text)] == []


def _named(words: Words, targets: list[str]) -> tuple[object, ...]:
    """Words with names in place of the indices of targets."""
    indices = [words[0] >> shift & 15 for shift in (10, 24)]
    names = [targets[index - 4] if index >= 4 else index for index in indices]
    return words[0] & ~(15 << 10 | 15 << 24), words[1], *names


def _is_listed(text: bytes) -> bool:
    """Whether a difference is one of those that are meant: docs/kernel-format.md lists them."""
    if text[:1] == b"\x0e":
        return text[4:] == b"\0" or text[1:3] == b"\0\x0c"  # type 0 of a family; DECnet
    return text[:1] == b"\x07" and b"\x0a" in text.rpartition(b"\0")[2]  # a flag that is none


def test_samples_make_streams_that_a_kernel_takes(features: Path) -> None:
    paths = sorted(path for path in SAMPLES.iterdir() if path.is_file() and "." not in path.name)
    data = _ours(paths, features, base=str(SAMPLES))
    names = [profile.name for profile in read(data)]
    assert "nginx" in names
    assert all(profile.version == 0x202007 for profile in read(data))


def test_a_file_without_profiles_is_an_empty_stream(tmp_path: Path, features: Path) -> None:
    (tmp_path / "none").write_text("# nothing yet\n")
    assert _ours([tmp_path / "none"], features) == b""


def test_bytes_depend_on_each_file_alone(features: Path) -> None:
    """Whatever is compiled beside it, and in however many processes."""
    paths = sorted(path for path in SAMPLES.iterdir() if path.is_file() and "." not in path.name)
    options = Options(base=str(SAMPLES), features=str(features))
    together = {file.source: file.data for file in render(list(map(str, paths)), options, 2)}
    for path in paths:
        (alone,) = render([str(path)], options, 1)
        assert alone.data == together[str(path)]


def test_features_as_a_kernel_lays_them_out(tmp_path: Path) -> None:
    (tmp_path / "policy" / "versions").mkdir(parents=True)
    (tmp_path / "policy" / "versions" / "v7").write_text("yes\n")
    (tmp_path / "signal").mkdir()
    (tmp_path / "signal" / "mask").write_text("hup int\n")
    found = features_below(tmp_path)
    assert "policy/versions/v7" in found
    assert found.words("signal/mask") == {"hup", "int"}


def test_classes_that_a_kernel_lacks_are_left_out(tmp_path: Path, features: Path) -> None:
    path = tmp_path / "p"
    path.write_text("profile a { dbus send bus=system, userns, }\n")
    (profile,) = read(_ours([path], features))
    assert profile.other is not None
    assert profile.other.words(profile.other.match(b"\x15")) == (0, 0)
    assert profile.other.match(b"\x20") == 0


def test_too_large_a_profile_is_named(
    tmp_path: Path, features: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsmc.modules.apparmor.kernel.blob.MAX_STATES", 5)
    path = tmp_path / "p"
    path.write_text("profile big { /a/b/c/d r, }\n")
    with pytest.raises(PolicyError, match="profile `big` needs more than"):
        _ours([path], features)


def test_a_file_whose_automata_grow_too_large_is_named_alone(
    tmp_path: Path, features: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsmc.modules.apparmor.kernel.streams._limit", lambda _: 100)
    small, big = tmp_path / "small", tmp_path / "big"
    small.write_text("profile small { /a r, }\n")
    big.write_text(f"profile big {{ /{'b' * 200} r, }}\n")
    with pytest.raises(PolicyError) as refusal:
        _ours([small, big], features)
    (fault,) = refusal.value.diagnostics
    assert fault.file == str(big)
    assert "more than 100 states" in fault.message
    assert _ours([small], features)


def test_rules_that_cost_most_are_named(
    tmp_path: Path, features: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As few as will do, and how many states are needed without them."""
    monkeypatch.setattr("lsmc.modules.apparmor.kernel.streams._limit", lambda _: 400)
    monkeypatch.setattr("lsmc.modules.apparmor.kernel.streams._PROBED", 400)
    path = tmp_path / "p"
    costs = "  /**a???????x r,\n  /**b???????y w,\n  /**d???????v k,\n"
    path.write_text(
        "profile fine { /a r, }\nprofile big {\n  /etc/** r,\n" + costs + "  /*c?z r,\n}\n"
    )
    with pytest.raises(PolicyError) as refusal:
        _ours([path], features)
    (fault,) = refusal.value.diagnostics
    assert (fault.line, fault.code) == (2, "LSM089")
    assert fault.message == (
        "profile `big` needs more than 400 states before equal ones are joined"
    )
    notes = [(label.span.location().line, label.message) for label in fault.related]
    path.write_text("profile fine { /a r, }\nprofile big {\n  /etc/** r, /*c?z r,\n}\n")
    monkeypatch.undo()
    *_, big = read(_ours([path], features))
    assert big.files is not None
    told = f"without these 3 rules it needs {len(big.files.tables[1])}"
    assert notes == [(4, told), (5, told), (6, told)]


def test_too_large_a_profile_is_found_soon(tmp_path: Path, features: Path) -> None:
    """Before it takes much time and memory."""
    path = tmp_path / "p"
    path.write_text(f"profile big {{ /etc/** r, /**a{'?' * 24}x r, }}\n")
    start = time.process_time()
    with pytest.raises(PolicyError, match="needs more than 262,136 states before"):
        _ours([path], features)
    assert time.process_time() - start < 60  # uncompiled, too


@pytest.mark.parametrize(
    ("policy", "line", "message"),
    [
        (f'profile "{"n" * 70_000}" {{ }}', 1, "a name of 70000 bytes: the format has room for"),
        (f'profile t {{\n /x px -> "{"n" * 70_000}", }}', 1, "a name of 70000 bytes: the format"),
        (
            "profile t {\n" + "".join(f"/{n} px -> q{n},\n" for n in range(13)) + "}",
            14,
            "profile `t` names 13 exec targets, the kernel takes 12",
        ),
    ],
    ids=["name", "target", "targets"],
)
def test_what_the_format_has_no_room_for(
    tmp_path: Path, features: Path, policy: str, line: int, message: str
) -> None:
    (tmp_path / "p").write_text(policy)
    with pytest.raises(PolicyError) as refusal:
        _ours([tmp_path / "p"], features)
    (fault,) = refusal.value.diagnostics
    assert fault.line == line
    assert fault.message.startswith(message)


def test_automata_step_as_the_kernel_does() -> None:
    """A place counts for the state that it names; else the default does."""
    places = {3: (0,) * 97 + (1,), 8: (0,) * 97 + (2,)}
    found = Automaton({1: (0, 0, 1), 7: (0, 0, 0), 2: (0, 0, 0), 4: (0, 0, 2), **places})
    assert found.step(1, 97) == 2
    assert found.step(2, 97) == 2
    assert found.step(0, 97) == 0
