"""Decisions as each release of the compiler makes them, and how a release is chosen."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import lsmc
from lsmc.modules.apparmor.lower.environment import Environments, SavedEnvironment
from lsmc.modules.apparmor.releases import (
    DIFFERENCES,
    MEASURED,
    Release,
    release_named,
    release_of,
)
from lsmc.modules.apparmor.resolve.aliases import NO_ALIASES
from lsmc.modules.apparmor.resolve.features import DEFAULT, Features
from lsmc.modules.apparmor.resolve.variables import Variables

#: The releases that differ; the others decide as one of these.
TARGETS = tuple(release.target for release in MEASURED)
OLD, MIDDLE, NEW = TARGETS


def compiled(text: str, target: str, features: str = "") -> lsmc.Policy:
    if not features:
        return lsmc.compile_text(text, target=target)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "features"
        path.write_text(features, encoding="utf-8")
        return lsmc.compile_text(text, target=target, features=path)


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("/etc/apparmor.d/abi/3.0", Release.V3_0),
        ("abi/2.13", Release.V3_0),
        ("abi/4.0", Release.V4_1),
        ("abi/5.0", Release.V6_0),
        ("abi/10.0", Release.V6_0),
        ("<default>", Release.V6_0),
        ("abi/kernel-5.4-vanilla", Release.V6_0),
        ("abi/4.0.bak", Release.V6_0),
    ],
)
def test_an_abi_stands_for_a_release(name: str, release: Release) -> None:
    assert release_of(Features(frozenset(), name)) is release


def test_targets_are_named_and_others_are_refused() -> None:
    assert [release_named(target).version for target in TARGETS] == ["3.0.8", "4.1.0", "6.0"]
    every = r"3\.0, 3\.1, 4\.0, 4\.1, 5\.0, 6\.0"
    with pytest.raises(ValueError, match=rf"no target `2\.13`: the targets are {every}"):
        release_named("2.13")


@pytest.mark.parametrize(("target", "like"), [("3.1", OLD), ("4.0", MIDDLE), ("5.0", NEW)])
def test_a_release_that_was_not_run_decides_as_its_neighbour(target: str, like: str) -> None:
    text = "profile p { /bin/* rix, /bin/a Px, userns, }"
    one, other = compiled(text, target), compiled(text, like)
    assert one.permissions("p", "file", "/bin/a") == other.permissions("p", "file", "/bin/a")
    assert dict(one.engine.tables.find("p").settings)["target"] == target
    assert release_named(target).version == release_named(like).version


def test_rows_are_named_once() -> None:
    assert len({row.name for row in DIFFERENCES}) == len(DIFFERENCES)


@pytest.mark.parametrize("target", TARGETS)
def test_implied_map_beside_another_mode(target: str) -> None:
    policy = compiled("profile p { /bin/* rix, /bin/a Px, }", target)
    assert ("m" in policy.permissions("p", "file", "/bin/a").allow) is (target != NEW)
    assert "m" in policy.permissions("p", "file", "/bin/b").allow


@pytest.mark.parametrize("target", TARGETS)
def test_implied_map_is_logged(target: str) -> None:
    policy = compiled("profile p { audit /bin/* rix, audit /a rmix, }", target)
    found = policy.permissions("p", "file", "/bin/a")
    assert found.allow == {"r", "x", "m"}
    assert found.audit == ({"r", "x", "m"} if target == MIDDLE else {"r", "x"})
    assert policy.permissions("p", "file", "/a").audit == {"r", "x", "m"}


@pytest.mark.parametrize(
    "rules", ["deny /a m, priority=1 /a ix,", "priority=-1 deny /** m, /a pix,"]
)
@pytest.mark.parametrize("target", [MIDDLE, NEW])
def test_implied_map_against_a_denial_of_lower_rank(rules: str, target: str) -> None:
    found = compiled(f"profile p {{ {rules} }}", target).permissions("p", "file", "/a")
    assert "x" in found.allow
    assert ("m" in found.allow) is (target == MIDDLE)
    assert ("m" in found.deny) is (target == NEW)


RIVALS = (
    "/x/prog { /a r, } /x/prog* { /b r, }",
    "/x/prog { /a r, } profile z /x/prog { /b r, }",
)


@pytest.mark.parametrize("text", RIVALS)
@pytest.mark.parametrize("target", TARGETS)
def test_a_plain_name_takes_its_path(text: str, target: str) -> None:
    verdict = compiled(text, target).query("/x/prog", "read", "/a")
    profiles = {rule.profile for rule in verdict.rules}
    assert profiles == {"/x/prog"}
    found, _ = compiled(text, target).engine.tables.attachments.find(b"/x/prog")
    assert (found is None) is (target == NEW)


@pytest.mark.parametrize(
    "head",
    [
        "/x/pro[g]",
        "profile a /x/prog",
        "alias /x/ -> /y/,\n/x/prog",
        "/x/prog xattrs=(user.a=b)",
    ],
)
def test_other_heads_are_compared(head: str) -> None:
    policy = compiled(f"{head} {{ }}\nprofile z /x/prog* {{ }}", OLD)
    found, _ = policy.engine.tables.attachments.find(b"/x/prog", xattrs={})
    assert found is None or found.full_name == "z"


@pytest.mark.parametrize("target", [OLD, MIDDLE])
def test_a_plain_name_is_compared_as_it_is_stored(target: str) -> None:
    policy = compiled(r"/x/a\x2ab { } /x//c { }", target)
    find = policy.engine.tables.attachments.find
    assert find(rb"/x/a\*b")[0] is not None
    assert find(b"/x/a*b")[0] is None
    assert find(b"/x//c")[0] is None
    assert find(b"/x/c")[0] is None


NESTED = """
profile p {
  profile k { /a cx -> kid, profile kid { /b cx -> g, profile g { } } }
  ^hat { /a cx -> kid, profile kid { } }
}
profile q { profile k { profile kid { } } }
"""


@pytest.mark.parametrize(
    ("target", "names", "reached"),
    [
        (OLD, {"k//kid", "kid//g", "hat//kid"}, "k//kid"),
        (MIDDLE, {"p//k//kid", "p//k//kid//g", "p//hat//kid", "q//k//kid"}, None),
        (NEW, {"p//k//kid", "p//k//kid//g", "p//hat//kid", "q//k//kid"}, None),
    ],
)
def test_names_of_grandchildren(target: str, names: set[str], reached: str | None) -> None:
    policy = compiled(NESTED, target)
    assert set(policy.profiles) == {"p", "p//k", "p//hat", "q", "q//k"} | names
    transition = policy.permissions("p//k", "file", "/a").exec
    assert transition is not None
    assert transition.target == reached


@pytest.mark.parametrize("target", TARGETS)
def test_a_grandchild_names_itself_by_its_whole_path(target: str) -> None:
    rules = "signal send peer=@{profile_name},"
    inner = f"profile g {{ {rules} profile h {{ {rules} }} }}"
    policy = compiled(f"profile p {{ profile c {{ {inner} }} }}", target)
    names = ("c//g", "g//h") if target == OLD else ("p//c//g", "p//c//g//h")
    for subject, own in zip(names, ("p//c//g", "p//c//g//h"), strict=True):
        assert subject in policy.profiles
        for peer in {own, subject}:
            assert policy.query(subject, "signal_send", peer, signal="term").allowed is (
                peer == own
            )


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("values", "path", "older", "newer"),
    [
        ("/", "@{V}/b", "//b", "/b"),
        ("/", "@{V}/{b,c}", "//b", "/b"),
        ("//", "@{V}/b", "/b", "/b"),
        ("/ /x", "@{V}/b", "/b", "/b"),
        ("/", "/a@{V}/b", "/a/b", "/a/b"),
        ("/", "@{V}b", "/b", "/b"),
    ],
)
def test_a_lone_root_before_a_slash(
    values: str, path: str, older: str, newer: str, target: str
) -> None:
    policy = compiled(f"@{{V}}={values}\nprofile p {{ {path} r, signal peer={path}, }}", target)
    found = newer if target == NEW else older
    for name in {older, newer}:
        allowed = policy.permissions("p", "file", name).allow
        assert bool(allowed) is (name == found), name


@pytest.mark.parametrize("target", TARGETS)
def test_the_target_of_a_trailing_link_permission(target: str) -> None:
    policy = compiled("profile p { owner /a rl -> /b, l /d -> /b, /b r, /c r, }", target)
    assert policy.query("p", "link", "/a", target="/b").allowed
    assert policy.query("p", "link", "/a", target="/c").allowed is (target != NEW)
    assert not policy.query("p", "link", "/d", target="/c").allowed


VALUES = "@{R}=/\n@{T}=a/\n@{U}=a/ b/\n@{V}=/a\n@{W}=/a /b\n"


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("@{R}/b r", "//b", "/b"),
        ("@{V}/b r", "/a/b", "/a/b"),
        ("signal peer=@{T}/b", "a//b", "a/b"),
        ("signal peer=x/@{V}", "x//a", "x/a"),
        ("signal peer=@{U}/b", "a/b", "a/b"),
        ("signal peer=x/@{W}", "x/a", "x/a"),
    ],
)
@pytest.mark.parametrize("target", TARGETS)
def test_slashes_beside_a_variable_of_one_value(rule: str, old: str, new: str, target: str) -> None:
    policy = compiled(f"{VALUES}profile p {{ {rule}, }}", target)
    cls, fields = ("signal", {"signal": "hup"}) if "signal" in rule else ("file", {})
    for text in {old, new, new.replace("/", "//")}:
        matched = text == (new if target == NEW else old)
        assert bool(policy.permissions("p", cls, text, **fields).allow) is matched, text


MANY = "/a r, network inet, capability chown, signal, ptrace, mount, change_profile -> q,"


@pytest.mark.parametrize("condition", ["if $on { %s }", "if not $on { } else { %s }"])
@pytest.mark.parametrize("target", TARGETS)
def test_rules_in_a_condition(condition: str, target: str) -> None:
    policy = compiled(f"$on = true\nprofile p {{ {condition % MANY} }}", target)
    kept = target != OLD
    assert policy.query("p", "read", "/a").allowed
    assert policy.query("p", "capable", "chown").allowed
    assert policy.query("p", "change_profile", "q").allowed
    assert policy.query("p", "socket_create", "inet", type="stream").allowed is kept
    assert policy.query("p", "signal_send", "x", signal="hup").allowed is kept
    assert policy.query("p", "ptrace_trace", "x").allowed is kept
    assert policy.query("p", "umount", "/x/").allowed is False
    assert policy.query("p", "mount", "/x/", fstype="tmpfs").allowed is kept


BAD_WORDS = (
    "mount fstype=ext4 options=(bind),",
    "mount /[,",
    "pivot_root /a[,",
    "signal peer=[,",
    "ptrace peer=@{X},",
    'unix addr="@[",',
    "dbus path=/@{X},",
)


@pytest.mark.parametrize("rule", BAD_WORDS)
@pytest.mark.parametrize("target", TARGETS)
def test_the_words_of_a_rule_that_is_dropped_are_not_read(rule: str, target: str) -> None:
    compiled(f"$on = true\nprofile p {{ owner {{ {rule} }} if not $on {{ {rule} }} }}", target)
    held = f"$on = true\nprofile p {{ if $on {{ {rule} }} }}"
    if target == OLD:
        compiled(held, target)
    else:
        with pytest.raises(lsmc.PolicyError):
            compiled(held, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("rule", ["/a[ r,", "change_profile -> @{X},", "link /a[ -> /b,"])
def test_the_words_of_a_rule_that_is_kept_are_read(rule: str, target: str) -> None:
    for text in (f"owner {{ {rule} }}", f"if $on {{ {rule} }}"):
        with pytest.raises(lsmc.PolicyError):
            compiled(f"$on = true\nprofile p {{ {text} }}", target)


@pytest.mark.parametrize(
    ("value", "holds"), [("true", (True, True, False)), ("false", (True, False, False))]
)
def test_defined_boolean(value: str, holds: tuple[bool, ...]) -> None:
    text = f"$x = {value}\nprofile p {{ if defined $x {{ /a r, }} else {{ /b r, }} }}"
    for target, held in zip(TARGETS, holds, strict=True):
        assert compiled(text, target).query("p", "read", "/a").allowed is held
        assert compiled(text, target).query("p", "read", "/b").allowed is not held


UNIX_FINE = "network_v9 {\naf_mask {unix\n}\naf_unix {yes\n}\n}\n"


@pytest.mark.parametrize(
    ("rules", "allow", "audit", "quiet"),
    [
        ("priority=-1 unix, audit unix (getopt),", "getopt", "getopt", ""),
        ("priority=-1 unix, audit unix (setopt),", "setopt", "setopt", ""),
        ("priority=-1 unix, unix (getopt),", "getopt setopt", "", ""),
        ("priority=-1 unix, deny unix (getopt),", "", "", "getopt setopt"),
        ("priority=-1 unix, audit deny unix (getopt),", "setopt", "", ""),
        ("priority=1 unix, audit unix (getopt),", "getopt setopt", "", ""),
        ("unix, audit unix (getopt),", "getopt setopt", "getopt setopt", ""),
        ("unix, deny unix (getopt),", "setopt", "", "getopt"),
        ("audit deny unix (getopt), deny unix (setopt),", "", "", "getopt setopt"),
        ("audit deny unix, audit unix (getopt),", "", "", ""),
        ("priority=-1 deny unix, audit unix (getopt),", "getopt", "getopt", ""),
        ("deny unix (getopt),", "", "", "getopt setopt"),
        ("priority=-1 unix, audit unix (getopt, setopt),", *("getopt setopt",) * 2, ""),
        ("priority=-1 unix, audit unix (getopt) addr=@b,", "getopt setopt", "", ""),
    ],
)
def test_log_of_one_socket_option(rules: str, allow: str, audit: str, quiet: str) -> None:
    options = {"getopt", "setopt"}
    policy = compiled(f"profile p {{ {rules} }}", MIDDLE, UNIX_FINE)
    found = policy.permissions("p", "unix", "@a", type="stream")
    assert found.allow & options == set(allow.split())
    assert found.audit & options == set(audit.split())
    assert found.quiet & options == set(quiet.split())


@pytest.mark.parametrize("target", [OLD, NEW])
def test_log_of_one_socket_option_alone(target: str) -> None:
    policy = compiled("profile p { priority=-1 unix, audit unix (getopt), }", target, UNIX_FINE)
    found = policy.permissions("p", "unix", "@a", type="stream")
    assert {"getopt", "setopt"} <= found.allow
    assert found.audit == {"getopt"}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("assigned", "fault"),
    [
        ("@{V} = /a @{NOPE}", "`@{NOPE}` is not declared"),
        ("@{V} = /a\n@{V} += /@{}", "`@{}` is not a variable name"),
        ("@{V} = @{W}\n@{W} = @{V}", "`@{V}` refers to itself"),
        ("@{V} = @{W}\n$W = true", "`W` is a boolean"),
        ("@{V} = @{profile_name}", "`@{profile_name}` is not declared"),
        ("@{V} = @{1x} @{a,b} \\@{}", ""),
        ("@{V} = @{W}\n@{W} = @{X}\n@{X} = a", ""),
    ],
)
def test_defined_looks_at_values(assigned: str, fault: str, target: str) -> None:
    text = f"{assigned}\nprofile p {{ if not defined @{{V}} {{ /a r, }} else {{ /b r, }} }}"
    if fault and target != NEW:
        with pytest.raises(lsmc.PolicyError) as caught:
            compiled(text, target)
        assert fault in caught.value.diagnostics[0].message
    else:
        assert compiled(text, target).query("p", "read", "/b")


def test_classes_that_the_first_release_does_not_know(tmp_path: Path) -> None:
    features = tmp_path / "features"
    features.write_text("namespaces {mask {userns_create}}\nio_uring {mask {sqpoll}}\nfile {x}")
    for target in TARGETS:
        policy = lsmc.compile_text("profile p { }", features=features, target=target)
        assert policy.query("p", "userns_create").allowed is (target == OLD)
        assert policy.query("p", "io_uring_sqpoll").allowed is (target == OLD)


@pytest.mark.parametrize(
    ("rule", "flags", "allowed"),
    [
        ("remount /m/", "remount", (True, True, True)),
        ("remount /m/", "remount,ro", (False, True, True)),
        ("remount options=ro /m/", "ro", (True, False, False)),
        ("remount options=ro /m/", "remount,ro", (True, True, True)),
        ("remount options=ro /m/", "remount", (False, False, False)),
        ("mount options=(bind,ro) -> /m/", "bind", (True, True, True)),
        ("mount options=(bind,ro) -> /m/", "ro", (True, False, False)),
        ("mount options=(bind,rw) -> /m/", "", (True, False, False)),
        ("mount fstype=tmpfs -> /m/", "bind", (True, False, False)),
        ("mount fstype=tmpfs -> /m/", "ro", (True, True, True)),
        ("mount /s -> /m/", "remount", (True, False, False)),
        ("mount /m/", "bind", (False, True, True)),
        ("mount options=(nouser,ro) -> /m/", "ro", (False, True, True)),
        ("mount options=norelatime -> /m/", "bind", (True, False, False)),
        ("mount options=(private,ro) -> /m/", "ro", (True, False, False)),
        ("mount options=noatime options in (noatime) -> /m/", "", (True, True, True)),
    ],
)
def test_mounts(rule: str, flags: str, allowed: tuple[bool, ...]) -> None:
    for target, expected in zip(TARGETS, allowed, strict=True):
        policy = compiled(f"profile p {{ {rule}, }}", target)
        verdict = policy.permissions(
            "p", "mount", "/m/", source="/s", fstype="tmpfs", options=flags
        )
        assert bool(verdict.allow) is expected, target


@pytest.mark.parametrize(("target", "made"), [(MIDDLE, False), (NEW, True)])
def test_making_a_queue_of_a_label(target: str, made: bool) -> None:
    features = "ipc { posix_mqueue { create read write open delete setattr getattr } }"
    policy = compiled("profile p { mqueue label=x, }", target, features)
    found = policy.permissions("p", "mqueue", "/q", label="other")
    assert ("create" in found.allow) is made
    assert "open" not in found.allow
    assert "open" in policy.permissions("p", "mqueue", "/q", label="x").allow


@pytest.mark.parametrize("target", TARGETS)
def test_a_denied_change_at_exec_denies_profiles_named_like_executables(target: str) -> None:
    """Their paths stand in the rule's own automaton: every compiler writes it so."""
    policy = compiled("profile p { change_profile, deny change_profile -> other, }", target)
    assert policy.query("p", "change_profile", "/bin/a").allowed
    assert policy.query("p", "change_onexec", "kid", exec="/bin/a").allowed
    assert not policy.query("p", "change_onexec", "/bin/a", exec="/bin/a").allowed
    assert not policy.query("p", "change_onexec", "other", exec="/bin/a").allowed


@pytest.mark.parametrize(
    "rules",
    [
        "priority=2 change_profile -> a, deny change_profile -> a,",
        "priority=-1 deny change_profile -> a, change_profile -> a,",
    ],
)
def test_the_priority_of_a_change(rules: str) -> None:
    for target, allowed in ((MIDDLE, False), (NEW, True)):
        policy = compiled(f"profile p {{ {rules} }}", target)
        assert policy.query("p", "change_profile", "a").allowed is allowed
        assert policy.query("p", "change_onexec", "a", exec="/x").allowed is allowed


LOSERS = [
    ("audit /bin/* px, /bin/a ix,", True),
    ("audit /bin/* px, priority=1 /bin/a ix,", False),
    ("/bin/* px, audit /bin/a ix,", True),
]


@pytest.mark.parametrize(("rules", "logged"), LOSERS)
def test_a_rule_that_loses_an_execution_logs(rules: str, logged: bool) -> None:
    for target in TARGETS:
        found = compiled(f"profile p {{ {rules} }}", target).permissions("p", "file", "/bin/a")
        expected = logged if target != NEW else "audit /bin/a" in rules
        assert ("x" in found.audit) is expected, target


@pytest.mark.parametrize("target", TARGETS)
def test_a_written_map_stays_where_another_rule_wins(target: str) -> None:
    """4.1.0 drops it in some of its runs."""
    policy = compiled("profile p { /sbin/** rmix, /sbin/a px, }", target)
    assert "m" in policy.permissions("p", "file", "/sbin/a").allow


@pytest.mark.parametrize("target", TARGETS)
def test_an_empty_value_is_no_address(target: str) -> None:
    text = """@{V}=""
    profile p { unix (bind) addr=@{V}, unix (send) type=stream addr=@a peer=(addr=@{V}), }
    profile q { unix (bind, send), deny unix addr=@{V}, }
    profile r { unix (bind) addr="@", unix (bind) addr="@{V}@a", }
    """
    policy = compiled(text, target)

    def may(profile: str, perm: str, **fields: str) -> bool:
        found = policy.permissions(profile, "unix", "", type="stream", **fields)
        return perm in found.allow

    for addr in ("@", "@a", "none", "auto"):
        assert not may("p", "bind", addr=addr)
        assert not may("p", "send", addr="@a", peer_addr=addr, peer_label="x")
        assert may("q", "bind", addr=addr)
    assert may("r", "bind", addr="@")
    assert may("r", "bind", addr="@a")


DROPPED = (
    ("flags=(foo)", "", False),
    ("", "signal set=(foo),", False),
    ("", "if $none { }", False),
    ("", "set rlimit foo <= 1,", False),
    ("", "include <nowhere>", False),
    ("", "profile r flags=(foo) { }", False),
    ("", "owner { profile r { signal set=(foo), } }", False),
    ("", "/a[ r, /@{Y} w, /a px, /a ix,", True),
    ("/a[", "", True),
    ("/@{Y}", "profile r /b[ { /c[ r, }", True),
    ("flags=(complain)", "signal, set rlimit cpu <= 1,", True),
)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("head", "body", "sound"), DROPPED)
@pytest.mark.parametrize("place", ["if $off { %s }", "if not $off { } else { %s }", "owner { %s }"])
def test_a_profile_that_is_dropped_is_checked(
    place: str, head: str, body: str, sound: bool, target: str
) -> None:
    text = f"$off = false\nprofile p {{ {place % f'profile q {head} {{ {body} }}'} }}"
    if sound:
        assert set(compiled(text, target).profiles) == {"p"}
    else:
        with pytest.raises(lsmc.PolicyError):
            compiled(text, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("values", "several"),
    [
        ("@{V}=/b /b", True),
        ("@{V}=/b\n@{V}+=/b", True),
        ("@{U}=b b\n@{V}=/@{U}", True),
        ("@{U}=/b\n@{V}=@{U} /b", True),
        ("@{U}=/b /b\n@{V}=/b", False),
        ("@{V}=/b", False),
    ],
)
def test_a_value_that_is_repeated_counts_as_several(
    values: str, several: bool, target: str
) -> None:
    policy = compiled(f"{values}\nprofile p {{ /@{{V}}/c r, }}", target)
    read = {path: "r" in policy.permissions("p", "file", path).allow for path in ("/b/c", "//b/c")}
    dropped = several and target != NEW
    assert read == {"/b/c": dropped, "//b/c": not dropped}


def test_profiles_share_an_include_only_where_its_values_repeat_alike(tmp_path: Path) -> None:
    (tmp_path / "inner").write_text("/@{V}/c r,\n")
    for name, values in (("one", "/b"), ("two", "/b /b")):
        text = f"@{{V}}={values}\nprofile {name} {{ include <inner> }}\n"
        (tmp_path / name).write_text(text)
    policy = lsmc.compile([tmp_path / "one", tmp_path / "two"], base=tmp_path, target=OLD)
    assert "r" not in policy.permissions("one", "file", "/b/c").allow
    assert "r" in policy.permissions("two", "file", "/b/c").allow


def test_a_setting_keeps_what_is_repeated() -> None:
    table = Variables()
    table.assign("V", ("/b", "/b"))
    table.assign("W", ("/b", "/c"))
    table.assign("X", ("/b",))
    setting = SavedEnvironment.of(table, NO_ALIASES, DEFAULT, [("p", "")])
    made = Environments(lambda _: DEFAULT, None).of(setting, 0).variables
    assert [made.repeats(name) for name in ("V", "W", "X")] == [True, True, False]
    assert made.values("V") == ("/b",)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("network alg, if $on { network inet stream, }", True),
        ("network alg, if not $on { } else { network inet stream, }", True),
        ("network alg, if not $on { network inet stream, }", False),
        ("network alg, profile c { } if $on { network inet stream, }", True),
        ("network alg, if $on { network packet, if $on { network inet stream, } }", True),
        ("network alg, if $on { if $on { network inet stream, } network packet, }", False),
        ("network alg, if $on { owner { network inet stream, } network packet, }", False),
        ("network alg, owner { if $on { network inet stream, } }", False),
        ("if $on { network inet stream, } network alg,", False),
        ("if $on { network alg, } if $on { network inet stream, }", False),
        ("owner { network alg, } if $on { network inet stream, }", False),
        ("signal, if $on { network inet stream, }", False),
    ],
)
def test_network_rules_in_a_condition_join_those_before(body: str, kept: bool) -> None:
    policy = compiled(f"$on = true\nprofile p {{ {body} }}", OLD)
    assert policy.query("p", "socket_create", "inet", type="stream").allowed is kept


def test_network_rules_that_join_give_no_unix_sockets() -> None:
    policy = compiled("$on = true\nprofile p { network alg, if $on { network, } }", OLD)
    assert policy.query("p", "socket_create", "inet", type="stream").allowed
    assert "bind" not in policy.permissions("p", "unix", "", type="stream", addr="@a").allow


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("path", ["/[ab]", "/[a]", "/{[a],b}", "/[a-a]"])
def test_a_class_among_modes_that_compete(path: str, target: str) -> None:
    def reached(rules: str) -> str | None:
        found = compiled(f"profile p {{ {rules} }} profile q {{ }}", target)
        transition = found.permissions("p", "file", "/a").exec
        return transition.target if transition is not None else None

    glob, literal = f"{path} px -> q, /* ix,", f"{path} px -> q, /{{a,b}} ix,"
    if target == OLD:
        assert reached(literal) == "p"
        with pytest.raises(lsmc.PolicyError):
            compiled(f"profile p {{ {glob} }}", target)
    else:
        assert reached(glob) == "q"
        with pytest.raises(lsmc.PolicyError):
            compiled(f"profile p {{ {literal} }}", target)
