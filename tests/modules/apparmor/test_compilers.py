"""What compilers make of odd policy: lsmc decides as they do (docs/compilers.md).

Every answer here was read from the automata of apparmor_parser 3.0.8 and 4.1.0, which agree.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from lsmc import Policy, PolicyError, diff
from lsmc.api import compile_text
from lsmc.modules.apparmor.mount_flags import CLEARS, FLAGS, SETS, flag_word


def policy(text: str) -> Policy:
    """A policy from the body of a profile `p`, or from whole profiles."""
    return compile_text(text if "\nprofile p" in text else f"profile p {{ {text} }}\n")


def may(compiled: Policy, cls: str, obj: str, **fields: str) -> set[str]:
    """What profile `p` grants on an object."""
    return set(compiled.permissions("p", cls, obj, **fields).allow)


CLEARING = (
    *("rw", "w", "suid", "dev", "exec", "async", "nomand", "symfollow", "atime", "diratime"),
    *("loud", "noacl", "nostrictatime", "noiversion", "nolazytime"),
)


@pytest.mark.parametrize("word", CLEARING)
@pytest.mark.parametrize("kind", ["mount", "mount fstype=tmpfs", "remount"])
def test_a_word_that_clears_makes_its_flag_optional(kind: str, word: str) -> None:
    flag = CLEARS[word]
    name = flag_word(flag).decode().rstrip(",")
    remounts = ["remount"] * (kind == "remount")
    compiled = policy(f"{kind} options in ({word}) {'' if remounts else '->'} /m/,")
    for options, granted in (([], True), ([name], True), ([name, "mand", "ro"], False)):
        asked = ",".join([*remounts, *options])
        found = may(compiled, "mount", "/m/", fstype="tmpfs", options=asked)
        assert ("mount" in found) is granted, asked


def test_options_without_a_flag_clear_nothing() -> None:
    for word in ("norelatime", "user", "nouser"):
        compiled = policy(f"mount options in ({word},ro) -> /m/,")
        assert may(compiled, "mount", "/m/", options="ro")
        assert not may(compiled, "mount", "/m/", options="relatime")
    assert not any(SETS.get("norelatime", 0) & flag for flag in FLAGS)
    assert may(
        policy("mount options=(relatime,norelatime) -> /m/,"), "mount", "/m/", options="relatime"
    )


def test_nouser_is_no_flag() -> None:
    assert may(policy("mount options=nouser -> /m/,"), "mount", "/m/") == {"mount"}


def test_a_flag_both_needed_and_allowed_is_optional() -> None:
    for allowed in ("ro", "rw"):
        compiled = policy(f"mount options=(ro,nosuid) options in ({allowed}) -> /m/,")
        assert may(compiled, "mount", "/m/", options="nosuid")
        assert may(compiled, "mount", "/m/", options="ro,nosuid")
        assert not may(compiled, "mount", "/m/", options="ro")


def test_umount_reads_no_condition() -> None:
    compiled = policy("umount fstype={a options=nosuid /m/,")
    assert may(compiled, "umount", "/m/") == {"umount"}


@pytest.mark.parametrize(
    ("glob", "matched", "left"),
    [
        ("[\\^a]", "b^", "a"),
        ("[\\x5ea]", "b^", "a"),
        ("[\\^\\^]", "ab", "^"),
        ("[a\\^]", "a^", "b"),
        ("[a\\,]", "a,\\", "b"),
        ("[^\\,]", "ab", ",\\"),
    ],
)
def test_escapes_in_classes(glob: str, matched: str, left: str) -> None:
    rules = {
        "file": f'"/{glob}" r,',
        "signal": f'signal peer="/{glob}",',
        "ptrace": f'ptrace peer="/{glob}",',
        "umount": f'umount "/{glob}",',
        "change_profile": f'change_profile -> "/{glob}",',
    }
    for cls, rule in rules.items():
        compiled = policy(rule)
        fields = {"signal": "hup"} if cls == "signal" else {}
        for byte in matched:
            assert may(compiled, cls, f"/{byte}", **fields), (cls, byte)
        for byte in left:
            assert not may(compiled, cls, f"/{byte}", **fields), (cls, byte)


ALIASED = [
    ("alias /a -> /b/,", "/a/c r,", "/b/c", "r"),
    ("alias /a -> /b//,", "/a/c r,", "/b/c", "r"),
    ("alias /a//b -> /c,", "/a//b r,", "/c", "r"),
    ("alias /proc/ -> /p/,", "change_profile -> q,", "/p/1/attr/exec", "w"),
    ("alias /proc/ -> /p/,", "change_profile -> q,", "/p/1/attr/apparmor/", "r"),
    ("alias /proc -> /p/,", "^h { }", "/p/1/attr/current", "w"),
    ("alias /sys -> /p/,", "^h { }", "/p/module/apparmor/parameters/enabled", "r"),
]


@pytest.mark.parametrize(("alias", "rule", "path", "letters"), ALIASED)
def test_aliases_rewrite_before_slashes_are_made_one(
    alias: str, rule: str, path: str, letters: str
) -> None:
    compiled = policy(f"{alias}\nprofile p {{ {rule} }}\n")
    assert may(compiled, "file", path) == set(letters)


def test_an_alias_compares_texts() -> None:
    """`/a//b` is not `/a/b` where aliases look."""
    compiled = policy("alias /a/b -> /c,\nprofile p { /a//b r, }\n")
    assert may(compiled, "file", "/a/b")
    assert not may(compiled, "file", "/c")


def test_an_alias_rewrites_the_pairs_of_links() -> None:
    compiled = policy("alias /a -> /b//,\nprofile p { link /a/c -> /a//d, }\n")
    assert compiled.query("p", "link", "/b/c", target="/b/d").allowed


def test_an_alias_cannot_spoil_the_rules_of_hats_unseen() -> None:
    with pytest.raises(PolicyError) as caught:
        policy('alias /proc/ -> "/p[/",\nprofile p { ^h { } }\n')
    assert {d.name for d in caught.value.diagnostics} == {"bad-class"}


def test_slashes_of_an_executable_stay_in_change_profile() -> None:
    compiled = policy("change_profile /x//a -> q,")
    assert may(compiled, "onexec", "q", exec="/x//a") == {"onexec"}
    assert not may(compiled, "onexec", "q", exec="/x/a")


@pytest.mark.parametrize("denied", ["-> q", "/x -> q", "/x", ""])
def test_deny_change_profile_denies_the_pair(denied: str) -> None:
    compiled = policy(f"change_profile -> q, deny change_profile {denied},")
    found = compiled.permissions("p", "onexec", "q", exec="/x")
    assert (set(found.allow), set(found.deny)) == (set(), {"onexec"})


NAMES = [
    ("p,a", "@{profile_name}", ["p,a"], ["p", "a"]),
    ("p,a", "{@{profile_name},c}", ["p", "a", "c"], ["p,a"]),
    ("/{a,b}", "@{profile_name}", ["/{a,b}"], ["/a", "/b"]),
    ("/{a,b}", "{@{profile_name},c}", ["/{a", "b}", "c"], ["/{a,b}", "/a"]),
    ("p*[x]?", "@{profile_name}", ["p*[x]?"], ["pax!"]),
    ("p\\{a", "@{profile_name}", ["p{a"], ["p\\{a"]),
    ("p\\qa", "@{profile_name}", ["pqa"], ["p\\qa"]),
    ("p\\\\q", "@{profile_name}", ["p\\q"], ["p\\\\q"]),
    ("p^", "@{profile_name}", ["p^"], []),
]


@pytest.mark.parametrize(("name", "peer", "matched", "left"), NAMES)
def test_the_own_name_as_a_glob(name: str, peer: str, matched: list[str], left: list[str]) -> None:
    text = f'profile "{name}" {{ signal peer="{peer}", ptrace peer="{peer}", }}'
    compiled = compile_text(text)
    (subject,) = compiled.profiles
    for label in (*matched, *left):
        signals = compiled.permissions(subject, "signal", label, signal="hup").allow
        traces = compiled.permissions(subject, "ptrace", label).allow
        assert bool(signals) is bool(traces) is (label in matched), label


@pytest.mark.parametrize("rank", ["", "priority=1 "])
@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("/\\{a,b\\},c", "@{profile_name}"),
        ("{/\\{a,b\\},c,c}", "{@{profile_name},c}"),
    ],
)
def test_the_own_name_equals_its_letters(written: str, named: str, rank: str) -> None:
    def of(peer: str) -> Policy:
        return compile_text(f"/\\{{a,b\\}},c {{ {rank}signal peer={peer}, }}\n")

    assert diff(of(written), of(named)) == []


@pytest.mark.parametrize(
    "rule",
    [
        "mount /x=y -> /a=b,",
        "mount -> /a=b,",
        "mount options=ro /a(b) -> @{V}/=b,",
        "mount /options=ro -> /b,",
        "umount /a,b=c,",
        "remount /a=b,",
        "mqueue r /a=b,",
        "@{V}? r,",
        "@{V}?? r,",
        "@{V}?/ px -> q,",
        "r @{V}?,",
        "link @{V}?/ -> /x,",
        "pivot_root @{V}?b,",
        "/odd/[?*]* w,",
        "if false { mount options=(rw,bind) fstype=tmpfs -> /a, }",
        "network send peer=(label:=@{profile_name}),",
        "umount fstype={a /m/,",
    ],
)
def test_accepted(rule: str) -> None:
    compile_text(f"@{{V}}=/v /w\nprofile p {{ {rule} }}\n")


def test_words_of_mount_rules_keep_their_signs() -> None:
    compiled = policy("mount /x=y -> /a=b/, umount /a=b/,")
    assert may(compiled, "mount", "/a=b/", source="/x=y") == {"mount"}
    assert may(compiled, "umount", "/a=b/") == {"umount"}
    compiled = compile_text("@{V}=/v\nprofile p { @{V}?? r, }\n")
    assert may(compiled, "file", "/vab") == {"r"}
    assert not may(compiled, "file", "/va")


def test_a_label_of_a_network_rule_is_expanded(tmp_path: Path) -> None:
    features = tmp_path / "features"
    features.write_text("network_v8 {af_inet {yes\n}\naf_mask {inet inet6\n}\n}\n")
    rule = "network send inet peer=(label=@{profile_name}),"
    compiled = compile_text(f"profile p {{ {rule} }}\n", features=features)
    for label, granted in (("p", True), ("q", False)):
        found = may(compiled, "network", "inet", peer_label=label)
        assert ("send" in found) is granted


@pytest.mark.parametrize(
    "rule",
    [
        "mount options=() -> /a,",
        "mount options in () -> /a,",
        "mount fstype=() -> /a,",
        "umount options=( ),",
        "signal set=(),",
        "pivot_root oldroot=(),",
        "network inet ip=(),",
        "network inet label=(),",
        "mount a=b -> /c,",
        "@{V}?,",
        "@{V}+b r,",
    ],
)
def test_refused(rule: str) -> None:
    with pytest.raises(PolicyError):
        compile_text(f"@{{V}}=/v /w\nprofile p {{ {rule} }}\n")


def test_one_value_of_an_attribute_may_stand_in_parentheses() -> None:
    compile_text("profile p /p xattrs=(user.a=(b) user.c=d) { }\n")
    with pytest.raises(PolicyError):
        compile_text("profile p /p xattrs=(user.a=(b c)) { }\n")


@pytest.mark.parametrize(
    "flag",
    [
        "attach_disconnected",
        "attach_disconnected.ipc",
        "attach_disconnected.ipc=/x",
        "attach_disconnected.path=/x",
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_flags_that_attach_contradict_those_that_do_not(flag: str, order: int) -> None:
    flags = ", ".join((flag, "no_attach_disconnected")[::order])
    compile_text(f"profile p flags=({flag}) {{ }}\n")
    with pytest.raises(PolicyError) as caught:
        compile_text(f"profile p flags=({flags}) {{ }}\n")
    assert [d.name for d in caught.value.diagnostics] == ["conflicting-flags"]


def test_the_copies_of_aliases_have_no_subset() -> None:
    rules = "link subset /a/x -> /y, l subset /a/z -> /a/w, /a/q l,"
    compiled = policy(f"alias /a/ -> /b/,\nprofile p {{ {rules} }}\n")
    for link, target, subset in (
        ("/a/x", "/y", True),
        ("/b/x", "/y", False),
        ("/a/z", "/a/w", True),
        ("/b/z", "/b/w", False),
        ("/b/q", "/any", True),
    ):
        found = may(compiled, "link", link, target=target)
        assert found == ({"link", "subset"} if subset else {"link"}), link


@pytest.mark.parametrize(
    ("value", "address"),
    [("@u", "@u"), ("u", "@"), ("ub", "@b"), ("/run/x", "@run/x"), ("none", "none")],
)
def test_the_first_letter_of_an_address_is_dropped(value: str, address: str) -> None:
    compiled = policy(f"@{{U}}={value}\nprofile p {{ unix bind addr=@{{U}}, }}\n")
    for asked in ("@u", "@", "@b", "@ub", "@run/x", "none"):
        found = may(compiled, "unix", asked, type="stream")
        assert ("bind" in found) is (asked == address), asked


def test_an_address_is_judged_where_it_is_written() -> None:
    for text in ("if false { unix addr=/a, }", "unix addr=/a,", "unix peer=(addr=a),"):
        with pytest.raises(PolicyError):
            policy(text)
