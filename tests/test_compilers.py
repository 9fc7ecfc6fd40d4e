"""What compilers make of odd policy: lsmc decides as they do (docs/compilers.md).

Every answer here was read from the automata of apparmor_parser 3.0.8 and 4.1.0, which agree.
"""

from __future__ import annotations

import pytest

from lsmc import Policy
from lsmc.api import compile_text
from lsmc.frontend.apparmor.rules.mount import cleared_bits, flag_bits
from lsmc.ir.mount import FLAGS, flag_word


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
    flag = cleared_bits(word)
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
    assert not any(flag_bits("norelatime") & flag for flag in FLAGS)
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
    from lsmc.diagnostics import PolicyError

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
